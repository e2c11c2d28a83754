//! The answer to `sync`: what became of each conversation, and which ones the client does not know yet.

use std::{borrow::Cow, collections::BTreeMap};

use parlance_domain::ids::ConversationId;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use crate::{conversation::Conversation, event::EventFrame, spec::schemas::names};

/// What a client missed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Synced {
    /// Each conversation that the client named.
    pub conversations: BTreeMap<ConversationId, SyncedConversation>,
    /// The user's most recent conversations that it did not name, at most 50.
    pub new: Vec<Conversation>,
}

/// What became of one conversation.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SyncedConversation {
    /// `recovered`: every entry after the cursor comes, or came, in order. `reset`: read the log. `gone`: the user is no longer in it.
    #[schemars(schema_with = "outcomes")]
    pub outcome: Cow<'static, str>,
    /// The newest entry's position: once it is held, the conversation is up to date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_seq: Option<u64>,
    /// How many entries a person would count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_n: Option<u64>,
    /// Up to where the reader has read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_seq: Option<u64>,
    /// How much the reader has not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread_count: Option<u64>,
    /// Where the log begins for a reader who does not see all of it: below it nothing is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seq: Option<u64>,
    /// Over HTTP, the entries of a conversation that was recovered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::spec::events::durable")]
    pub items: Option<Vec<EventFrame>>,
}

fn outcomes(_: &mut SchemaGenerator) -> Schema {
    names([SyncedConversation::RECOVERED, SyncedConversation::RESET, SyncedConversation::GONE])
}

impl SyncedConversation {
    /// Every entry after the cursor was replayed.
    pub const RECOVERED: &'static str = "recovered";
    /// The log is to be read.
    pub const RESET: &'static str = "reset";
    /// The user is not in it.
    pub const GONE: &'static str = "gone";

    /// A conversation that the user is not in.
    pub const fn gone() -> Self {
        Self {
            outcome: Cow::Borrowed(Self::GONE),
            head_seq: None,
            head_n: None,
            read_seq: None,
            unread_count: None,
            first_seq: None,
            items: None,
        }
    }
}

/// The largest answer over a socket in bytes: API Gateway carries messages of up to 128 KB.
const MAX_ANSWER_BYTES: usize = 120_000;

impl Synced {
    /// The answer as a socket can carry it: of the new conversations participants, newest messages and then the least recent ones
    /// are left out until it fits. All of them can be read over HTTP.
    #[must_use]
    pub fn fitting_a_frame(mut self) -> Self {
        let is_too_large =
            |synced: &Self| serde_json::to_string(synced).is_ok_and(|text| text.len() > MAX_ANSWER_BYTES);
        for participants in [10, 0] {
            if !is_too_large(&self) {
                return self;
            }
            for conversation in &mut self.new {
                conversation.participants.truncate(participants);
            }
        }
        while !self.new.is_empty() && is_too_large(&self) {
            let has_messages = self.new.iter().any(|conversation| conversation.last_message.is_some());
            if has_messages {
                self.new.iter_mut().for_each(|conversation| conversation.last_message = None);
            } else {
                self.new.truncate(self.new.len() / 2);
            }
        }
        self
    }
}
