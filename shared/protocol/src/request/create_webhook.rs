//! `POST /api/messaging/webhooks/`: where a service wants to be told what happens.

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

/// What the webhook is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateWebhook {
    /// Where events go.
    pub url: WebhookUrl,
    /// Which events.
    pub events: BTreeSet<EventKind>,
    /// What they are signed with; drawn where absent.
    pub secret: Option<WebhookSecret>,
}

impl CreateWebhook {
    /// Reads the body.
    pub fn parse(body: &Object, destinations: Destinations) -> Result<Self, Problem> {
        let mut fields = Fields::of(body);
        let url = fields.required("url", |value| {
            WebhookUrl::parse(fields::text(value)?, destinations).map_err(|invalid| invalid.to_string())
        });
        if !fields.has("events") {
            fields.refuse("events", "is required");
        }
        let events = events(&mut fields);
        let secret = fields.optional("secret", |value| {
            WebhookSecret::parse(fields::text(value)?).map_err(|invalid| invalid.to_string())
        });
        fields.finish(url.map(|url| Self { url, events, secret }))
    }

    /// What [`Self::parse`] takes.
    pub fn shape() -> Shape {
        Shape::object()
            .required("url", "Where events go: the public internet, over TLS.", url_shape())
            .required("events", "Which events.", events_shape())
            .optional("secret", "What they are signed with; drawn where absent.", secret_shape())
    }
}
