//! Conversations over HTTP.

pub mod create;
pub mod detail;
pub mod direct;
pub mod list;
pub mod log;
pub mod messages;

use parlance_application::conversations::summary::Summary;
use parlance_domain::{head::Seq, ids::ConversationId};
use parlance_protocol::conversation::Conversation;
use serde::Serialize;

/// A conversation as its reader is shown it.
fn rendered(summary: &Summary) -> Conversation {
    Conversation::from(&summary.view)
        .with_cursors(|user| summary.cursors.get(user).map(|cursor| (cursor.seq, cursor.at)))
        .for_reader(summary.read.seq, summary.unread)
}

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
