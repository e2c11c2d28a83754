//! Who has read how far, on the wire.

use std::collections::BTreeMap;

use parlance_domain::ids::{ConversationId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wire_time::WireTime;

/// How far the reader has read a conversation now: the data of the answer to `message.read`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReadState {
    /// Up to this entry: the cursor, or one's own last message where that is later.
    pub read_seq: u64,
    /// How many messages stand after it.
    pub unread_count: u64,
}

/// What a user has not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnreadCount {
    /// In all conversations together.
    pub total: u64,
    /// In each that has something unread.
    pub conversations: BTreeMap<ConversationId, u64>,
}

/// How far one member has read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Receipt {
    /// Who.
    pub user_id: UserId,
    /// Up to this entry.
    pub read_seq: u64,
    /// When he got there.
    pub read_at: WireTime,
}
