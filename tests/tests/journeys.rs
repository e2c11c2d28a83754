//! Journeys: raw frames and requests in and out of the running whole.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a journey that cannot go on has failed"
)]

#[path = "journeys/attachments.rs"]
mod attachments;
#[path = "journeys/bad_input.rs"]
mod bad_input;
#[path = "journeys/blocks.rs"]
mod blocks;
#[path = "journeys/conversations.rs"]
mod conversations;
#[path = "journeys/crowd.rs"]
mod crowd;
#[path = "journeys/duplicates.rs"]
mod duplicates;
#[path = "journeys/edits.rs"]
mod edits;
#[path = "journeys/endurance.rs"]
mod endurance;
#[path = "journeys/event_bus.rs"]
mod event_bus;
#[path = "journeys/expiry.rs"]
mod expiry;
#[path = "journeys/fan_out.rs"]
mod fan_out;
#[path = "journeys/gateway.rs"]
mod gateway;
#[path = "journeys/handshakes.rs"]
mod handshakes;
#[path = "journeys/history.rs"]
mod history;
#[path = "journeys/idempotency.rs"]
mod idempotency;
#[path = "journeys/isolated.rs"]
mod isolated;
#[path = "journeys/key_sets.rs"]
mod key_sets;
#[path = "journeys/kinds.rs"]
mod kinds;
#[path = "journeys/mentions.rs"]
mod mentions;
#[path = "journeys/outages.rs"]
mod outages;
#[path = "journeys/participants.rs"]
mod participants;
#[path = "journeys/people.rs"]
mod people;
#[path = "journeys/presence.rs"]
mod presence;
#[path = "journeys/privacy.rs"]
mod privacy;
#[path = "journeys/rate_limits.rs"]
mod rate_limits;
#[path = "journeys/reads.rs"]
mod reads;
#[path = "journeys/receipts.rs"]
mod receipts;
#[path = "journeys/references.rs"]
mod references;
#[path = "journeys/refusals.rs"]
mod refusals;
#[path = "journeys/restarts.rs"]
mod restarts;
#[path = "journeys/roles.rs"]
mod roles;
#[path = "journeys/scans.rs"]
mod scans;
#[path = "journeys/sessions.rs"]
mod sessions;
#[path = "journeys/specified.rs"]
mod specified;
#[path = "journeys/sync.rs"]
mod sync;
#[path = "journeys/talk.rs"]
mod talk;
#[path = "journeys/typing.rs"]
mod typing;
#[path = "journeys/webhooks.rs"]
mod webhooks;
