//! Webhooks: where another system wants to be told what happened, and how it knows that it was us.

pub mod address;
mod destination;
mod secret;

use std::{collections::BTreeSet, time::Duration};

pub use self::{
    destination::{Destinations, InvalidUrl, WebhookUrl},
    secret::{InvalidSecret, WebhookSecret},
};
use crate::{
    event::EventKind,
    ids::{UserId, WebhookId},
    time::Timestamp,
};

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// The service that made it: nobody else sees it.
    pub owner: UserId,
    /// Where events go.
    pub url: WebhookUrl,
    /// Which events.
    pub events: BTreeSet<EventKind>,
    /// What deliveries are signed with.
    pub secret: WebhookSecret,
    /// The secret before it, which signs beside it for a while.
    pub retired: Option<RetiredSecret>,
    /// When it was made.
    pub created_at: Timestamp,
    /// How it fares.
    pub health: Health,
    /// How often it was written: a change names the version that it was made from.
    pub version: u64,
}

/// A secret that was replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetiredSecret {
    /// The secret.
    pub secret: WebhookSecret,
    /// Until when it still signs.
    pub until: Timestamp,
}

/// How a webhook fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// The last delivery was accepted, or there was none yet.
    Working,
    /// No delivery has been accepted since then.
    Failing {
        /// When the first of them failed.
        since: Timestamp,
    },
    /// Nothing is delivered any more, until its owner enables it again.
    Disabled {
        /// Since when.
        at: Timestamp,
        /// Why.
        reason: DisabledReason,
    },
}

/// Why a webhook is disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisabledReason {
    /// Its owner wants it so.
    Owner,
    /// No delivery was accepted for too long.
    Failing,
    /// The receiver answered that it is gone for good.
    Gone,
}

impl DisabledReason {
    /// The name on the wire and in the tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Failing => "failing",
            Self::Gone => "gone",
        }
    }

    /// Reads a name back.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Owner, Self::Failing, Self::Gone].into_iter().find(|reason| reason.as_str() == name)
    }
}

impl Webhook {
    /// How many a service may have.
    pub const MAX_PER_OWNER: usize = 20;

    /// How long a replaced secret still signs, so that the receiver can change over.
    pub const OVERLAP: Duration = Duration::from_hours(24);

    /// Whether it is to be told of an event of that type.
    pub fn hears(&self, kind: EventKind) -> bool {
        !self.is_disabled() && self.events.contains(&kind)
    }

    /// Whether nothing is delivered.
    pub const fn is_disabled(&self) -> bool {
        matches!(self.health, Health::Disabled { .. })
    }

    /// The same webhook as its next version.
    #[must_use]
    pub fn next(self) -> Self {
        Self { version: self.version + 1, ..self }
    }

    /// Signs with `secret` from now on, and for a while with the one before too.
    #[must_use]
    pub fn rotated(self, secret: WebhookSecret, now: Timestamp) -> Self {
        let retired = RetiredSecret { secret: self.secret, until: now.plus(Self::OVERLAP) };
        Self { secret, retired: Some(retired), ..self }
    }

    /// By what the receiver knows a repetition: the same for every attempt at one event.
    pub fn delivery_id(&self, event_id: &str) -> String {
        format!("{event_id}-{}", self.id)
    }

    /// The `webhook-signature` of a delivery: one signature per secret that is good at `now`.
    pub fn signatures(&self, delivery_id: &str, body: &str, now: Timestamp) -> String {
        let retired =
            self.retired.as_ref().filter(|retired| now < retired.until).map(|retired| &retired.secret);
        let secrets = std::iter::once(&self.secret).chain(retired);
        let signed: Vec<String> =
            secrets.map(|secret| secret.sign(delivery_id, now.as_secs(), body)).collect();
        signed.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        head::Seq,
        ids::{ConversationId, EventId},
    };

    fn webhook() -> Webhook {
        Webhook {
            id: WebhookId::from_bytes([1; 16]),
            owner: UserId::parse("billing").unwrap(),
            url: WebhookUrl::parse("https://example.com/hook", Destinations::Public).unwrap(),
            events: BTreeSet::from([EventKind::MessageCreated]),
            secret: WebhookSecret::from_bytes(&[1; 32]).unwrap(),
            retired: None,
            created_at: Timestamp::from_millis(0),
            health: Health::Working,
            version: 1,
        }
    }

    #[test]
    fn a_webhook_hears_what_it_asked_for_unless_it_is_disabled() {
        let webhook = webhook();
        assert!(webhook.hears(EventKind::MessageCreated) && !webhook.hears(EventKind::MessageUpdated));
        let at = Timestamp::from_millis(1);
        let failing = Webhook { health: Health::Failing { since: at }, ..webhook.clone() };
        assert!(failing.hears(EventKind::MessageCreated));
        let disabled = Webhook { health: Health::Disabled { at, reason: DisabledReason::Gone }, ..webhook };
        assert!(!disabled.hears(EventKind::MessageCreated));
    }

    #[test]
    fn a_replaced_secret_signs_for_a_day_beside_the_new_one() {
        let now = Timestamp::from_millis(1_790_000_000_000);
        let (old, new) = (webhook().secret, WebhookSecret::from_bytes(&[2; 32]).unwrap());
        let rotated = webhook().rotated(new.clone(), now);
        let seconds = now.as_secs();
        let both = format!("{} {}", new.sign("id", seconds, "{}"), old.sign("id", seconds, "{}"));
        assert_eq!(rotated.signatures("id", "{}", now), both);
        let later = now.plus(Webhook::OVERLAP);
        assert_eq!(rotated.signatures("id", "{}", later), new.sign("id", later.as_secs(), "{}"));
    }

    #[test]
    fn each_event_and_webhook_have_one_id_without_a_full_stop() {
        let event =
            EventId { conversation: ConversationId::from_bytes([3; 16]), seq: Seq::FIRST }.to_string();
        let id = webhook().delivery_id(&event);
        assert!(id.starts_with(&event) && id.ends_with(&webhook().id.to_string()));
        assert!(!id.contains('.'), "the full stop separates what is signed");
    }
}
