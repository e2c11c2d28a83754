//! `POST /api/messaging/messages/mark_as_read` → 200: how far the reader has read now, as `message.read` does.

use async_trait::async_trait;
use parlance_application::messages::mark_as_read::{MarkAsRead, Reading};
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
    telemetry::{self, Noted},
};
use parlance_protocol::{read_state::ReadState, request::mark_as_read};

/// Moves cursors over HTTP.
pub struct MessageMarkAsRead {
    mark: MarkAsRead,
}

impl MessageMarkAsRead {
    /// Moves them by this use case.
    pub const fn new(mark: MarkAsRead) -> Self {
        Self { mark }
    }
}

#[async_trait]
impl HttpRoute for MessageMarkAsRead {
    fn key(&self) -> &'static str {
        "POST /api/messaging/messages/mark_as_read"
    }

    fn counts_by_itself(&self) -> bool {
        true
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let asked = mark_as_read::MarkAsRead::parse(&request.parts.json()?, None)?;
        telemetry::note(Noted::Conversation(asked.conversation.to_string().as_str()));
        let reading = Reading {
            reader: request.caller.user,
            conversation: asked.conversation,
            up_to: asked.up_to,
            from: None,
            admission: request.admission,
        };
        let read = self.mark.execute(reading).await?;
        Reply::ok(&ReadState { read_seq: read.cursor.seq.get(), unread_count: read.unread })
    }
}
