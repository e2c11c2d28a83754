//! A scan has ended: what is clean is handed out from now on, what is not is deleted.

use std::sync::Arc;

use parlance_domain::{
    attachment::{Attachment, AttachmentState, ObjectArea, ObjectTag, Verdict},
    ids::AttachmentId,
};

use super::{
    arrive::ReceiveAttachment,
    preview::may_have_preview,
    remove::objects_of,
    revise::{Revised, contended, revise},
    show::ShowAttachment,
    warn::WarnUploader,
};
use crate::ports::{
    PortError, Replacing,
    attachments::{AttachmentRepository, Copying, ObjectStore, Presentation, PreviewRequests},
    environment::Clock,
};

/// How often a verdict begins again after it was overtaken.
const ATTEMPTS: u32 = 8;

/// Carries out what scans have found.
#[derive(Clone)]
pub struct JudgeAttachment {
    attachments: Arc<dyn AttachmentRepository>,
    objects: Arc<dyn ObjectStore>,
    receive: ReceiveAttachment,
    previews: Arc<dyn PreviewRequests>,
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
    /// Makes small pictures.
    pub previews: Arc<dyn PreviewRequests>,
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
        let JudgePorts { attachments, objects, receive, previews, show, warn, clock } = ports;
        Self { attachments, objects, receive, previews, show, warn, clock }
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
            Finding::NoThreats => self.release(result).await,
            Finding::Threats(threats) => self.condemn(result, threats).await,
            Finding::Unread => {
                tracing::warn!(attachment.id = %result.id, "a scanner could not read a file");
                // It is asked again when its time is over; until then the next look is enough.
                Ok(())
            }
        }
    }

    async fn release(&self, result: &ScanResult) -> Result<(), PortError> {
        for _ in 0..ATTEMPTS {
            let Some(standing) = self.attachments.find(result.id).await? else {
                // It was deleted while it was copied: what came after the deletion has to go as well.
                return self.objects.delete(&objects_of(result.id)).await;
            };
            let clean = standing.clone().scanned(Verdict::Clean, &result.tag, self.clock.now());
            let Some(clean) = clean else { return self.finish(&standing).await };
            let from = clean.object(ObjectArea::Quarantine);
            let to = clean.object(ObjectArea::Clean);
            // First the bytes, then the state: what is clean can be fetched. What was scanned is what is copied, by its tag.
            match self.objects.copy(&from, &result.tag, &to, &presentation(&clean)).await? {
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
                if attachment.media.is_none() && may_have_preview(attachment) {
                    self.previews.request(attachment.id).await?;
                }
                self.objects.delete(&[attachment.object(ObjectArea::Quarantine)]).await
            }
            AttachmentState::Infected { .. }
            | AttachmentState::Unscannable { .. }
            | AttachmentState::Expired { .. }
            | AttachmentState::Removed { .. } => {
                self.objects.delete(&objects_of(attachment.id)).await?;
                self.show.execute(attachment).await
            }
            AttachmentState::Uploading(_) | AttachmentState::Scanning(_) => Ok(()),
        }
    }

    async fn condemn(&self, result: &ScanResult, threats: &[String]) -> Result<(), PortError> {
        let now = self.clock.now();
        let judged = revise(&*self.attachments, result.id, |standing| {
            standing.scanned(Verdict::Infected, &result.tag, now)
        });
        match judged.await? {
            Revised::Missing => self.objects.delete(&objects_of(result.id)).await,
            Revised::Unchanged(standing) => self.finish(&standing).await,
            Revised::Changed(infected) => {
                // The line that whoever looks after security is to find.
                tracing::warn!(
                    attachment.id = %infected.id, uploader.id = %infected.uploader, ?threats,
                    security = "malware", "an upload is infected and was deleted"
                );
                self.finish(&infected).await?;
                self.warn.execute(&infected).await;
                Ok(())
            }
        }
    }
}

/// What a browser is told of a clean file: to save it under its name, and a type under which nothing runs.
pub(super) fn presentation(attachment: &Attachment) -> Presentation {
    Presentation {
        content_type: attachment.file.content_type.served_as(),
        disposition: Some(attachment.file.name.disposition()),
    }
}
