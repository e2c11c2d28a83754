//! `POST /api/messaging/webhooks` → 201: a webhook, with its secret, which is shown this once.

use async_trait::async_trait;
use parlance_application::{
    sessions::service::Service,
    webhooks::register::{NewWebhook, RegisterWebhook},
};
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::request::create_webhook;

use super::WebhookSettings;

/// Makes webhooks.
pub struct WebhookCreate {
    register: RegisterWebhook,
    settings: WebhookSettings,
}

impl WebhookCreate {
    /// Makes them by this use case.
    pub const fn new(register: RegisterWebhook, settings: WebhookSettings) -> Self {
        Self { register, settings }
    }
}

#[async_trait]
impl HttpRoute for WebhookCreate {
    fn key(&self) -> &'static str {
        "POST /api/messaging/webhooks"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let service = Service::try_from(&request.caller)?;
        let new = create_webhook::CreateWebhook::parse(&request.parts.json()?, self.settings.destinations)?;
        let new = NewWebhook { url: new.url, events: new.events, secret: new.secret, seed: request.seed() };
        let made = self.register.execute(&service, new).await?;
        let location = format!("/api/messaging/webhooks/{}/", made.id);
        Ok(Reply::created(&self.settings.rendered(&made).with_secret_of(&made))?.at(location))
    }
}
