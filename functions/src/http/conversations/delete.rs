//! `DELETE /api/messaging/conversations/{id}` → 204: it is closed for ever.

use async_trait::async_trait;
use parlance_application::conversations::{
    change::{ChangeConversation, ChangeRequest},
    close::Close,
};
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};

/// Deletes conversations.
pub struct ConversationDelete {
    change: ChangeConversation,
}

impl ConversationDelete {
    /// Deletes by this use case.
    pub const fn new(change: ChangeConversation) -> Self {
        Self { change }
    }
}

#[async_trait]
impl HttpRoute for ConversationDelete {
    fn key(&self) -> &'static str {
        "DELETE /api/messaging/conversations/{id}"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let conversation = request.parts.path_id("id")?;
        let caller = request.caller.caller();
        let request = ChangeRequest { conversation, caller, subject: None, from: None };
        self.change.execute(request, &Close).await?;
        Ok(Reply::no_content())
    }
}
