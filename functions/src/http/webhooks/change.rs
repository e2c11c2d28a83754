//! `PATCH /api/messaging/webhooks/{id}` → 200: the webhook as it is from now on, with its secret if that is new.

use async_trait::async_trait;
use parlance_application::{
    sessions::service::Service,
    webhooks::change::{ChangeWebhook, NewSecret, WebhookChanges},
};
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::request::change_webhook;

use super::WebhookSettings;

/// Changes webhooks.
pub struct WebhookChange {
    change: ChangeWebhook,
    settings: WebhookSettings,
}

impl WebhookChange {
    /// Changes them by this use case.
    pub const fn new(change: ChangeWebhook, settings: WebhookSettings) -> Self {
        Self { change, settings }
    }
}

#[async_trait]
impl HttpRoute for WebhookChange {
    fn key(&self) -> &'static str {
        "PATCH /api/messaging/webhooks/{id}"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let service = Service::try_from(&request.caller)?;
        let id = request.parts.path_id("id")?;
        let asked = change_webhook::ChangeWebhook::parse(&request.parts.json()?, self.settings.destinations)?;
        let secret = asked.secret.map(NewSecret::Given);
        let secret = secret.or(asked.rotate_secret.then_some(NewSecret::Drawn));
        let shows_secret = secret.is_some();
        let changes = WebhookChanges { url: asked.url, events: asked.events, enabled: asked.enabled, secret };
        let webhook = self.change.execute(&service, id, changes).await?;
        let rendered = self.settings.rendered(&webhook);
        Reply::ok(&if shows_secret { rendered.with_secret_of(&webhook) } else { rendered })
    }
}
