//! `GET /api/messaging/conversations/{id}` → 200: one conversation, with an `ETag`.

use async_trait::async_trait;
use parlance_application::conversations::detail::ConversationDetail;
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};

use super::rendered;

/// Shows one conversation.
pub struct ConversationRead {
    detail: ConversationDetail,
}

impl ConversationRead {
    /// Shows it by this use case.
    pub const fn new(detail: ConversationDetail) -> Self {
        Self { detail }
    }
}

#[async_trait]
impl HttpRoute for ConversationRead {
    fn key(&self) -> &'static str {
        "GET /api/messaging/conversations/{id}"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let id = request.parts.path_id("id")?;
        let summary = self.detail.execute(request.caller.caller(), id).await?;
        Ok(Reply::ok(&rendered(&summary))?.with_etag_of_body())
    }
}
