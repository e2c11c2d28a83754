//! Showing all webhooks of a service.

use std::sync::Arc;

use parlance_domain::webhook::Webhook;

use crate::{
    ports::{PortError, webhooks::WebhookRepository},
    sessions::service::Service,
};

/// Lists the webhooks of a service: at most [`Webhook::MAX_PER_OWNER`].
#[derive(Clone)]
pub struct ListWebhooks {
    webhooks: Arc<dyn WebhookRepository>,
}

impl ListWebhooks {
    /// Takes the port.
    pub fn new(webhooks: Arc<dyn WebhookRepository>) -> Self {
        Self { webhooks }
    }

    /// The webhooks, oldest first.
    pub async fn execute(&self, service: &Service) -> Result<Vec<Webhook>, PortError> {
        let mut own = self.webhooks.all().await?;
        own.retain(|webhook| webhook.owner == *service.id());
        own.sort_by_key(|webhook| (webhook.created_at, webhook.id));
        Ok(own)
    }
}
