//! `PATCH /api/messaging/webhooks/{id}/`: what is to be different.

use std::collections::BTreeSet;

use parlance_domain::{
    event::EventKind,
    webhook::{Destinations, WebhookSecret, WebhookUrl},
};

use crate::{
    fields::{self, Fields, Object},
    problem::Problem,
    spec::shape::Shape,
    webhook::{events, events_shape, secret_shape, url_shape},
};

/// What is to be different; the rest stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeWebhook {
    /// Where events go.
    pub url: Option<WebhookUrl>,
    /// Which events.
    pub events: Option<BTreeSet<EventKind>>,
    /// Whether anything is delivered.
    pub enabled: Option<bool>,
    /// Another secret.
    pub secret: Option<WebhookSecret>,
    /// Whether another secret is to be drawn.
    pub rotate_secret: bool,
}

impl ChangeWebhook {
    /// Reads the body.
    pub fn parse(body: &Object, destinations: Destinations) -> Result<Self, Problem> {
        let mut fields = Fields::of(body);
        let url = fields.optional("url", |value| {
            WebhookUrl::parse(fields::text(value)?, destinations).map_err(|invalid| invalid.to_string())
        });
        let events = fields.has("events").then(|| events(&mut fields));
        let enabled = fields.optional("enabled", fields::flag);
        let secret = fields.optional("secret", |value| {
            WebhookSecret::parse(fields::text(value)?).map_err(|invalid| invalid.to_string())
        });
        let rotate_secret = fields.optional("rotate_secret", fields::flag).unwrap_or_default();
        if rotate_secret && fields.has("secret") {
            fields.refuse("rotate_secret", "must be absent where a secret is given");
        }
        fields.finish(Some(Self { url, events, enabled, secret, rotate_secret }))
    }

    /// What [`Self::parse`] takes.
    pub fn shape() -> Shape {
        Shape::object()
            .optional("url", "Where events go: the public internet, over TLS.", url_shape())
            .optional("events", "Which events.", events_shape())
            .optional("enabled", "Whether anything is delivered.", Shape::flag())
            .optional("secret", "Another secret.", secret_shape())
            .optional(
                "rotate_secret",
                "Whether another secret is to be drawn; not beside `secret`.",
                Shape::flag(),
            )
    }
}
