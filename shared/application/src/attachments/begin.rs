//! Announcing an upload: what will come is kept, and the client learns where to bring it.

use std::{sync::Arc, time::Duration};

use parlance_domain::{
    attachment::{
        Attachment, FileDescription, ObjectArea, ObjectKey, PartPlan, Upload, UploadId, UploadMethod,
    },
    ids::{AttachmentId, UserId},
};

use super::plan::{UploadPlan, plan_of};
use crate::ports::{
    PortError,
    attachments::{
        AttachmentRepository, AttachmentTimer, Creating, MultipartUploads, NewMultipart, UploadSigner,
    },
    environment::{Clock, Random},
    idempotency::RequestSeed,
};

/// After which time somebody looks what has become of an upload: as late as a queue delays.
pub(super) const LOOK_AFTER: Duration = Duration::from_mins(15);

/// Begins uploads.
#[derive(Clone)]
pub struct BeginUpload {
    attachments: Arc<dyn AttachmentRepository>,
    multipart: Arc<dyn MultipartUploads>,
    signer: Arc<dyn UploadSigner>,
    timer: Arc<dyn AttachmentTimer>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// What is to be uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUpload {
    /// The file.
    pub file: FileDescription,
    /// What the request shares with its retries; without it each begins an upload of its own.
    pub seed: Option<RequestSeed>,
}

/// An upload that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BegunUpload {
    /// The attachment.
    pub attachment: Attachment,
    /// How its bytes are to come; `None` where a retry finds that they are there.
    pub plan: Option<UploadPlan>,
}

impl BeginUpload {
    /// Takes the ports.
    pub fn new(
        attachments: Arc<dyn AttachmentRepository>,
        multipart: Arc<dyn MultipartUploads>,
        signer: Arc<dyn UploadSigner>,
        timer: Arc<dyn AttachmentTimer>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self { attachments, multipart, signer, timer, clock, random }
    }

    /// Keeps what will come, and says how.
    pub async fn execute(&self, user: &UserId, new: NewUpload) -> Result<BegunUpload, PortError> {
        let id = id_of(new.seed, &*self.random);
        let standing = if new.seed.is_some() { self.attachments.find(id).await? } else { None };
        let attachment = match standing {
            Some(standing) => standing,
            None => self.create(id, user, new.file).await?,
        };
        // Whatever becomes of the upload, somebody looks after it: its client may go, and the store's event be lost.
        self.timer.look_again(id, LOOK_AFTER).await?;
        let plan = plan_of(&attachment, &*self.signer, self.clock.now()).await?;
        Ok(BegunUpload { attachment, plan })
    }

    async fn create(
        &self,
        id: AttachmentId,
        user: &UserId,
        file: FileDescription,
    ) -> Result<Attachment, PortError> {
        let now = self.clock.now();
        let key = ObjectKey { area: ObjectArea::Quarantine, id };
        let (upload, begun) = if file.size.bytes() > PartPlan::ABOVE_BYTES {
            let begun = self.begin_parts(&key, &file).await?;
            let part_bytes = PartPlan::part_bytes_for(file.size);
            let method = UploadMethod::Parts(PartPlan { upload: begun.clone(), part_bytes });
            (Upload { method, until: now.plus(Upload::PARTS_WITHIN) }, Some(begun))
        } else {
            (Upload { method: UploadMethod::Form, until: now.plus(Upload::WHOLE_WITHIN) }, None)
        };
        let attachment = Attachment::begun(id, user.clone(), file, upload, now);
        match self.attachments.create(&attachment).await? {
            Creating::Created => Ok(attachment),
            Creating::Exists(standing) => {
                // Another attempt at the same request was quicker.
                if let Some(begun) = begun {
                    self.multipart.abort(&key, &begun).await?;
                }
                Ok(*standing)
            }
        }
    }

    async fn begin_parts(&self, key: &ObjectKey, file: &FileDescription) -> Result<UploadId, PortError> {
        let new =
            NewMultipart { content_type: file.content_type.clone(), has_digests: file.sha256.is_some() };
        self.multipart.begin(key, &new).await
    }
}

/// The id that all attempts at a request share; a fresh one for a request that has no key.
pub(super) fn id_of(seed: Option<RequestSeed>, random: &dyn Random) -> AttachmentId {
    AttachmentId::from_bytes(seed.map_or_else(|| random.bytes(), |seed| seed.0))
}
