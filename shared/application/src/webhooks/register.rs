//! Making a webhook.

use std::{collections::BTreeSet, sync::Arc};

use parlance_domain::{
    event::EventKind,
    ids::WebhookId,
    webhook::{Health, Webhook, WebhookSecret, WebhookUrl},
};

use crate::{
    ports::{
        PortError,
        environment::{Clock, Random},
        idempotency::RequestSeed,
        webhooks::WebhookRepository,
    },
    sessions::service::Service,
};

/// Makes webhooks.
#[derive(Clone)]
pub struct RegisterWebhook {
    webhooks: Arc<dyn WebhookRepository>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// What a service wants to be told, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWebhook {
    /// Where.
    pub url: WebhookUrl,
    /// What.
    pub events: BTreeSet<EventKind>,
    /// What it is signed with; drawn where the service brings none.
    pub secret: Option<WebhookSecret>,
    /// What the request shares with its retries; without it each makes a webhook of its own.
    pub seed: Option<RequestSeed>,
}

/// Why no webhook is made.
#[derive(Debug, thiserror::Error)]
pub enum RegisterWebhookError {
    /// The service has [`Webhook::MAX_PER_OWNER`] already.
    #[error("the service has too many webhooks")]
    TooMany,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl RegisterWebhook {
    /// Takes the ports.
    pub fn new(webhooks: Arc<dyn WebhookRepository>, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { webhooks, clock, random }
    }

    /// Makes and keeps a webhook.
    pub async fn execute(&self, service: &Service, new: NewWebhook) -> Result<Webhook, RegisterWebhookError> {
        let id = WebhookId::from_bytes(new.seed.map_or_else(|| self.random.bytes(), |seed| seed.0));
        let all = self.webhooks.all().await?;
        if let Some(made) = all.iter().find(|webhook| webhook.id == id && webhook.owner == *service.id()) {
            return Ok(made.clone());
        }
        if all.iter().filter(|webhook| webhook.owner == *service.id()).count() >= Webhook::MAX_PER_OWNER {
            return Err(RegisterWebhookError::TooMany);
        }
        let secret = match new.secret {
            Some(secret) => secret,
            None => drawn(&*self.random)?,
        };
        let webhook = Webhook {
            id,
            owner: service.id().clone(),
            url: new.url,
            events: new.events,
            secret,
            retired: None,
            created_at: self.clock.now(),
            health: Health::Working,
            version: 1,
        };
        self.webhooks.create(&webhook).await?;
        Ok(webhook)
    }
}

/// A fresh secret of 256 bits.
pub(super) fn drawn(random: &dyn Random) -> Result<WebhookSecret, PortError> {
    let bytes = [random.bytes(), random.bytes()].concat();
    WebhookSecret::from_bytes(&bytes).map_err(|error| PortError::new("random", error))
}
