//! `message.read` → `ack`: how far the reader has read now, and what is left.

use async_trait::async_trait;
use parlance_application::messages::mark_as_read::{MarkAsRead, Reading};
use parlance_edge::{
    Refusal,
    socket::{SocketCaller, SocketRoute},
    telemetry::{self, Noted},
};
use parlance_protocol::{
    frame::{self, ClientFrame},
    read_state::ReadState,
    request::mark_as_read,
};

/// Moves the cursors of sockets.
pub struct MessageRead {
    mark: MarkAsRead,
}

impl MessageRead {
    /// Moves them by this use case.
    pub const fn new(mark: MarkAsRead) -> Self {
        Self { mark }
    }
}

#[async_trait]
impl SocketRoute for MessageRead {
    fn kind(&self) -> &'static str {
        "message.read"
    }

    fn counts_by_itself(&self) -> bool {
        true
    }

    async fn handle(&self, caller: &SocketCaller, frame: ClientFrame) -> Result<String, Refusal> {
        let request = mark_as_read::MarkAsRead::parse(&frame.data, caller.scope.conversation())?;
        telemetry::note(Noted::Conversation(request.conversation.to_string().as_str()));
        let reading = Reading {
            reader: caller.user.clone(),
            conversation: request.conversation,
            up_to: request.up_to,
            from: Some(caller.connection.clone()),
            admission: caller.admission.clone(),
        };
        let read = self.mark.execute(reading).await?;
        let state = ReadState { read_seq: read.cursor.seq.get(), unread_count: read.unread };
        Ok(frame::ack(frame.id.as_deref(), None, &state))
    }
}
