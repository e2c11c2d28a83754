//! `DELETE /api/messaging/webhooks/{id}` → 204: the webhook is gone, and what waited for it is dropped.

use async_trait::async_trait;
use parlance_application::{sessions::service::Service, webhooks::remove::RemoveWebhook};
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};

/// Deletes webhooks.
pub struct WebhookRemove {
    remove: RemoveWebhook,
}

impl WebhookRemove {
    /// Deletes them by this use case.
    pub const fn new(remove: RemoveWebhook) -> Self {
        Self { remove }
    }
}

#[async_trait]
impl HttpRoute for WebhookRemove {
    fn key(&self) -> &'static str {
        "DELETE /api/messaging/webhooks/{id}"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let service = Service::try_from(&request.caller)?;
        self.remove.execute(&service, request.parts.path_id("id")?).await?;
        Ok(Reply::no_content())
    }
}
