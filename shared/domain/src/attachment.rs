//! Uploaded files: what each is said to be, how far its check has come, and which message owns it.

mod attached;
mod content_type;
mod description;
mod file_name;
mod media;
mod object;
mod reason;
mod state;
mod upload;

pub use self::{
    attached::{AttachedFile, Stage},
    content_type::ContentType,
    description::{FileDescription, FileSize, InvalidSize, Sha256Digest},
    file_name::FileName,
    media::{Dimensions, MediaFacts},
    object::{ObjectArea, ObjectKey, ObjectTag},
    reason::Reason,
    state::{AttachmentState, CleanFile, Scan, Verdict},
    upload::{PartPlan, Upload, UploadId, UploadMethod},
};
use crate::{
    ids::{AttachmentId, MessageId, UserId},
    time::Timestamp,
};

use std::time::Duration;

/// An uploaded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// Who uploads it: until a message owns it nobody else sees it.
    pub uploader: UserId,
    /// What the uploader said that it is; of a clean file, the size and the digest of what is handed out.
    pub file: FileDescription,
    /// When its upload began.
    pub created_at: Timestamp,
    /// When it is deleted unless a message owns it by then, in whole seconds; `None` once one does.
    pub expires_at: Option<Timestamp>,
    /// The one message that owns it.
    pub message: Option<MessageId>,
    /// How far it has come.
    pub state: AttachmentState,
    /// What was found in it: of clean pictures and recordings.
    pub media: Option<MediaFacts>,
    /// How often it was written: a change names the version that it was made from.
    pub version: u64,
}

impl Attachment {
    /// How long a file waits for the message that owns it, from the end of its upload, and an unfinished upload for nobody.
    pub const UNOWNED_FOR: Duration = Duration::from_hours(24);

    /// An upload that begins.
    pub fn begun(
        id: AttachmentId,
        uploader: UserId,
        file: FileDescription,
        upload: Upload,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            uploader,
            file,
            created_at: now,
            expires_at: Some(unowned_until(upload.until)),
            message: None,
            state: AttachmentState::Uploading(upload),
            media: None,
            version: 1,
        }
    }

    /// Where its bytes lie, or would.
    pub const fn object(&self, area: ObjectArea) -> ObjectKey {
        ObjectKey { area, id: self.id }
    }

    /// As a reader sees it now, since rows are deleted late: an upload that was not finished in time has expired; what has waited too long for a
    /// message, or was deleted, is not there.
    pub fn seen_at(self, now: Timestamp) -> Option<Self> {
        let is_removed = matches!(self.state, AttachmentState::Removed { .. });
        if is_removed || self.expires_at.is_some_and(|at| now >= at) {
            return None;
        }
        Some(self.clone().expired(now).unwrap_or(self))
    }

    /// Whether a message may take it: no other has it, and nothing bad is known of it. Its file may still be on its way: the store tells of it
    /// later than the client knows.
    pub const fn is_claimable(&self) -> bool {
        self.message.is_none()
            && matches!(
                self.state,
                AttachmentState::Uploading(_) | AttachmentState::Scanning(_) | AttachmentState::Clean { .. }
            )
    }

    /// The file has arrived: it waits for its scan. What arrives once more under the same tag is no news; another file in its place, which an
    /// upload form allows for as long as it is good, is scanned instead.
    pub fn arrived(self, tag: ObjectTag, now: Timestamp) -> Option<Self> {
        match &self.state {
            AttachmentState::Uploading(_) => {}
            AttachmentState::Scanning(scan) if scan.tag != tag => {}
            _ => return None,
        }
        let expires_at = self.message.is_none().then(|| unowned_until(now));
        let state = AttachmentState::Scanning(Scan { since: now, tag, attempts: 0 });
        Some(Self { expires_at, state, ..self }.next())
    }

    /// Whether a verdict on these bytes is news. One on a file that was replaced meanwhile says nothing; one that is told before the file's arrival
    /// counts.
    pub fn awaits_verdict_on(&self, tag: &ObjectTag) -> bool {
        match &self.state {
            AttachmentState::Uploading(_) => true,
            AttachmentState::Scanning(scan) => scan.tag == *tag,
            _ => false,
        }
    }

    /// A scan has ended, and the look into the file after it, if that [is news](Self::awaits_verdict_on).
    pub fn scanned(self, verdict: Verdict, tag: &ObjectTag, now: Timestamp) -> Option<Self> {
        if !self.awaits_verdict_on(tag) {
            return None;
        }
        let expires_at = self.message.is_none().then(|| unowned_until(now));
        let judged = match verdict {
            Verdict::Refused(reason) => {
                Self { state: AttachmentState::Refused { since: now, reason }, ..self }
            }
            Verdict::Clean(CleanFile { rewritten, media }) => {
                let mut file = self.file;
                if let Some((size, sha256)) = rewritten {
                    (file.size, file.sha256) = (size, Some(sha256));
                }
                Self { state: AttachmentState::Clean { since: now }, file, media, ..self }
            }
        };
        Some(Self { expires_at, ..judged }.next())
    }

    /// The scan did not come, or came to nothing, and is asked for once more.
    pub fn scan_again(self) -> Option<Self> {
        let AttachmentState::Scanning(scan) = self.state.clone() else { return None };
        let state = AttachmentState::Scanning(Scan { attempts: scan.attempts + 1, ..scan });
        Some(Self { state, ..self }.next())
    }

    /// No scan comes any more.
    pub fn given_up(self, now: Timestamp) -> Option<Self> {
        let AttachmentState::Scanning(_) = self.state else { return None };
        let state = AttachmentState::Refused { since: now, reason: Reason::NotScanned };
        Some(Self { state, ..self }.next())
    }

    /// The upload was not finished in time.
    pub fn expired(self, now: Timestamp) -> Option<Self> {
        match &self.state {
            AttachmentState::Uploading(upload) if now >= upload.until => {
                let state = AttachmentState::Refused { since: upload.until, reason: Reason::NotUploaded };
                Some(Self { state, ..self }.next())
            }
            _ => None,
        }
    }

    /// What arrived is not what was announced: the upload has failed for good.
    pub fn refused(self, now: Timestamp) -> Option<Self> {
        match &self.state {
            AttachmentState::Uploading(_) | AttachmentState::Scanning(_) => {
                let state = AttachmentState::Refused { since: now, reason: Reason::NotAsAnnounced };
                Some(Self { state, ..self }.next())
            }
            _ => None,
        }
    }

    /// It is deleted, whoever owned it. Its objects are to be deleted after this is written, and again when its row goes.
    pub fn removed(self, now: Timestamp) -> Option<Self> {
        if matches!(self.state, AttachmentState::Removed { .. }) {
            return None;
        }
        let (state, expires_at) = (AttachmentState::Removed { since: now }, Some(unowned_until(now)));
        Some(Self { expires_at, state, media: None, ..self }.next())
    }

    /// A message takes it, and it no longer expires; `None` unless it [`is_claimable`](Self::is_claimable), or where the message has it already.
    pub fn claimed_by(self, message: MessageId) -> Option<Self> {
        self.is_claimable().then(|| Self { message: Some(message), expires_at: None, ..self }.next())
    }

    fn next(self) -> Self {
        Self { version: self.version + 1, ..self }
    }
}

/// A day later, in whole seconds, as rows expire.
fn unowned_until(from: Timestamp) -> Timestamp {
    Timestamp::from_millis((from.plus(Attachment::UNOWNED_FOR).as_secs() + 1) * 1000)
}

#[cfg(test)]
mod tests;
