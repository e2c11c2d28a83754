//! `message.edit` → `ack` with the message as it stands now.

use async_trait::async_trait;
use parlance_application::messages::edit::{Edit, EditMessage};
use parlance_edge::{
    Refusal,
    socket::{SocketCaller, SocketRoute},
    telemetry::{self, Noted},
};
use parlance_protocol::{
    frame::{self, AppendedAt, ClientFrame},
    message::Message,
    request::edit_message,
};

/// Edits the messages of sockets.
pub struct MessageEdit {
    edit: EditMessage,
}

impl MessageEdit {
    /// Edits by this use case.
    pub const fn new(edit: EditMessage) -> Self {
        Self { edit }
    }
}

#[async_trait]
impl SocketRoute for MessageEdit {
    fn kind(&self) -> &'static str {
        "message.edit"
    }

    async fn handle(&self, caller: &SocketCaller, frame: ClientFrame) -> Result<String, Refusal> {
        let scope = caller.scope.conversation();
        let (id, request) = edit_message::EditMessage::parse_frame(&frame.data, scope)?;
        telemetry::note(Noted::Conversation(id.conversation.to_string().as_str()));
        let edit = Edit {
            editor: caller.caller(),
            id,
            content: request.content,
            if_versions: request.if_version.map(|version| vec![version]),
            from: Some(caller.connection.clone()),
        };
        let edited = self.edit.execute(edit).await?;
        let appended = edited.entry.map(|seq| AppendedAt { conversation: id.conversation, seq });
        Ok(frame::ack(frame.id.as_deref(), appended, &Message::from(&edited.message)))
    }
}
