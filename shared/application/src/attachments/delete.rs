//! Deleting a file that no message owns, or calling its upload off.

use std::sync::Arc;

use parlance_domain::{
    attachment::{Attachment, AttachmentState, ObjectArea, UploadMethod},
    ids::{AttachmentId, UserId},
};

use super::ATTEMPTS;
use crate::ports::{
    PortError, Replacing,
    attachments::{AttachmentRepository, MultipartUploads, ObjectStore},
    environment::Clock,
};

/// Deletes attachments. What a message owns goes with the message, and not before.
#[derive(Clone)]
pub struct DeleteAttachment {
    attachments: Arc<dyn AttachmentRepository>,
    multipart: Arc<dyn MultipartUploads>,
    store: Arc<dyn ObjectStore>,
    clock: Arc<dyn Clock>,
}

/// Why nothing is deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteAttachmentError {
    /// There is no such attachment of this user.
    #[error("no such attachment")]
    NotFound,
    /// A message owns it.
    #[error("a message owns the attachment: delete the message")]
    Owned,
    /// Others are busy with the same attachment.
    #[error("others change the attachment")]
    Unavailable,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl DeleteAttachment {
    /// Takes the ports.
    pub fn new(
        attachments: Arc<dyn AttachmentRepository>,
        multipart: Arc<dyn MultipartUploads>,
        store: Arc<dyn ObjectStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { attachments, multipart, store, clock }
    }

    /// Deletes it; done again within a day, it is done already.
    pub async fn execute(&self, user: &UserId, id: AttachmentId) -> Result<(), DeleteAttachmentError> {
        for _ in 0..ATTEMPTS {
            let now = self.clock.now();
            let found = self.attachments.find(id).await?;
            let found = found.filter(|row| row.uploader == *user && row.expires_at.is_none_or(|at| now < at));
            let attachment = found.ok_or(DeleteAttachmentError::NotFound)?;
            if attachment.message.is_some() {
                return Err(DeleteAttachmentError::Owned);
            }
            // What was removed may have been left behind by an attempt that died in between.
            let is_removed = match attachment.clone().removed(now) {
                Some(removed) => self.attachments.replace(&removed).await? == Replacing::Replaced,
                None => true,
            };
            if is_removed {
                self.throw_away(&attachment).await?;
                return Ok(());
            }
        }
        Err(DeleteAttachmentError::Unavailable)
    }

    async fn throw_away(&self, attachment: &Attachment) -> Result<(), PortError> {
        if let AttachmentState::Uploading(upload) = &attachment.state
            && let UploadMethod::Parts(plan) = &upload.method
        {
            self.multipart.abort(&attachment.object(ObjectArea::Quarantine), &plan.upload).await?;
        }
        self.store.delete(&ObjectArea::ALL.map(|area| attachment.object(area))).await
    }
}
