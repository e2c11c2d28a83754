//! Events on the wire: what happened, as every member of a conversation is told it.

use parlance_domain::{
    event::{Closing, Event},
    ids::{ConversationId, EventId, MessageId, UserId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    conversation::Conversation,
    message::Message,
    signal::{NotificationCreated, PresenceUpdated, ReadUpdated, TypingIndicator},
    wire_time::WireTime,
};

/// One event. With `seq` it is durable: that entry of the conversation's log; without, it may be lost.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventFrame {
    /// `message.created` and its like. Clients pass over what they do not know.
    #[serde(rename = "type")]
    pub kind: String,
    /// The conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<ConversationId>,
    /// The entry's position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// When it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ts: Option<WireTime>,
    /// What happened, as JSON: see [`EventFrame::data`].
    pub data: Box<RawValue>,
}

/// What an event says, for a client.
#[derive(Debug, Clone, PartialEq)]
pub enum EventData {
    /// A message was sent, as it stands now.
    MessageCreated(Box<Message>),
    /// A message was changed, as it stands now.
    MessageUpdated(Box<Message>),
    /// A message was removed: its tombstone.
    MessageDeleted(Box<Message>),
    /// A conversation began, or the user was just added to it.
    ConversationCreated(Box<Conversation>),
    /// A conversation's own data changed.
    ConversationUpdated(Box<Conversation>),
    /// A conversation ended, or the user was just removed from it.
    ConversationDeleted(ConversationDeleted),
    /// People came.
    ParticipantAdded(ParticipantChange),
    /// Somebody went.
    ParticipantRemoved(ParticipantChange),
    /// Somebody has another role.
    ParticipantUpdated(ParticipantChange),
    /// Who is typing now.
    TypingIndicator(TypingIndicator),
    /// How far somebody has read.
    ReadUpdated(ReadUpdated),
    /// How somebody is.
    PresenceUpdated(PresenceUpdated),
    /// Something for the user himself.
    NotificationCreated(NotificationCreated),
    /// The server is about to close the socket.
    SessionClosing(SessionClosing),
    /// Something that this reader may not see, or of a type that this client does not know.
    Other,
}

/// A conversation ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConversationDeleted {
    /// By whom.
    pub by: UserId,
    /// Where only this user is concerned: the last entry of the log that is still his. Later ones come only after he has joined again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seq: Option<u64>,
}

/// Participants came, went, or have another role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ParticipantChange {
    /// Who.
    pub participants: Vec<ChangedParticipant>,
    /// By whom.
    pub by: UserId,
}

/// One participant of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangedParticipant {
    /// Who.
    pub user_id: UserId,
    /// His role since; absent of one who went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::conversation::roles")]
    pub role: Option<String>,
    /// The entry by which he joined, of one who came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined_seq: Option<u64>,
}

/// Why the server closes a socket, and what to do then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionClosing {
    /// What clients branch on.
    #[schemars(schema_with = "crate::spec::events::closing_codes")]
    pub code: String,
    /// For a person to read.
    pub reason: String,
    /// Whether to come back.
    pub reconnect: bool,
    /// How long to wait before.
    #[serde(default)]
    pub retry_after_ms: u64,
}

impl From<&Closing> for SessionClosing {
    fn from(closing: &Closing) -> Self {
        let (code, reason, reconnect, retry_after_ms) = match closing {
            Closing::TokenExpired => ("token_expired", "the token has expired", true, 0),
            Closing::Deactivated => ("forbidden", "the user was deactivated", false, 0),
            Closing::RateLimited => ("rate_limited", "too many frames were refused", true, 5_000),
            Closing::MissedEvents => ("unavailable", "events may have been missed", true, 1_000),
            Closing::NoLongerMember => ("not_found", "the conversation is no longer the user's", false, 0),
        };
        Self { code: code.to_owned(), reason: reason.to_owned(), reconnect, retry_after_ms }
    }
}

/// All that is left of an entry about a message that its reader may not see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "HiddenMessage")]
pub(crate) struct Hidden {
    /// The message's id.
    pub(crate) id: MessageId,
    /// Always true.
    #[schemars(extend("const" = true))]
    pub(crate) hidden: bool,
}

/// An event as other systems take it: what clients are told, and besides by what a repetition is known and who caused it.
#[derive(Debug, Serialize)]
pub(crate) struct PublishedFrame<'a> {
    pub(crate) id: EventId,
    #[serde(flatten)]
    pub(crate) event: EventFrame,
    pub(crate) actor_id: &'a UserId,
}

impl EventFrame {
    /// What happened; [`EventData::Other`] also where the data is not of the shape that its type has here.
    pub fn data(&self) -> EventData {
        self.known_data().unwrap_or(EventData::Other)
    }

    fn known_data(&self) -> Option<EventData> {
        fn read<'a, T: Deserialize<'a>>(data: &'a RawValue) -> Option<T> {
            serde_json::from_str(data.get()).ok()
        }
        let data = &*self.data;
        Some(match self.kind.as_str() {
            "message.created" => EventData::MessageCreated(read(data)?),
            "message.updated" => EventData::MessageUpdated(read(data)?),
            "message.deleted" => EventData::MessageDeleted(read(data)?),
            "conversation.created" => EventData::ConversationCreated(read(data)?),
            "conversation.updated" => EventData::ConversationUpdated(read(data)?),
            "conversation.deleted" => EventData::ConversationDeleted(read(data)?),
            "participant.added" => EventData::ParticipantAdded(read(data)?),
            "participant.removed" => EventData::ParticipantRemoved(read(data)?),
            "participant.updated" => EventData::ParticipantUpdated(read(data)?),
            "typing.indicator" => EventData::TypingIndicator(read(data)?),
            "read.updated" => EventData::ReadUpdated(read(data)?),
            "presence.updated" => EventData::PresenceUpdated(read(data)?),
            "notification.created" => EventData::NotificationCreated(read(data)?),
            "session.closing" => EventData::SessionClosing(read(data)?),
            _ => return None,
        })
    }
}

impl From<&Event> for EventFrame {
    fn from(event: &Event) -> Self {
        let data = crate::json_events::data(event);
        Self {
            kind: event.body.kind().as_str().to_owned(),
            conversation_id: Some(event.conversation),
            seq: Some(event.seq.get()),
            ts: Some(event.at.into()),
            data: RawValue::from_string(data).unwrap_or_else(|_| RawValue::NULL.to_owned()),
        }
    }
}
