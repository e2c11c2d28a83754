//! `GET /api/messaging/webhooks` → 200: the service's webhooks, oldest first.

use async_trait::async_trait;
use parlance_application::{sessions::service::Service, webhooks::list::ListWebhooks};
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::webhook::Webhooks;

use super::WebhookSettings;

/// Shows a service its webhooks.
pub struct WebhookList {
    list: ListWebhooks,
    settings: WebhookSettings,
}

impl WebhookList {
    /// Lists them by this use case.
    pub const fn new(list: ListWebhooks, settings: WebhookSettings) -> Self {
        Self { list, settings }
    }
}

#[async_trait]
impl HttpRoute for WebhookList {
    fn key(&self) -> &'static str {
        "GET /api/messaging/webhooks"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let service = Service::try_from(&request.caller)?;
        let own = self.list.execute(&service).await?;
        Reply::ok(&Webhooks { items: own.iter().map(|webhook| self.settings.rendered(webhook)).collect() })
    }
}
