//! A scan has ended: what is clean, and what it says, is handed out from now on, what is not is deleted.

use std::sync::Arc;

use parlance_domain::{
    attachment::{
        Attachment, AttachmentState, CleanFile, ContentType, FileDescription, ObjectArea, ObjectKey,
        ObjectTag, Reason, Verdict,
    },
    ids::AttachmentId,
};

use super::{
    arrive::ReceiveAttachment,
    remove::objects_of,
    revise::{Revised, contended, revise},
    show::ShowAttachment,
    warn::WarnUploader,
};
use crate::ports::{
    PortError, Replacing,
    attachments::{AttachmentRepository, Copying, ObjectStore, Presentation},
    environment::Clock,
    inspection::{Inspected, Inspector, Passed, UninspectedFile},
};

/// How often a verdict begins again after it was overtaken.
const ATTEMPTS: u32 = 8;

/// Carries out what scans have found.
#[derive(Clone)]
pub struct JudgeAttachment {
    attachments: Arc<dyn AttachmentRepository>,
    objects: Arc<dyn ObjectStore>,
    receive: ReceiveAttachment,
    inspector: Arc<dyn Inspector>,
    show: ShowAttachment,
    warn: WarnUploader,
    clock: Arc<dyn Clock>,
}

/// What a scan has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanResult {
    /// Of which attachment.
    pub id: AttachmentId,
    /// In which bytes.
    pub tag: ObjectTag,
    /// What.
    pub finding: Finding,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Nothing bad.
    NoThreats,
    /// These, by the scanner's names.
    Threats(Vec<String>),
    /// The scanner could not read it, this time or ever.
    Unread,
}

/// What [`JudgeAttachment`] works over.
pub struct JudgePorts {
    /// The rows.
    pub attachments: Arc<dyn AttachmentRepository>,
    /// The bytes.
    pub objects: Arc<dyn ObjectStore>,
    /// Takes note of a file whose verdict came first.
    pub receive: ReceiveAttachment,
    /// Looks into what no scanner found anything in.
    pub inspector: Arc<dyn Inspector>,
    /// Tells the members.
    pub show: ShowAttachment,
    /// Tells the uploader.
    pub warn: WarnUploader,
    /// The host's clock.
    pub clock: Arc<dyn Clock>,
}

impl JudgeAttachment {
    /// Judges over these.
    pub fn new(ports: JudgePorts) -> Self {
        let JudgePorts { attachments, objects, receive, inspector, show, warn, clock } = ports;
        Self { attachments, objects, receive, inspector, show, warn, clock }
    }

    /// Carries out one result. A result that comes late, twice, or of bytes that are not there any more changes nothing; one whose first attempt
    /// died in the middle is carried to its end.
    pub async fn execute(&self, result: &ScanResult) -> Result<(), PortError> {
        let Some(standing) = self.attachments.find(result.id).await? else {
            return self.objects.delete(&objects_of(result.id)).await;
        };
        let is_news = match &standing.state {
            AttachmentState::Uploading(_) => true,
            AttachmentState::Scanning(scan) => scan.tag != result.tag,
            _ => false,
        };
        if is_news {
            // The verdict came before the news that there is anything, or something else: what lies there was not yet held against what was
            // announced.
            self.receive.execute(result.id).await?;
        }
        match &result.finding {
            Finding::NoThreats => self.look_into(result).await,
            Finding::Threats(threats) => {
                tracing::warn!(attachment.id = %result.id, ?threats, "a scanner found threats");
                self.refuse(result, Reason::Malware).await
            }
            Finding::Unread => {
                tracing::warn!(attachment.id = %result.id, "a scanner could not read a file");
                // It is asked again when its time is over; until then the next look is enough.
                Ok(())
            }
        }
    }

    /// What no scanner knows may still be no picture.
    async fn look_into(&self, result: &ScanResult) -> Result<(), PortError> {
        let Some(standing) = self.attachments.find(result.id).await? else {
            return self.objects.delete(&objects_of(result.id)).await;
        };
        if !standing.awaits_verdict_on(&result.tag) {
            return self.finish(&standing).await;
        }
        let Attachment { id, file, .. } = standing;
        let inspected = if is_looked_into(&file) {
            let tag = result.tag.clone();
            self.inspector.inspect(&UninspectedFile { id, tag, content_type: file.content_type }).await?
        } else {
            Inspected::Passed(Passed::default())
        };
        match inspected {
            Inspected::Changed => Ok(()),
            Inspected::Unfinished => {
                // As with a scan that comes to nothing: it is asked again when its time is over.
                tracing::warn!(attachment.id = %id, "a look into a file did not end");
                Ok(())
            }
            Inspected::Refused(reason) => self.refuse(result, reason).await,
            Inspected::Passed(passed) => self.release(result, passed).await,
        }
    }

    async fn release(&self, result: &ScanResult, passed: Passed) -> Result<(), PortError> {
        let Passed { rewritten, media, thumbnail } = passed;
        let (area, tag) = match &rewritten {
            Some(rewritten) => (ObjectArea::Inspected, rewritten.tag.clone()),
            None => (ObjectArea::Quarantine, result.tag.clone()),
        };
        let found = CleanFile { rewritten: rewritten.map(|file| (file.size, file.sha256)), media };
        if let Some(thumbnail) = thumbnail {
            let presented = Presentation { content_type: thumbnail.content_type, disposition: None };
            let key = ObjectKey { area: ObjectArea::Preview, id: result.id };
            self.objects.put(&key, thumbnail.bytes, &presented).await?;
        }
        for _ in 0..ATTEMPTS {
            let Some(standing) = self.attachments.find(result.id).await? else {
                // It was deleted while it was copied: what came after the deletion has to go as well.
                return self.objects.delete(&objects_of(result.id)).await;
            };
            let clean =
                standing.clone().scanned(Verdict::Clean(found.clone()), &result.tag, self.clock.now());
            let Some(clean) = clean else { return self.finish(&standing).await };
            let (from, to) = (clean.object(area), clean.object(ObjectArea::Clean));
            // First the bytes, then the state: what is clean can be fetched. What was looked into is what is copied, by its tag.
            match self.objects.copy(&from, &tag, &to, &presentation(&clean)).await? {
                Copying::Copied => {}
                Copying::Changed => return Ok(()),
            }
            match self.attachments.replace(&clean).await? {
                Replacing::Replaced => return self.finish(&clean).await,
                Replacing::Outdated => {}
            }
        }
        Err(contended())
    }

    /// What follows from a state, and may be done again.
    async fn finish(&self, attachment: &Attachment) -> Result<(), PortError> {
        match &attachment.state {
            AttachmentState::Clean { .. } => {
                self.show.execute(attachment).await?;
                let passed =
                    [ObjectArea::Quarantine, ObjectArea::Inspected].map(|area| attachment.object(area));
                self.objects.delete(&passed).await
            }
            AttachmentState::Refused { .. } | AttachmentState::Removed { .. } => {
                self.objects.delete(&objects_of(attachment.id)).await?;
                self.show.execute(attachment).await
            }
            AttachmentState::Uploading(_) | AttachmentState::Scanning(_) => Ok(()),
        }
    }

    async fn refuse(&self, result: &ScanResult, reason: Reason) -> Result<(), PortError> {
        let now = self.clock.now();
        let judged = revise(&*self.attachments, result.id, |standing| {
            standing.scanned(Verdict::Refused(reason), &result.tag, now)
        });
        match judged.await? {
            Revised::Missing => self.objects.delete(&objects_of(result.id)).await,
            Revised::Unchanged(standing) => self.finish(&standing).await,
            Revised::Changed(refused) => {
                // The line that whoever looks after security is to find.
                tracing::warn!(
                    attachment.id = %refused.id, uploader.id = %refused.uploader, reason = reason.as_str(),
                    security = "upload", "an upload was refused and deleted"
                );
                self.finish(&refused).await?;
                self.warn.execute(&refused).await;
                Ok(())
            }
        }
    }
}

/// Whether somebody looks into it. Of recordings that are too long for it the scanner's word counts; pictures and PDFs of that size are not taken.
fn is_looked_into(file: &FileDescription) -> bool {
    file.content_type.is_inspected() && file.size.bytes() <= ContentType::MAX_INSPECTED_BYTES
}

/// What a browser is told of a clean file: to save it under its name, and a type under which nothing runs.
pub(super) fn presentation(attachment: &Attachment) -> Presentation {
    Presentation {
        content_type: attachment.file.content_type.served_as(),
        disposition: Some(attachment.file.name.disposition()),
    }
}
