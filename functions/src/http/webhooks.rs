//! Webhooks over HTTP: for callers with the scope `messaging:service` alone, and each sees his own.

pub mod change;
pub mod create;
pub mod list;
pub mod read;
pub mod remove;

use parlance_domain::webhook::{Destinations, Webhook};
use parlance_protocol::webhook;

/// What the stack does with webhooks.
#[derive(Debug, Clone, Copy)]
pub struct WebhookSettings {
    /// Where they may lead.
    pub destinations: Destinations,
    /// Whether there is an event bus that feeds them.
    pub has_bus: bool,
}

impl WebhookSettings {
    /// A webhook as its service is shown it.
    fn rendered(self, webhook: &Webhook) -> webhook::Webhook {
        webhook::Webhook::new(webhook, self.has_bus)
    }
}
