//! What an [`EventBus`] owes: an answer for each event, in order, and every event that it answered for, whole.

use std::collections::BTreeMap;

use parlance_application::ports::event_bus::EventBus;
use parlance_domain::{
    event::{EventKind, PublishedEvent},
    ids::EventId,
};

use super::fixtures::{NOW, conversation_id, seq};

/// How large an event can be.
const LARGEST_BYTES: usize = 32_000;

/// Checks every promise. `arrived` tells the types and details of what is on the bus.
pub async fn holds(bus: &dyn EventBus, arrived: impl Fn() -> Vec<(String, String)>) {
    assert!(bus.put(&[]).await.is_empty(), "nothing is asked, nothing is answered");
    assert!(arrived().is_empty());

    // More than one call's number of events, then more than one call's bytes.
    for (count, bytes) in [(1, 100), (25, 100), (21, LARGEST_BYTES)] {
        let before = arrived().len();
        let events = events(count, bytes);
        let outcomes = bus.put(&events).await;
        assert_eq!(outcomes.len(), events.len());
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        let mut wanted: BTreeMap<(String, String), usize> = BTreeMap::new();
        for event in &events {
            *wanted.entry((event.kind.as_str().to_owned(), event.detail.clone())).or_default() += 1;
        }
        let mut found: BTreeMap<(String, String), usize> = BTreeMap::new();
        for event in arrived().split_off(before) {
            *found.entry(event).or_default() += 1;
        }
        assert!(found == wanted, "each of {count} events of {bytes} bytes arrives whole, once");
    }
}

/// So many events of one conversation, each of so many bytes.
pub fn events(count: u64, bytes: usize) -> Vec<PublishedEvent> {
    let conversation = conversation_id();
    let event = |position| {
        let id = EventId { conversation, seq: seq(position) };
        let text = "ä".repeat((bytes - 60) / 2);
        let detail = format!(r#"{{"id":"{id}","text":"{text}"}}"#);
        let kind = if position % 2 == 0 { EventKind::MessageCreated } else { EventKind::ParticipantAdded };
        PublishedEvent { id, kind, at: NOW, detail }
    };
    (1..=count).map(event).collect()
}
