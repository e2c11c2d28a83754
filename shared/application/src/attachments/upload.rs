//! Uploading a small file in the request itself, as forms without JavaScript do.

use std::sync::Arc;

use parlance_domain::{
    attachment::{
        Attachment, AttachmentState, ContentType, FileDescription, FileName, FileSize, ObjectArea,
        Sha256Digest, Upload, UploadMethod,
    },
    ids::UserId,
};

use super::{
    ATTEMPTS,
    begin::{LOOK_AFTER, id_of},
};
use crate::ports::{
    PortError, Replacing,
    attachments::{AttachmentRepository, AttachmentTimer, Creating, ObjectStore, Presentation},
    environment::{Clock, Random},
    idempotency::RequestSeed,
};

/// Takes small files.
#[derive(Clone)]
pub struct UploadFile {
    attachments: Arc<dyn AttachmentRepository>,
    store: Arc<dyn ObjectStore>,
    timer: Arc<dyn AttachmentTimer>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// A file with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmallFile {
    /// What it is called.
    pub name: FileName,
    /// What it holds.
    pub content_type: ContentType,
    /// Its bytes, at most [`Upload::MAX_DIRECT_BYTES`].
    pub bytes: Vec<u8>,
    /// The digest that they have to have.
    pub sha256: Option<Sha256Digest>,
    /// What the request shares with its retries.
    pub seed: Option<RequestSeed>,
}

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum UploadFileError {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It is too large to come in one request.
    #[error("the file is too large to come in one request")]
    TooLarge,
    /// Its bytes are not those that were announced.
    #[error("the file has another digest")]
    OtherDigest,
    /// Others are busy with the same attachment.
    #[error("others change the attachment")]
    Unavailable,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl UploadFile {
    /// Takes the ports.
    pub fn new(
        attachments: Arc<dyn AttachmentRepository>,
        store: Arc<dyn ObjectStore>,
        timer: Arc<dyn AttachmentTimer>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self { attachments, store, timer, clock, random }
    }

    /// Keeps the file; it waits for its scan like every other.
    pub async fn execute(&self, user: &UserId, file: SmallFile) -> Result<Attachment, UploadFileError> {
        let bytes = u64::try_from(file.bytes.len()).unwrap_or(u64::MAX);
        if bytes > Upload::MAX_DIRECT_BYTES {
            return Err(UploadFileError::TooLarge);
        }
        let size = FileSize::new(bytes).map_err(|_| UploadFileError::Empty)?;
        let digest = Sha256Digest::of(&file.bytes);
        if file.sha256.is_some_and(|announced| announced != digest) {
            return Err(UploadFileError::OtherDigest);
        }
        let now = self.clock.now();
        let (name, content_type) = (file.name, file.content_type.clone());
        let described = FileDescription { name, content_type, size, sha256: Some(digest) };
        let upload = Upload { method: UploadMethod::Direct, until: now.plus(Upload::WHOLE_WITHIN) };
        let id = id_of(file.seed, &*self.random);
        let begun = Attachment::begun(id, user.clone(), described, upload, now);
        let mut attachment = match self.attachments.create(&begun).await? {
            Creating::Created => begun,
            Creating::Exists(standing) => *standing,
        };
        if !matches!(attachment.state, AttachmentState::Uploading(_)) {
            return Ok(attachment);
        }
        self.timer.look_again(id, LOOK_AFTER).await?;
        let key = attachment.object(ObjectArea::Quarantine);
        let presented = Presentation { content_type: file.content_type, disposition: None };
        let tag = self.store.put(&key, file.bytes, &presented).await?;
        for _ in 0..ATTEMPTS {
            let Some(arrived) = attachment.clone().arrived(tag.clone(), now) else { return Ok(attachment) };
            if self.attachments.replace(&arrived).await? == Replacing::Replaced {
                return Ok(arrived);
            }
            // The store told of it first, or its scan has ended already.
            attachment = self.attachments.find(id).await?.ok_or(UploadFileError::Unavailable)?;
        }
        Err(UploadFileError::Unavailable)
    }
}
