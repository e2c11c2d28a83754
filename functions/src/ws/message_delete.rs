//! `message.delete` → `ack` with the tombstone.

use async_trait::async_trait;
use parlance_application::messages::delete::{DeleteMessage, Deletion};
use parlance_edge::{
    Refusal,
    socket::{SocketCaller, SocketRoute},
    telemetry::{self, Noted},
};
use parlance_protocol::{
    frame::{self, AppendedAt, ClientFrame},
    message::Message,
    request::delete_message,
};

/// Deletes the messages of sockets.
pub struct MessageDelete {
    delete: DeleteMessage,
}

impl MessageDelete {
    /// Deletes by this use case.
    pub const fn new(delete: DeleteMessage) -> Self {
        Self { delete }
    }
}

#[async_trait]
impl SocketRoute for MessageDelete {
    fn kind(&self) -> &'static str {
        "message.delete"
    }

    async fn handle(&self, caller: &SocketCaller, frame: ClientFrame) -> Result<String, Refusal> {
        let scope = caller.scope.conversation();
        let id = delete_message::DeleteMessage::parse(&frame.data, scope)?.message_id;
        telemetry::note(Noted::Conversation(id.conversation.to_string().as_str()));
        let deletion = Deletion { caller: caller.caller(), id, from: Some(caller.connection.clone()) };
        let deleted = self.delete.execute(deletion).await?;
        let appended = deleted.entry.map(|seq| AppendedAt { conversation: id.conversation, seq });
        Ok(frame::ack(frame.id.as_deref(), appended, &Message::from(&deleted.tombstone)))
    }
}
