//! `GET /api/messaging/attachments/{id}` → 200: how far a file has come, and where it is to be had once it is clean.

use async_trait::async_trait;
use parlance_application::attachments::read::ReadAttachment;
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::upload::ShownAttachment;

use super::shown;

/// Shows one attachment.
pub struct AttachmentRead {
    read: ReadAttachment,
}

impl AttachmentRead {
    /// Reads it by this use case.
    pub const fn new(read: ReadAttachment) -> Self {
        Self { read }
    }
}

#[async_trait]
impl HttpRoute for AttachmentRead {
    fn key(&self) -> &'static str {
        "GET /api/messaging/attachments/{id}"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let id = request.parts.path_id("id")?;
        let origin = request.parts.origin();
        let found = self.read.execute(request.caller.caller(), id, origin.as_ref()).await?;
        Reply::ok(&ShownAttachment {
            download_url: found.download_url,
            thumbnail_url: found.thumbnail_url,
            ..shown(&found.attachment, found.plan)
        })
    }
}
