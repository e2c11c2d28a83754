//! Deleting a webhook.

use std::sync::Arc;

use parlance_domain::ids::WebhookId;

use super::own;
use crate::{
    ports::{PortError, webhooks::WebhookRepository},
    sessions::service::Service,
};

/// Deletes webhooks. What waits to be delivered to one is dropped.
#[derive(Clone)]
pub struct RemoveWebhook {
    webhooks: Arc<dyn WebhookRepository>,
}

/// Why nothing is deleted.
#[derive(Debug, thiserror::Error)]
pub enum RemoveWebhookError {
    /// It is not there, or another service's.
    #[error("no such webhook")]
    NotFound,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl RemoveWebhook {
    /// Takes the port.
    pub fn new(webhooks: Arc<dyn WebhookRepository>) -> Self {
        Self { webhooks }
    }

    /// Deletes the webhook.
    pub async fn execute(&self, service: &Service, id: WebhookId) -> Result<(), RemoveWebhookError> {
        own(&*self.webhooks, service, id).await?.ok_or(RemoveWebhookError::NotFound)?;
        Ok(self.webhooks.delete(id).await?)
    }
}
