//! Which parts of a large file are there, so that an upload goes on where it broke off.

use std::sync::Arc;

use parlance_domain::{
    attachment::{AttachmentState, ObjectArea, UploadMethod},
    ids::{AttachmentId, UserId},
};

use super::own;
use crate::ports::{
    PortError,
    attachments::{AttachmentRepository, MultipartUploads, PartPage},
    environment::Clock,
};

/// Lists parts.
#[derive(Clone)]
pub struct ListParts {
    attachments: Arc<dyn AttachmentRepository>,
    multipart: Arc<dyn MultipartUploads>,
    clock: Arc<dyn Clock>,
}

/// Why no parts are listed.
#[derive(Debug, thiserror::Error)]
pub enum ListPartsError {
    /// There is no such attachment for this user.
    #[error("no such attachment")]
    NotFound,
    /// Nothing is to come any more, or not in parts.
    #[error("the attachment takes no parts")]
    TakesNone,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl ListParts {
    /// Takes the ports.
    pub fn new(
        attachments: Arc<dyn AttachmentRepository>,
        multipart: Arc<dyn MultipartUploads>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { attachments, multipart, clock }
    }

    /// The parts that are there, by number, after this one.
    pub async fn execute(
        &self,
        user: &UserId,
        id: AttachmentId,
        after: u32,
        limit: u32,
    ) -> Result<PartPage, ListPartsError> {
        let now = self.clock.now();
        let attachment = own(&*self.attachments, user, id, now).await?.ok_or(ListPartsError::NotFound)?;
        let AttachmentState::Uploading(upload) = &attachment.state else {
            return Err(ListPartsError::TakesNone);
        };
        let UploadMethod::Parts(plan) = &upload.method else { return Err(ListPartsError::TakesNone) };
        let key = attachment.object(ObjectArea::Quarantine);
        let page = self.multipart.parts(&key, &plan.upload, after, limit).await?;
        // It was put together this moment, and its row does not say so yet.
        page.ok_or(ListPartsError::TakesNone)
    }
}
