//! `DELETE /api/messaging/messages/{id}/delete` → 204, and 204 again.

use async_trait::async_trait;
use parlance_application::messages::delete::{DeleteMessage, Deletion};
use parlance_domain::ids::MessageId;
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
    telemetry::{self, Noted},
};

/// Deletes messages over HTTP.
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
impl HttpRoute for MessageDelete {
    fn key(&self) -> &'static str {
        "DELETE /api/messaging/messages/{id}/delete"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let id: MessageId = request.parts.path_id("id")?;
        telemetry::note(Noted::Conversation(id.conversation.to_string().as_str()));
        let deletion = Deletion { caller: request.caller.caller(), id, from: None };
        self.delete.execute(deletion).await?;
        Ok(Reply::no_content())
    }
}
