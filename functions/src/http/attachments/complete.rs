//! `POST /api/messaging/attachments/{id}/complete` → 200: an upload has ended, and the file waits for its scan.

use async_trait::async_trait;
use parlance_application::attachments::complete::CompleteUpload;
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};

use super::shown;

/// Ends uploads.
pub struct AttachmentComplete {
    complete: CompleteUpload,
}

impl AttachmentComplete {
    /// Ends them by this use case.
    pub const fn new(complete: CompleteUpload) -> Self {
        Self { complete }
    }
}

#[async_trait]
impl HttpRoute for AttachmentComplete {
    fn key(&self) -> &'static str {
        "POST /api/messaging/attachments/{id}/complete"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let id = request.parts.path_id("id")?;
        let attachment = self.complete.execute(&request.caller.user, id).await?;
        Reply::ok(&shown(&attachment, None))
    }
}
