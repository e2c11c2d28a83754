//! A webhook as its service is shown it.

use std::collections::BTreeSet;

use parlance_domain::{
    event::EventKind,
    ids::WebhookId,
    webhook::{self, Health, WebhookUrl},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{fields, fields::Fields, spec::shape::Shape, wire_time::WireTime};

/// A webhook. Its secret is shown when it is made or replaced, and never again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Where events go.
    pub url: String,
    /// Which events.
    pub events: Vec<String>,
    /// `active`, `failing`, `disabled`; `waiting` in a stack without an event bus, where nothing is ever delivered.
    pub state: String,
    /// Why it is disabled: `owner`, `failing`, `gone`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_reason: Option<String>,
    /// Since when it is failing or disabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<WireTime>,
    /// When it was made.
    pub created_at: WireTime,
    /// Until when the secret before this one signs too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_secret_expires_at: Option<WireTime>,
    /// What deliveries are signed with, `whsec_…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// The webhooks of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Webhooks {
    /// All of them, oldest first.
    pub items: Vec<Webhook>,
}

impl Webhook {
    /// Shows a webhook of a stack that has an event bus, or has none.
    pub fn new(webhook: &webhook::Webhook, has_bus: bool) -> Self {
        let (state, reason, since) = match webhook.health {
            Health::Disabled { at, reason } => ("disabled", Some(reason.as_str().to_owned()), Some(at)),
            _ if !has_bus => ("waiting", None, None),
            Health::Failing { since } => ("failing", None, Some(since)),
            Health::Working => ("active", None, None),
        };
        Self {
            id: webhook.id,
            url: webhook.url.url().as_str().to_owned(),
            events: webhook.events.iter().map(|kind| kind.as_str().to_owned()).collect(),
            state: state.to_owned(),
            disabled_reason: reason,
            since: since.map(WireTime::from),
            created_at: webhook.created_at.into(),
            previous_secret_expires_at: webhook.retired.as_ref().map(|retired| retired.until.into()),
            secret: None,
        }
    }

    /// Shows the secret too.
    #[must_use]
    pub fn with_secret_of(self, webhook: &webhook::Webhook) -> Self {
        Self { secret: Some(webhook.secret.reveal()), ..self }
    }
}

/// Reads the types of events that a webhook wants: at least one.
pub(crate) fn events(fields: &mut Fields<'_>) -> BTreeSet<EventKind> {
    let names: Vec<&str> = EventKind::ALL.into_iter().map(EventKind::as_str).collect();
    let kind = |value: &Value| fields::name(EventKind::parse, value, &names.join(", "));
    let events = fields.list("events", 4 * names.len(), kind);
    if fields.holds_empty_list("events") {
        fields.refuse("events", "at least one item");
    }
    events.into_iter().collect()
}

/// What [`events`] takes.
pub(crate) fn events_shape() -> Shape {
    let names = EventKind::ALL.map(EventKind::as_str);
    Shape::list(Shape::name(names), 4 * names.len()).not_empty()
}

/// An https URL; over plain http only where the stack lets webhooks lead to its own machine.
pub(crate) fn url_shape() -> Shape {
    Shape::text(WebhookUrl::MAX_BYTES).matching("^https?://")
}

/// `whsec_` and the base64 of 24 to 64 bytes.
pub(crate) fn secret_shape() -> Shape {
    Shape::any_text().matching("^whsec_[A-Za-z0-9+/]{32,86}={0,2}$")
}
