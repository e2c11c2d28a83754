//! `DELETE /api/messaging/attachments/{id}/delete` → 204: the file is gone, or its upload was called off.

use async_trait::async_trait;
use parlance_application::attachments::delete::DeleteAttachment;
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};

/// Deletes attachments.
pub struct AttachmentDelete {
    delete: DeleteAttachment,
}

impl AttachmentDelete {
    /// Deletes them by this use case.
    pub const fn new(delete: DeleteAttachment) -> Self {
        Self { delete }
    }
}

#[async_trait]
impl HttpRoute for AttachmentDelete {
    fn key(&self) -> &'static str {
        "DELETE /api/messaging/attachments/{id}/delete"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        self.delete.execute(&request.caller.user, request.parts.path_id("id")?).await?;
        Ok(Reply::no_content())
    }
}
