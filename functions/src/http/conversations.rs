//! Conversations over HTTP.

pub mod create;
pub mod detail;
pub mod direct;
pub mod list;
pub mod log;
pub mod messages;
pub mod receipts;
pub mod sync;

use parlance_application::conversations::summary::Summary;
use parlance_domain::{head::Seq, ids::ConversationId};
use parlance_protocol::conversation::Conversation;
use serde::Serialize;

use crate::rendering::conversation as rendered;

/// A conversation that was just created, with the entry that created it.
#[derive(Serialize)]
struct Created {
    #[serde(flatten)]
    conversation: Conversation,
    conversation_id: ConversationId,
    seq: u64,
}

impl Created {
    fn new(summary: &Summary) -> Self {
        let conversation = rendered(summary);
        Self { conversation_id: conversation.id, seq: Seq::FIRST.get(), conversation }
    }

    fn location(&self) -> String {
        format!("/api/messaging/conversations/{}/", self.conversation_id)
    }
}
