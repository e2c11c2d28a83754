//! `GET /api/messaging/conversations/ref/{type}/{id}` → 200: the conversation of a thing in another system, with an `ETag`.

use async_trait::async_trait;
use parlance_application::conversations::detail::ConversationDetail;
use parlance_domain::{conversation::Reference, ids::ConversationId};
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::problem::Problem;

use super::rendered;

/// Finds conversations by their references.
pub struct ConversationOfReference {
    detail: ConversationDetail,
}

impl ConversationOfReference {
    /// Shows them by this use case.
    pub const fn new(detail: ConversationDetail) -> Self {
        Self { detail }
    }
}

#[async_trait]
impl HttpRoute for ConversationOfReference {
    fn key(&self) -> &'static str {
        "GET /api/messaging/conversations/ref/{type}/{id}"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let (kind, id) = (request.parts.path_text("type"), request.parts.path_text("id"));
        let reference = Reference::parse(kind, id).map_err(|_| Problem::not_found())?;
        let id = ConversationId::of_reference(&reference.kind, &reference.id);
        let summary = self.detail.execute(request.caller.caller(), id).await?;
        Ok(Reply::ok(&rendered(&summary))?.with_etag_of_body())
    }
}
