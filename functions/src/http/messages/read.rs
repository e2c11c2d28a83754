//! `GET /api/messaging/messages/{id}` → 200: one message as it stands; its `ETag` is its version.

use async_trait::async_trait;
use parlance_application::messages::find::FindMessage;
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::message::Message;

/// Shows one message.
pub struct MessageRead {
    find: FindMessage,
}

impl MessageRead {
    /// Finds it by this use case.
    pub const fn new(find: FindMessage) -> Self {
        Self { find }
    }
}

#[async_trait]
impl HttpRoute for MessageRead {
    fn key(&self) -> &'static str {
        "GET /api/messaging/messages/{id}"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let id = request.parts.path_id("id")?;
        let found = self.find.execute(request.caller.caller(), id).await?;
        let message = Message::from(&found);
        Ok(Reply::ok(&message)?.with_etag(&message.version.to_string()))
    }
}
