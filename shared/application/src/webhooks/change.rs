//! Changing a webhook.

use std::{collections::BTreeSet, sync::Arc};

use parlance_domain::{
    event::EventKind,
    ids::WebhookId,
    webhook::{DisabledReason, Health, Webhook, WebhookSecret, WebhookUrl},
};

use super::{ATTEMPTS, own, register::drawn};
use crate::{
    ports::{
        PortError, Replacing,
        environment::{Clock, Random},
        webhooks::WebhookRepository,
    },
    sessions::service::Service,
};

/// Changes webhooks.
#[derive(Clone)]
pub struct ChangeWebhook {
    webhooks: Arc<dyn WebhookRepository>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// What is to be different; the rest stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WebhookChanges {
    /// Where events go.
    pub url: Option<WebhookUrl>,
    /// Which events.
    pub events: Option<BTreeSet<EventKind>>,
    /// Whether anything is delivered. Enabling begins anew: failures of before are forgotten.
    pub enabled: Option<bool>,
    /// Another secret; the one before signs beside it for [`Webhook::OVERLAP`].
    pub secret: Option<NewSecret>,
}

/// Where another secret comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewSecret {
    /// The service brings it.
    Given(WebhookSecret),
    /// It is drawn.
    Drawn,
}

/// Why nothing changes.
#[derive(Debug, thiserror::Error)]
pub enum ChangeWebhookError {
    /// It is not there, or another service's.
    #[error("no such webhook")]
    NotFound,
    /// Others kept changing it.
    #[error("others change the webhook at the same time")]
    Unavailable,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl ChangeWebhook {
    /// Takes the ports.
    pub fn new(webhooks: Arc<dyn WebhookRepository>, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { webhooks, clock, random }
    }

    /// Changes the webhook, and returns it as it is from now on.
    pub async fn execute(
        &self,
        service: &Service,
        id: WebhookId,
        changes: WebhookChanges,
    ) -> Result<Webhook, ChangeWebhookError> {
        let secret = match changes.secret {
            None => None,
            Some(NewSecret::Given(secret)) => Some(secret),
            Some(NewSecret::Drawn) => Some(drawn(&*self.random)?),
        };
        for _ in 0..ATTEMPTS {
            let mut webhook =
                own(&*self.webhooks, service, id).await?.ok_or(ChangeWebhookError::NotFound)?.next();
            let now = self.clock.now();
            if let Some(secret) = secret.clone().filter(|secret| *secret != webhook.secret) {
                webhook = webhook.rotated(secret, now);
            }
            if let Some(url) = &changes.url {
                webhook.url = url.clone();
            }
            if let Some(events) = &changes.events {
                webhook.events = events.clone();
            }
            match changes.enabled {
                Some(true) => webhook.health = Health::Working,
                Some(false) if !webhook.is_disabled() => {
                    webhook.health = Health::Disabled { at: now, reason: DisabledReason::Owner };
                }
                _ => {}
            }
            if self.webhooks.replace(&webhook).await? == Replacing::Replaced {
                return Ok(webhook);
            }
        }
        Err(ChangeWebhookError::Unavailable)
    }
}
