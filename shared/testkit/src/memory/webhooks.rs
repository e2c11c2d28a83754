//! Memory twins of webhooks, of what waits for them, and of their receivers.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use parlance_application::ports::{
    PortError, Replacing,
    webhooks::{Delivery, DeliveryQueue, Receipt, SignedDelivery, WebhookClient, WebhookRepository},
};
use parlance_domain::{ids::WebhookId, webhook::Webhook};

/// Webhooks, in memory. Its clones are the same table.
#[derive(Clone, Default)]
pub struct MemoryWebhooks {
    rows: Arc<Mutex<BTreeMap<WebhookId, Webhook>>>,
}

#[async_trait]
impl WebhookRepository for MemoryWebhooks {
    async fn create(&self, webhook: &Webhook) -> Result<(), PortError> {
        self.rows.lock().unwrap().entry(webhook.id).or_insert_with(|| webhook.clone());
        Ok(())
    }

    async fn find(&self, id: WebhookId) -> Result<Option<Webhook>, PortError> {
        Ok(self.rows.lock().unwrap().get(&id).cloned())
    }

    async fn all(&self) -> Result<Vec<Webhook>, PortError> {
        Ok(self.rows.lock().unwrap().values().cloned().collect())
    }

    async fn replace(&self, webhook: &Webhook) -> Result<Replacing, PortError> {
        match self.rows.lock().unwrap().get_mut(&webhook.id) {
            Some(row) if row.version + 1 == webhook.version => {
                *row = webhook.clone();
                Ok(Replacing::Replaced)
            }
            _ => Ok(Replacing::Outdated),
        }
    }

    async fn delete(&self, id: WebhookId) -> Result<(), PortError> {
        self.rows.lock().unwrap().remove(&id);
        Ok(())
    }
}

/// What waits to be delivered, in memory. Its clones are the same queue.
#[derive(Clone, Default)]
pub struct MemoryDeliveries {
    waiting: Arc<Mutex<Vec<Delivery>>>,
    pauses: Arc<Mutex<Vec<(String, Duration)>>>,
}

impl MemoryDeliveries {
    /// What was added since the last call.
    pub fn take(&self) -> Vec<Delivery> {
        std::mem::take(&mut *self.waiting.lock().unwrap())
    }

    /// What was postponed since the last call, and for how long.
    pub fn take_pauses(&self) -> Vec<(String, Duration)> {
        std::mem::take(&mut *self.pauses.lock().unwrap())
    }
}

#[async_trait]
impl DeliveryQueue for MemoryDeliveries {
    async fn enqueue(&self, deliveries: &[Delivery]) -> Vec<Result<(), PortError>> {
        self.waiting.lock().unwrap().extend_from_slice(deliveries);
        deliveries.iter().map(|_| Ok(())).collect()
    }

    async fn postpone(&self, receipt: &str, pause: Duration) -> Result<(), PortError> {
        self.pauses.lock().unwrap().push((receipt.to_owned(), pause));
        Ok(())
    }
}

/// One post as a receiver sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Where it went.
    pub url: String,
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`.
    pub seconds: u64,
    /// `webhook-signature`.
    pub signatures: String,
    /// The body.
    pub body: String,
}

/// Every receiver there is: it accepts, unless it was told to answer otherwise. Its clones are the same.
#[derive(Clone, Default)]
pub struct MemoryReceivers {
    posts: Arc<Mutex<Vec<Post>>>,
    answers: Arc<Mutex<VecDeque<Receipt>>>,
}

impl MemoryReceivers {
    /// Answers the next posts so.
    pub fn answer(&self, answers: impl IntoIterator<Item = Receipt>) {
        self.answers.lock().unwrap().extend(answers);
    }

    /// What was posted since the last call.
    pub fn take(&self) -> Vec<Post> {
        std::mem::take(&mut *self.posts.lock().unwrap())
    }
}

#[async_trait]
impl WebhookClient for MemoryReceivers {
    async fn post(&self, delivery: &SignedDelivery<'_>) -> Receipt {
        self.posts.lock().unwrap().push(Post {
            url: delivery.url.url().to_string(),
            id: delivery.id.to_owned(),
            seconds: delivery.seconds,
            signatures: delivery.signatures.clone(),
            body: delivery.body.to_owned(),
        });
        self.answers.lock().unwrap().pop_front().unwrap_or(Receipt::Accepted)
    }
}
