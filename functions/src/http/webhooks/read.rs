//! `GET /api/messaging/webhooks/{id}` → 200: one webhook and how it fares.

use async_trait::async_trait;
use parlance_application::{sessions::service::Service, webhooks::find::FindWebhook};
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};

use super::WebhookSettings;

/// Shows one webhook.
pub struct WebhookRead {
    find: FindWebhook,
    settings: WebhookSettings,
}

impl WebhookRead {
    /// Finds it by this use case.
    pub const fn new(find: FindWebhook, settings: WebhookSettings) -> Self {
        Self { find, settings }
    }
}

#[async_trait]
impl HttpRoute for WebhookRead {
    fn key(&self) -> &'static str {
        "GET /api/messaging/webhooks/{id}"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let service = Service::try_from(&request.caller)?;
        let id = request.parts.path_id("id")?;
        Reply::ok(&self.settings.rendered(&self.find.execute(&service, id).await?))
    }
}
