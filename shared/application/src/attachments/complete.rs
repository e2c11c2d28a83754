//! The end of an upload, as its client declares it: large files are put together, and whatever is there waits for its scan from now on.

use std::{sync::Arc, time::Duration};

use parlance_domain::{
    attachment::{Attachment, AttachmentState, ObjectArea, ObjectTag, PartPlan, Stage, UploadMethod},
    ids::{AttachmentId, UserId},
};

use super::{ATTEMPTS, own};
use crate::ports::{
    PortError, Replacing,
    attachments::{AttachmentRepository, Completing, MultipartUploads, ObjectStore, UploadedPart},
    environment::Clock,
};

/// How many parts the store lists at once.
const PAGE: u32 = 1_000;

/// How long is waited, time after time, for what another attempt is about to put together.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// How many missing parts are named.
const NAMED: usize = 20;

/// Ends uploads. Done again, or by two at once, it is done once.
///
/// The store tells of new objects by itself, so that an upload by form need not be ended; but a client that has ended it knows that its file was
/// seen.
#[derive(Clone)]
pub struct CompleteUpload {
    attachments: Arc<dyn AttachmentRepository>,
    multipart: Arc<dyn MultipartUploads>,
    store: Arc<dyn ObjectStore>,
    clock: Arc<dyn Clock>,
}

/// Why an upload has not ended.
#[derive(Debug, thiserror::Error)]
pub enum CompleteUploadError {
    /// There is no such attachment for this user.
    #[error("no such attachment")]
    NotFound,
    /// The file is not there.
    #[error("the file has not arrived")]
    NothingThere,
    /// Some parts are not there, the first of which are these.
    #[error("parts are missing: {}", listed(.0))]
    PartsMissing(Vec<u32>),
    /// It was not finished in time, or what came was not what was announced.
    #[error("the upload has expired")]
    Expired,
    /// Others are busy with the same attachment.
    #[error("others change the attachment")]
    Unavailable,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

fn listed(numbers: &[u32]) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

impl CompleteUpload {
    /// Takes the ports.
    pub fn new(
        attachments: Arc<dyn AttachmentRepository>,
        multipart: Arc<dyn MultipartUploads>,
        store: Arc<dyn ObjectStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { attachments, multipart, store, clock }
    }

    /// The attachment as it is now.
    pub async fn execute(&self, user: &UserId, id: AttachmentId) -> Result<Attachment, CompleteUploadError> {
        for _ in 0..ATTEMPTS {
            let now = self.clock.now();
            let attachment = own(&*self.attachments, user, id, now).await?;
            let attachment = attachment.ok_or(CompleteUploadError::NotFound)?;
            let tag = match &attachment.state {
                AttachmentState::Uploading(upload) => match &upload.method {
                    UploadMethod::Parts(plan) => match self.put_together(&attachment, plan).await? {
                        Some(tag) => tag,
                        None => continue,
                    },
                    UploadMethod::Form | UploadMethod::Direct => self.stored(&attachment).await?,
                },
                state if Stage::from(state) == Stage::Expired => return Err(CompleteUploadError::Expired),
                _ => return Ok(attachment),
            };
            let Some(arrived) = attachment.clone().arrived(tag, now) else { return Ok(attachment) };
            if self.attachments.replace(&arrived).await? == Replacing::Replaced {
                return Ok(arrived);
            }
        }
        Err(CompleteUploadError::Unavailable)
    }

    /// The tag of the whole; `None` where the attachment has gone on meanwhile.
    async fn put_together(
        &self,
        attachment: &Attachment,
        plan: &PartPlan,
    ) -> Result<Option<ObjectTag>, CompleteUploadError> {
        let key = attachment.object(ObjectArea::Quarantine);
        let Some(parts) = self.parts(attachment, plan).await? else {
            return self.put_together_by_another(attachment).await;
        };
        match self.multipart.complete(&key, &plan.upload, &parts).await? {
            Completing::Completed(tag) => Ok(Some(tag)),
            Completing::Gone => self.put_together_by_another(attachment).await,
            Completing::Refused => Err(CompleteUploadError::Unavailable),
        }
    }

    /// The same for what another attempt puts together: its upload is gone at once, its object may take a moment, and be gone again when it was
    /// scanned, or deleted.
    async fn put_together_by_another(
        &self,
        attachment: &Attachment,
    ) -> Result<Option<ObjectTag>, CompleteUploadError> {
        for pause in PAUSES {
            match self.stored(attachment).await {
                Err(CompleteUploadError::NothingThere) => {}
                other => return other.map(Some),
            }
            let standing = self.attachments.find(attachment.id).await?;
            if !standing.is_some_and(|now| matches!(now.state, AttachmentState::Uploading(_))) {
                return Ok(None);
            }
            self.clock.sleep(pause).await;
        }
        Err(CompleteUploadError::Unavailable)
    }

    /// All parts, none of which is missing; `None` where there is no such upload any more.
    async fn parts(
        &self,
        attachment: &Attachment,
        plan: &PartPlan,
    ) -> Result<Option<Vec<UploadedPart>>, CompleteUploadError> {
        let (key, size) = (attachment.object(ObjectArea::Quarantine), attachment.file.size);
        let mut parts: Vec<UploadedPart> = Vec::new();
        loop {
            let after = parts.last().map_or(0, |part| part.number);
            let Some(page) = self.multipart.parts(&key, &plan.upload, after, PAGE).await? else {
                return Ok(None);
            };
            let is_last = !page.has_more || page.parts.is_empty();
            parts.extend(page.parts);
            if is_last {
                break;
            }
        }
        let is_there = |number: &u32| {
            let place = parts.binary_search_by_key(number, |part| part.number).ok();
            let found = place.and_then(|place| parts.get(place)).map(|part| part.bytes);
            found == plan.bytes_of(*number, size)
        };
        let missing: Vec<u32> =
            (1..=plan.count(size)).filter(|number| !is_there(number)).take(NAMED).collect();
        if missing.is_empty() { Ok(Some(parts)) } else { Err(CompleteUploadError::PartsMissing(missing)) }
    }

    /// The tag of the object, which is there whole.
    async fn stored(&self, attachment: &Attachment) -> Result<ObjectTag, CompleteUploadError> {
        let stored = self.store.head(&attachment.object(ObjectArea::Quarantine)).await?;
        let whole = stored.filter(|object| object.bytes == attachment.file.size.bytes());
        whole.map(|object| object.tag).ok_or(CompleteUploadError::NothingThere)
    }
}
