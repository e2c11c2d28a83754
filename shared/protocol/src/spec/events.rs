//! Every event that a server sends, and the JSON Schema of each: the envelope that its standing gives it, and its data.
#![allow(
    clippy::indexing_slicing,
    reason = "fields are added to JSON objects that are made a few lines above"
)]

use std::borrow::Cow;

use parlance_domain::ids::ConversationId;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::schemas::{self, SchemaOf};
use crate::{
    conversation::Conversation,
    event::{ConversationDeleted, EventFrame, Hidden, ParticipantChange, SessionClosing},
    message::Message,
    signal::{NotificationCreated, PresenceUpdated, ReadUpdated, TypingIndicator},
    wire_time::WireTime,
};

/// An event as the specifications have it.
#[derive(Debug, Clone, Copy)]
pub struct ServerEvent {
    /// Its type on the wire.
    pub kind: &'static str,
    /// When it is sent.
    pub meaning: &'static str,
    /// Whether it is an entry of a log.
    pub standing: Standing,
    /// Its data.
    pub data: SchemaOf,
}

/// Whether an event is an entry of a conversation's log, and what its envelope holds accordingly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// An entry: it carries the conversation and its `seq`.
    Durable,
    /// An entry for the members, and besides, without `seq`, for somebody who was just added or removed.
    DurableOrPersonal,
    /// No entry, about one conversation: it may be lost.
    Signal,
    /// No entry, and about one conversation or about none.
    SignalOrPersonal,
    /// No entry, and about no conversation.
    Personal,
    /// About the socket itself: it carries no time either.
    OfSocket,
}

/// Every event.
pub const SERVER_EVENTS: [ServerEvent; 14] = {
    use Standing::{Durable, DurableOrPersonal, OfSocket, Personal, Signal, SignalOrPersonal};
    [
        of(
            "message.created",
            "A message was sent; in replay as it stands now.",
            Durable,
            schemas::of::<Message>,
        ),
        of(
            "message.updated",
            "A message was changed; in replay as it stands now.",
            Durable,
            message_or_hidden,
        ),
        of("message.deleted", "A message was removed: its tombstone.", Durable, message_or_hidden),
        of(
            "conversation.created",
            "A conversation began, or the user was just added to it.",
            DurableOrPersonal,
            schemas::of::<Conversation>,
        ),
        of(
            "conversation.updated",
            "A conversation's own data changed.",
            Durable,
            schemas::of::<Conversation>,
        ),
        of(
            "conversation.deleted",
            "A conversation ended, or the user was just removed from it.",
            DurableOrPersonal,
            schemas::of::<ConversationDeleted>,
        ),
        of("participant.added", "People came.", Durable, schemas::of::<ParticipantChange>),
        of("participant.removed", "Somebody went.", Durable, schemas::of::<ParticipantChange>),
        of("participant.updated", "Somebody has another role.", Durable, schemas::of::<ParticipantChange>),
        of(
            "typing.indicator",
            "The whole set of users who are typing now: it replaces what was told before.",
            Signal,
            schemas::of::<TypingIndicator>,
        ),
        of("read.updated", "Somebody has read further.", Signal, schemas::of::<ReadUpdated>),
        of(
            "presence.updated",
            "Somebody came, went, or says something else of himself.",
            Personal,
            schemas::of::<PresenceUpdated>,
        ),
        of(
            "notification.created",
            "Something for the user himself, whatever he has open.",
            SignalOrPersonal,
            schemas::of::<NotificationCreated>,
        ),
        of(
            "session.closing",
            "The server is about to close the socket.",
            OfSocket,
            schemas::of::<SessionClosing>,
        ),
    ]
};

const fn of(kind: &'static str, meaning: &'static str, standing: Standing, data: SchemaOf) -> ServerEvent {
    ServerEvent { kind, meaning, standing, data }
}

impl ServerEvent {
    /// The event's name among the components: `MessageCreated` of `message.created`.
    pub fn component(&self) -> String {
        super::pascal(self.kind)
    }

    /// The reference to its schema, which is among the components from then on.
    pub fn refer(&self, generator: &mut SchemaGenerator) -> Schema {
        // Beside the type of its data, which may bear the event's name.
        let name = format!("{}Event", self.component());
        let schema = self.schema(generator);
        generator.definitions_mut().insert(name.clone(), schema);
        Schema::new_ref(format!("#/components/schemas/{name}"))
    }

    fn schema(&self, generator: &mut SchemaGenerator) -> Value {
        let (conversation, time) =
            (generator.subschema_for::<ConversationId>(), generator.subschema_for::<WireTime>());
        let mut fields = json!({"type": {"const": self.kind}, "data": (self.data)(generator)});
        let mut required = vec!["type", "data"];
        if self.standing != Standing::OfSocket {
            fields["ts"] = time.to_value();
            required.push("ts");
        }
        if !matches!(self.standing, Standing::Personal | Standing::OfSocket) {
            fields["conversation_id"] = conversation.to_value();
            if self.standing != Standing::SignalOrPersonal {
                required.push("conversation_id");
            }
        }
        if matches!(self.standing, Standing::Durable | Standing::DurableOrPersonal) {
            fields["seq"] =
                json!({"description": "The entry's position in the log.", "type": "integer", "minimum": 1});
        }
        if self.standing == Standing::Durable {
            required.push("seq");
        }
        json!({"description": self.meaning, "type": "object", "properties": fields, "required": required})
    }
}

/// A message, or what is left of it for a reader who may not see it.
fn message_or_hidden(generator: &mut SchemaGenerator) -> Schema {
    let (message, hidden) = (generator.subschema_for::<Message>(), generator.subschema_for::<Hidden>());
    json_schema!({"anyOf": [message, hidden]})
}

/// The codes of `session.closing`.
pub(crate) fn closing_codes(_: &mut SchemaGenerator) -> Schema {
    schemas::names(["token_expired", "forbidden", "rate_limited", "unavailable", "not_found"])
}

/// A list of entries of a log, whichever they are.
pub(crate) fn durable(generator: &mut SchemaGenerator) -> Schema {
    let is_durable =
        |event: &&ServerEvent| matches!(event.standing, Standing::Durable | Standing::DurableOrPersonal);
    let events: Vec<Schema> =
        SERVER_EVENTS.iter().filter(is_durable).map(|event| event.refer(generator)).collect();
    json_schema!({"type": "array", "items": {"anyOf": events}})
}

/// Any event.
impl JsonSchema for EventFrame {
    fn schema_name() -> Cow<'static, str> {
        "Event".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let events: Vec<Schema> = SERVER_EVENTS.iter().map(|event| event.refer(generator)).collect();
        json_schema!({"description": "Something happened. With `seq` it is an entry of a log; without, it may be lost.", "anyOf": events})
    }
}
