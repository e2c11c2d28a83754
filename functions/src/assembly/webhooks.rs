//! Use cases of webhooks.

use parlance_adapters::ConfigurationError;
use parlance_application::webhooks::{
    change::ChangeWebhook,
    deliver::{DeliverWebhook, Patience},
    dispatch::DispatchEvents,
    find::FindWebhook,
    list::ListWebhooks,
    register::RegisterWebhook,
    remove::RemoveWebhook,
};

use super::{Assembled, Assembly};
use crate::http::webhooks::WebhookSettings;

impl Assembly {
    /// What the stack does with webhooks.
    pub fn webhook_settings(&self) -> WebhookSettings {
        let configuration = self.adapters.configuration();
        let has_bus = configuration.event_bus.is_some();
        WebhookSettings { destinations: configuration.webhooks.destinations, has_bus }
    }

    /// Makes webhooks.
    pub fn register_webhook(&self) -> Assembled<RegisterWebhook> {
        Ok(RegisterWebhook::new(self.adapters.webhooks()?, self.clock(), self.adapters.random()))
    }

    /// Lists webhooks.
    pub fn list_webhooks(&self) -> Assembled<ListWebhooks> {
        Ok(ListWebhooks::new(self.adapters.webhooks()?))
    }

    /// Finds one webhook.
    pub fn find_webhook(&self) -> Assembled<FindWebhook> {
        Ok(FindWebhook::new(self.adapters.webhooks()?))
    }

    /// Changes webhooks.
    pub fn change_webhook(&self) -> Assembled<ChangeWebhook> {
        Ok(ChangeWebhook::new(self.adapters.webhooks()?, self.clock(), self.adapters.random()))
    }

    /// Deletes webhooks.
    pub fn remove_webhook(&self) -> Assembled<RemoveWebhook> {
        Ok(RemoveWebhook::new(self.adapters.webhooks()?))
    }

    /// Makes deliveries of events.
    pub fn dispatch_events(&self) -> Assembled<DispatchEvents> {
        Ok(DispatchEvents::new(self.adapters.webhooks()?, self.adapters.delivery_queue()?))
    }

    /// Attempts deliveries.
    pub fn deliver_webhook(&self) -> Assembled<DeliverWebhook> {
        let adapters = &self.adapters;
        let webhooks = &adapters.configuration().webhooks;
        let patience = Patience {
            pauses: webhooks.pauses.clone(),
            attempts: webhooks.attempts.ok_or(ConfigurationError::Missing("WEBHOOK_ATTEMPTS"))?,
            disable_after: webhooks.disable_after,
        };
        Ok(DeliverWebhook::new(
            adapters.webhooks()?,
            adapters.delivery_queue()?,
            adapters.webhook_client()?,
            self.clock(),
            adapters.random(),
            patience,
        ))
    }
}
