//! A conversation and its participants on the wire.

use std::borrow::Cow;

use parlance_domain::{
    conversation::{ConversationKind, History},
    event::ConversationView,
    head::Seq,
    ids::{ConversationId, UserId},
    permissions::Role,
    roster::Member,
    time::Timestamp,
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use crate::{limits::SHOWN_PARTICIPANTS, message::Message, spec::schemas::names, wire_time::WireTime};

/// A conversation; what is the reader's own stands in it only where it was read for one reader.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// `direct`, `group`, `task`, `service`, `ats`, `support`, or a kind of a newer server.
    #[schemars(schema_with = "kinds")]
    pub kind: Cow<'static, str>,
    /// What people call it.
    #[serde(default)]
    pub title: Option<String>,
    /// What it is about in another system.
    #[serde(default)]
    pub r#ref: Option<Reference>,
    /// Who created it.
    pub created_by: UserId,
    /// When.
    pub created_at: WireTime,
    /// Whether a message can still be sent to it.
    pub writable: bool,
    /// How many people are in it.
    pub participant_count: usize,
    /// The first hundred of them, by user id; fewer in an event that would be too large.
    pub participants: Vec<Participant>,
    /// How much of the past a newcomer sees: `all` or `joined`.
    #[schemars(schema_with = "histories")]
    pub history: Cow<'static, str>,
    /// The newest message.
    #[serde(default)]
    pub last_message: Option<Message>,
    /// The newest entry's position.
    pub head_seq: u64,
    /// How many entries a person would count.
    pub head_n: u64,
    /// Up to where the reader has read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_seq: Option<u64>,
    /// How much the reader has not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread_count: Option<u64>,
    /// Whether the reader does not want to be disturbed by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted: Option<bool>,
    /// Whether the reader does not want to see it among the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
}

/// A conversation that was just created, with the entry that created it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CreatedConversation {
    /// The conversation.
    #[serde(flatten)]
    pub conversation: Conversation,
    /// Its id once more: that of the log that the entry stands in.
    pub conversation_id: ConversationId,
    /// The entry that created it: the first.
    pub seq: u64,
}

impl From<Conversation> for CreatedConversation {
    fn from(conversation: Conversation) -> Self {
        Self { conversation_id: conversation.id, seq: Seq::FIRST.get(), conversation }
    }
}

/// A conversation as it is after a change, with the entry that this very request appended.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AppendedConversation {
    /// The conversation.
    #[serde(flatten)]
    pub conversation: Conversation,
    /// Its id once more: that of the log that the entry stands in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<ConversationId>,
    /// The entry; absent where nothing had to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
}

impl AppendedConversation {
    /// The conversation with the entry, if there is one.
    pub fn new(conversation: Conversation, entry: Option<Seq>) -> Self {
        let conversation_id = entry.map(|_| conversation.id);
        Self { conversation, conversation_id, seq: entry.map(Seq::get) }
    }
}

/// A participant as he is after a change, with the entry that this very request appended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AppendedParticipant {
    /// The participant.
    #[serde(flatten)]
    pub participant: Participant,
    /// The conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<ConversationId>,
    /// The entry; absent where nothing had to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
}

impl AppendedParticipant {
    /// The participant of this conversation with the entry, if there is one.
    pub fn new(participant: Participant, conversation: ConversationId, entry: Option<Seq>) -> Self {
        Self { participant, conversation_id: entry.map(|_| conversation), seq: entry.map(Seq::get) }
    }
}

/// The thing in another system that a conversation belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reference {
    /// The other system's type of thing.
    #[serde(rename = "type")]
    pub kind: String,
    /// The thing's id there.
    pub id: String,
}

/// One participant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Participant {
    /// Who.
    pub user_id: UserId,
    /// As what: `guest`, `member`, `admin`, `owner`.
    #[schemars(schema_with = "roles")]
    pub role: Cow<'static, str>,
    /// The entry by which he joined.
    pub joined_seq: u64,
    /// Up to where he has read, where that was read.
    #[serde(default)]
    pub read_seq: Option<u64>,
    /// When he moved it there.
    #[serde(default)]
    pub read_at: Option<WireTime>,
}

fn kinds(_: &mut SchemaGenerator) -> Schema {
    names(ConversationKind::ALL.map(ConversationKind::as_str))
}

fn histories(_: &mut SchemaGenerator) -> Schema {
    names(History::ALL.map(History::as_str))
}

pub(crate) fn roles(_: &mut SchemaGenerator) -> Schema {
    names(Role::ALL.map(Role::as_str))
}

impl From<Member<'_>> for Participant {
    fn from(member: Member<'_>) -> Self {
        Self {
            user_id: member.user.clone(),
            role: Cow::Borrowed(member.participant.role.as_str()),
            joined_seq: member.participant.joined.get(),
            read_seq: None,
            read_at: None,
        }
    }
}

impl Participant {
    /// Adds up to where he has read.
    #[must_use]
    pub fn with_cursor(self, cursor: Option<(Seq, Timestamp)>) -> Self {
        let (read_seq, read_at) = cursor.map(|(seq, at)| (seq.get(), at.into())).unzip();
        Self { read_seq, read_at, ..self }
    }
}

impl From<&ConversationView> for Conversation {
    fn from(view: &ConversationView) -> Self {
        let conversation = &view.conversation;
        Self {
            id: conversation.id,
            kind: Cow::Borrowed(conversation.kind.as_str()),
            title: conversation.title.as_ref().map(|title| title.as_str().to_owned()),
            r#ref: conversation.reference.as_ref().map(|reference| Reference {
                kind: reference.kind.to_string(),
                id: reference.id.to_string(),
            }),
            created_by: conversation.created_by.clone(),
            created_at: conversation.created_at.into(),
            writable: view.writable,
            participant_count: view.roster.len(),
            participants: view.roster.members().take(SHOWN_PARTICIPANTS).map(Participant::from).collect(),
            history: Cow::Borrowed(conversation.history.as_str()),
            last_message: view.last_message.as_ref().map(Message::from),
            head_seq: view.head_seq.get(),
            head_n: view.head_n,
            read_seq: None,
            unread_count: None,
            muted: None,
            archived: None,
        }
    }
}

impl Conversation {
    /// Adds what is one reader's own.
    #[must_use]
    pub fn for_reader(self, read_seq: Seq, unread_count: u64) -> Self {
        Self { read_seq: Some(read_seq.get()), unread_count: Some(unread_count), ..self }
    }

    /// Adds what the reader decided for himself.
    #[must_use]
    pub fn with_settings(self, is_muted: bool, is_archived: bool) -> Self {
        Self { muted: Some(is_muted), archived: Some(is_archived), ..self }
    }

    /// Adds up to where each participant has read, as `cursor` knows it.
    #[must_use]
    pub fn with_cursors(mut self, cursor: impl Fn(&UserId) -> Option<(Seq, Timestamp)>) -> Self {
        for participant in &mut self.participants {
            if let Some((seq, at)) = cursor(&participant.user_id) {
                participant.read_seq = Some(seq.get());
                participant.read_at = Some(at.into());
            }
        }
        self
    }
}
