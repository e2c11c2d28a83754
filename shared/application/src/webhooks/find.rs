//! Showing one webhook.

use std::sync::Arc;

use parlance_domain::{ids::WebhookId, webhook::Webhook};

use super::own;
use crate::{
    ports::{PortError, webhooks::WebhookRepository},
    sessions::service::Service,
};

/// Finds one webhook of a service.
#[derive(Clone)]
pub struct FindWebhook {
    webhooks: Arc<dyn WebhookRepository>,
}

/// Why it is not shown.
#[derive(Debug, thiserror::Error)]
pub enum FindWebhookError {
    /// It is not there, or another service's.
    #[error("no such webhook")]
    NotFound,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl FindWebhook {
    /// Takes the port.
    pub fn new(webhooks: Arc<dyn WebhookRepository>) -> Self {
        Self { webhooks }
    }

    /// The webhook.
    pub async fn execute(&self, service: &Service, id: WebhookId) -> Result<Webhook, FindWebhookError> {
        own(&*self.webhooks, service, id).await?.ok_or(FindWebhookError::NotFound)
    }
}
