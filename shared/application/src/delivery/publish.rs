//! Durable events for other systems: each entry that the stream brings is put on the event bus.

use std::sync::Arc;

use parlance_domain::{
    event::{EventEncoder, PublishedEvent},
    head::Seq,
};

use super::repair::StreamedEntry;
use crate::{
    log::events::EventResolver,
    ports::{PortError, event_bus::EventBus},
};

/// Puts entries on the event bus.
#[derive(Clone)]
pub struct PublishEvents {
    events: EventResolver,
    bus: Arc<dyn EventBus>,
    encoder: Arc<dyn EventEncoder>,
}

impl PublishEvents {
    /// Publishes what `events` resolves, in the encoder's spelling.
    pub fn new(events: EventResolver, bus: Arc<dyn EventBus>, encoder: Arc<dyn EventEncoder>) -> Self {
        Self { events, bus, encoder }
    }

    /// Takes a batch of the stream. For each entry: `Ok` once its event is on the bus, or why it has to come again.
    pub async fn execute(&self, entries: &[StreamedEntry]) -> Vec<Result<(), PortError>> {
        let resolved = futures::future::join_all(entries.iter().map(|streamed| self.event(streamed))).await;
        let mut events = Vec::with_capacity(entries.len());
        let mut outcomes = Vec::with_capacity(entries.len());
        for resolved in resolved {
            outcomes.push(resolved.map(|event| events.push(event)));
        }
        let mut put = self.bus.put(&events).await.into_iter();
        for outcome in outcomes.iter_mut().filter(|outcome| outcome.is_ok()) {
            *outcome =
                put.next().unwrap_or_else(|| Err(PortError::new("event bus", "an event got no answer")));
        }
        outcomes
    }

    async fn event(&self, streamed: &StreamedEntry) -> Result<PublishedEvent, PortError> {
        let StreamedEntry { conversation, entry } = streamed;
        let events = self.events.resolve(*conversation, std::slice::from_ref(entry), Seq::FIRST).await?;
        let event = events.first().ok_or_else(|| PortError::new("event bus", "an entry is no event"))?;
        Ok(self.encoder.published(event, &entry.actor))
    }
}
