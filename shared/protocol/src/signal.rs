//! Signals on the wire: events without `seq`, which may be lost.

use parlance_domain::{
    ids::{AttachmentId, MessageId, UserId},
    signal::{Notification, Presence, PresenceStatus, Signal, SignalBody, TypingUser},
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    event::{ConversationDeleted, EventFrame},
    json_events,
    spec::schemas::names,
    wire_time::WireTime,
};

/// `typing.indicator`: everybody who is typing now; the client replaces what it had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TypingIndicator {
    /// Who, and until when.
    pub users: Vec<TypingUntil>,
}

/// Somebody who is typing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TypingUntil {
    /// Who.
    pub user_id: UserId,
    /// Until when, unless more is heard of it.
    pub expires_at: WireTime,
}

/// `read.updated`: how far somebody has read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReadUpdated {
    /// Who.
    pub user_id: UserId,
    /// Up to this entry.
    pub read_seq: u64,
    /// When he got there.
    pub read_at: WireTime,
}

/// `presence.updated`: how somebody is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PresenceUpdated {
    /// Who.
    pub user_id: UserId,
    /// `online`, `away`, `busy` or `offline`.
    #[schemars(schema_with = "statuses")]
    pub status: String,
    /// What he says of it.
    #[serde(default)]
    pub text: Option<String>,
    /// When he was last there, of somebody who is offline.
    #[serde(default)]
    pub last_seen_at: Option<WireTime>,
}

/// How several people are: the data of the ack of `presence.watch`, and what `GET /api/messaging/presence/` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PresenceList {
    /// Each of them, without those who share no conversation with the reader.
    pub users: Vec<PresenceUpdated>,
}

impl PresenceList {
    /// These people as their reader is told it.
    pub fn of(people: &[(UserId, Presence)]) -> Self {
        Self { users: people.iter().map(|(user, presence)| PresenceUpdated::of(user, presence)).collect() }
    }
}

/// `notification.created`: something for the user himself. The conversation stands in the envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotificationCreated {
    /// `mention`, `invitation`, or `file_removed`: a file that the user uploaded was infected, and is gone.
    #[schemars(schema_with = "kinds")]
    pub kind: String,
    /// The message that mentions the user, or that the file stood in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    /// The file that is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment_id: Option<AttachmentId>,
    /// Who caused it.
    pub by: UserId,
}

fn statuses(_: &mut SchemaGenerator) -> Schema {
    names(PresenceStatus::ALL.map(PresenceStatus::as_str))
}

fn kinds(_: &mut SchemaGenerator) -> Schema {
    names(Notification::KINDS)
}

impl PresenceUpdated {
    /// Somebody's presence as others are told it.
    pub fn of(user: &UserId, presence: &Presence) -> Self {
        Self {
            user_id: user.clone(),
            status: presence.status.as_str().to_owned(),
            text: presence.text.clone(),
            last_seen_at: presence.last_seen_at.map(Into::into),
        }
    }
}

impl From<&TypingUser> for TypingUntil {
    fn from(typing: &TypingUser) -> Self {
        Self { user_id: typing.user.clone(), expires_at: typing.expires_at.into() }
    }
}

impl From<&Notification> for NotificationCreated {
    fn from(notification: &Notification) -> Self {
        let (message_id, attachment_id, by) = match notification {
            Notification::Mention { message, by } => (Some(*message), None, by),
            Notification::Invitation { by } => (None, None, by),
            Notification::FileRemoved { attachment, message, uploader } => {
                (*message, Some(*attachment), uploader)
            }
        };
        Self { kind: notification.kind().to_owned(), message_id, attachment_id, by: by.clone() }
    }
}

impl From<&Signal> for EventFrame {
    fn from(signal: &Signal) -> Self {
        let (kind, data) = match &signal.body {
            SignalBody::Typing { users } => {
                ("typing.indicator", raw(&TypingIndicator { users: users.iter().map(Into::into).collect() }))
            }
            SignalBody::Read { user, seq, at } => {
                let read = ReadUpdated { user_id: user.clone(), read_seq: seq.get(), read_at: (*at).into() };
                ("read.updated", raw(&read))
            }
            SignalBody::Presence { user, presence } => {
                ("presence.updated", raw(&PresenceUpdated::of(user, presence)))
            }
            SignalBody::Notification(notification) => {
                ("notification.created", raw(&NotificationCreated::from(notification)))
            }
            SignalBody::ConversationJoined(view) => {
                let data = RawValue::from_string(json_events::conversation(view));
                ("conversation.created", data.unwrap_or_else(|_| RawValue::NULL.to_owned()))
            }
            SignalBody::ConversationLeft { by, last } => {
                let left = ConversationDeleted { by: by.clone(), last_seq: Some(last.get()) };
                ("conversation.deleted", raw(&left))
            }
        };
        Self {
            kind: kind.to_owned(),
            conversation_id: signal.conversation,
            seq: None,
            ts: Some(signal.at.into()),
            data,
        }
    }
}

fn raw<T: Serialize>(data: &T) -> Box<RawValue> {
    serde_json::value::to_raw_value(data).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
