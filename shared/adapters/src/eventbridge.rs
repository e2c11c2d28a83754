//! The event bus on EventBridge, and its events as their targets get them.

use async_trait::async_trait;
use aws_sdk_eventbridge::{
    Client,
    primitives::DateTime,
    types::{PutEventsRequestEntry, PutEventsResultEntry},
};
use futures::stream::{self, StreamExt};
use parlance_application::{
    ports::{PortError, event_bus::EventBus},
    webhooks::dispatch::BusEvent,
};
use parlance_domain::event::{EventKind, PublishedEvent};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::aws::failure::{failed, failed_because};

const PORT: &str = "event bus";
const OPERATION: &str = "PutEvents";

/// The source that every event names.
pub const SOURCE: &str = "parlance";

/// How many events one call takes.
const EVENTS_PER_CALL: usize = 10;

/// How many bytes one call takes: 256 KB of what EventBridge counts.
const BYTES_PER_CALL: usize = 256 * 1024;

/// What EventBridge counts for an event's time.
const TIME_BYTES: usize = 14;

/// How many calls are under way at once.
const CALLS_AT_ONCE: usize = 4;

/// Puts events on one bus.
#[derive(Debug, Clone)]
pub struct EventBridgeBus {
    client: Client,
    name: String,
}

impl EventBridgeBus {
    /// Puts them on the bus of this name.
    pub fn new(client: Client, name: &str) -> Self {
        Self { client, name: name.to_owned() }
    }

    async fn call(&self, events: &[PublishedEvent]) -> Vec<Result<(), PortError>> {
        let entries = events.iter().map(|event| {
            PutEventsRequestEntry::builder()
                .event_bus_name(&self.name)
                .source(SOURCE)
                .detail_type(event.kind.as_str())
                .time(DateTime::from_millis(i64::try_from(event.at.as_millis()).unwrap_or(i64::MAX)))
                .detail(&event.detail)
                .build()
        });
        match self.client.put_events().set_entries(Some(entries.collect())).send().await {
            Ok(answer) => {
                let answers = answer.entries().iter().map(Some).chain(std::iter::repeat(None));
                events.iter().zip(answers).map(|(_, answer)| outcome(answer)).collect()
            }
            Err(error) => {
                // An error cannot be copied: the first event carries it, the others say that they were with it.
                let first = std::iter::once(Err(failed(PORT, OPERATION, &error)));
                let others =
                    std::iter::repeat_with(|| Err(failed_because(PORT, OPERATION, "the call failed")));
                first.chain(others).take(events.len()).collect()
            }
        }
    }
}

#[async_trait]
impl EventBus for EventBridgeBus {
    async fn put(&self, events: &[PublishedEvent]) -> Vec<Result<(), PortError>> {
        let mut waiting = Vec::new();
        for events in calls(events) {
            waiting.push(self.call(events));
        }
        stream::iter(waiting).buffered(CALLS_AT_ONCE).concat().await
    }
}

fn outcome(answer: Option<&PutEventsResultEntry>) -> Result<(), PortError> {
    match answer {
        Some(entry) if entry.event_id().is_some() => Ok(()),
        Some(entry) => Err(failed_because(PORT, OPERATION, entry.error_code().unwrap_or("no reason given"))),
        None => Err(failed_because(PORT, OPERATION, "the event got no answer")),
    }
}

/// Cuts the events into as few calls as their order allows.
fn calls(events: &[PublishedEvent]) -> Vec<&[PublishedEvent]> {
    let (mut calls, mut rest) = (Vec::new(), events);
    while !rest.is_empty() {
        let mut bytes = 0;
        let fitting = rest.iter().take(EVENTS_PER_CALL).take_while(|event| {
            bytes += size(event);
            bytes <= BYTES_PER_CALL
        });
        let (call, after) = rest.split_at(fitting.count().max(1));
        calls.push(call);
        rest = after;
    }
    calls
}

/// The bytes that EventBridge counts for an event.
fn size(event: &PublishedEvent) -> usize {
    TIME_BYTES + SOURCE.len() + event.kind.as_str().len() + event.detail.len()
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "detail-type")]
    kind: String,
    #[serde(borrow)]
    detail: &'a RawValue,
}

#[derive(Deserialize)]
struct Identified {
    id: String,
}

/// An event as a rule's target gets it; `None` for what is no event of ours.
pub fn bus_event(text: &str) -> Option<BusEvent> {
    let Envelope { kind, detail } = serde_json::from_str(text).ok()?;
    let Identified { id } = serde_json::from_str(detail.get()).ok()?;
    Some(BusEvent { id, kind: EventKind::parse(&kind)?, body: detail.get().to_owned() })
}

#[cfg(test)]
mod tests {
    use parlance_domain::{
        head::Seq,
        ids::{ConversationId, EventId},
        time::Timestamp,
    };

    use super::*;

    fn lengths(bytes: &[usize]) -> Vec<usize> {
        let event = |bytes: &usize| PublishedEvent {
            id: EventId { conversation: ConversationId::from_bytes([1; 16]), seq: Seq::FIRST },
            kind: EventKind::MessageCreated,
            at: Timestamp::from_millis(0),
            detail: "x".repeat(bytes - TIME_BYTES - SOURCE.len() - "message.created".len()),
        };
        let events: Vec<_> = bytes.iter().map(event).collect();
        calls(&events).iter().map(|call| call.len()).collect()
    }

    #[test]
    fn an_event_is_read_as_it_was_put() {
        let text = r#"{"source":"parlance","detail-type":"message.created","detail":{"id":"e_1", "seq": 1}}"#;
        let event = bus_event(text).unwrap();
        assert_eq!((event.id.as_str(), event.kind), ("e_1", EventKind::MessageCreated));
        assert_eq!(event.body, r#"{"id":"e_1", "seq": 1}"#);
        assert_eq!(bus_event(&text.replace("message", "moon")), None);
        assert_eq!(bus_event(&text.replace("id", "name")), None);
    }

    #[test]
    fn a_call_holds_ten_events_and_256_kilobytes() {
        assert_eq!(lengths(&[]), Vec::<usize>::new());
        assert_eq!(lengths(&[1_000; 25]), [10, 10, 5]);
        assert_eq!(lengths(&[32_768; 17]), [8, 8, 1]);
        assert_eq!(lengths(&[32_769; 8]), [7, 1]);
        assert_eq!(lengths(&[300_000, 100]), [1, 1], "what fits nowhere goes alone, and is refused alone");
    }
}
