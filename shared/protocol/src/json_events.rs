//! How events become JSON: one encoding for sockets, logs and replays alike.

use parlance_domain::{
    event::{Closing, ConversationView, Event, EventBody, EventEncoder, PublishedEvent},
    head::Seq,
    ids::{EventId, UserId},
    log::Joining,
    signal::Signal,
};
use serde::Serialize;

use crate::{
    conversation::Conversation,
    event::{
        ChangedParticipant, ConversationDeleted, EventFrame, Hidden, ParticipantChange, PublishedFrame,
        SessionClosing,
    },
    limits::MAX_EVENT_BYTES,
    message::Message,
};

/// Room for everything of an event but its `data`.
const ENVELOPE_BYTES: usize = 256;
const BATCH_START: &[u8] = br#"{"type":"batch","events":["#;
const BATCH_END: &[u8] = b"]}";

/// The encoder of events as JSON text.
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonEvents;

impl EventEncoder for JsonEvents {
    fn event(&self, event: &Event) -> Vec<u8> {
        serde_json::to_vec(&EventFrame::from(event)).unwrap_or_default()
    }

    fn published(&self, event: &Event, actor: &UserId) -> PublishedEvent {
        let id = EventId { conversation: event.conversation, seq: event.seq };
        let frame = PublishedFrame { id, event: event.into(), actor_id: actor };
        PublishedEvent { id, kind: event.body.kind(), at: event.at, detail: json(&frame) }
    }

    fn signal(&self, signal: &Signal) -> Vec<u8> {
        serde_json::to_vec(&EventFrame::from(signal)).unwrap_or_default()
    }

    fn batch(&self, frames: &[&[u8]]) -> Vec<u8> {
        let bytes = frames.iter().map(|frame| frame.len()).sum::<usize>() + self.batch_overhead(frames.len());
        let mut batch = Vec::with_capacity(bytes);
        batch.extend_from_slice(BATCH_START);
        for (index, frame) in frames.iter().enumerate() {
            if index > 0 {
                batch.push(b',');
            }
            // A frame that is a batch itself gives its events: batches do not nest.
            let events = frame.strip_prefix(BATCH_START).and_then(|rest| rest.strip_suffix(BATCH_END));
            batch.extend_from_slice(events.unwrap_or(frame));
        }
        batch.extend_from_slice(BATCH_END);
        batch
    }

    fn batch_overhead(&self, frames: usize) -> usize {
        BATCH_START.len() + BATCH_END.len() + frames.saturating_sub(1)
    }

    fn closing(&self, closing: &Closing) -> Vec<u8> {
        #[derive(Serialize)]
        struct Frame {
            r#type: &'static str,
            data: SessionClosing,
        }
        serde_json::to_vec(&Frame { r#type: "session.closing", data: closing.into() }).unwrap_or_default()
    }
}

/// The `data` of an event as JSON.
pub(crate) fn data(event: &Event) -> String {
    match &event.body {
        EventBody::MessageCreated(message)
        | EventBody::MessageUpdated(message)
        | EventBody::MessageDeleted(message) => json(&Message::from(message.as_ref())),
        EventBody::Hidden { id, .. } => json(&Hidden { id: *id, hidden: true }),
        EventBody::ConversationCreated(view) | EventBody::ConversationUpdated(view) => conversation(view),
        EventBody::ConversationDeleted { by } => {
            json(&ConversationDeleted { by: by.clone(), last_seq: None })
        }
        EventBody::ParticipantAdded { participants, by } => {
            let participants = participants.iter().map(|joining| joined(joining, event.seq)).collect();
            json(&ParticipantChange { participants, by: by.clone() })
        }
        EventBody::ParticipantRemoved { user, by } => {
            let gone = ChangedParticipant { user_id: user.clone(), role: None, joined_seq: None };
            json(&ParticipantChange { participants: vec![gone], by: by.clone() })
        }
        EventBody::ParticipantUpdated { user, role, by } => {
            let role = Some(role.as_str().to_owned());
            let changed = ChangedParticipant { user_id: user.clone(), role, joined_seq: None };
            json(&ParticipantChange { participants: vec![changed], by: by.clone() })
        }
    }
}

fn joined(joining: &Joining, seq: Seq) -> ChangedParticipant {
    ChangedParticipant {
        user_id: joining.user.clone(),
        role: Some(joining.role.as_str().to_owned()),
        joined_seq: Some(seq.get()),
    }
}

/// A conversation that fits into an event: the newest message, then participants are left out until it does. Both can be read.
pub(crate) fn conversation(view: &ConversationView) -> String {
    let mut conversation = Conversation::from(view);
    let mut text = json(&conversation);
    while text.len() > MAX_EVENT_BYTES - ENVELOPE_BYTES {
        if conversation.last_message.take().is_none() {
            if conversation.participants.is_empty() {
                break;
            }
            conversation.participants.truncate(conversation.participants.len() / 2);
        }
        text = json(&conversation);
    }
    text
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
