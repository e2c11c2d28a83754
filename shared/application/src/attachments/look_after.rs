//! Looks after attachments whose upload or scan does not come to an end by itself: nothing stays stuck for ever.

use std::{sync::Arc, time::Duration};

use parlance_domain::{
    attachment::{Attachment, AttachmentState, ObjectArea, Scan, Upload},
    ids::AttachmentId,
    time::Timestamp,
};

use super::{
    arrive::{ReceiveAttachment, SCAN_WITHIN},
    remove::objects_of,
    revise::{Revised, revise},
    show::ShowAttachment,
};
use crate::ports::{
    PortError,
    attachments::{AttachmentRepository, AttachmentTimer, Copying, ObjectStore, Presentation},
    environment::Clock,
};

/// How often a scan is asked for again before the file counts as unscannable.
const SCANS_AGAIN: u32 = 3;

/// The longest time until the next look, which is as long as a queue delays.
const LONGEST_PAUSE: Duration = Duration::from_secs(900);

/// Looks after attachments.
#[derive(Clone)]
pub struct LookAfterAttachment {
    attachments: Arc<dyn AttachmentRepository>,
    objects: Arc<dyn ObjectStore>,
    receive: ReceiveAttachment,
    timer: Arc<dyn AttachmentTimer>,
    show: ShowAttachment,
    clock: Arc<dyn Clock>,
}

impl LookAfterAttachment {
    /// Looks after them over these.
    pub fn new(
        attachments: Arc<dyn AttachmentRepository>,
        objects: Arc<dyn ObjectStore>,
        receive: ReceiveAttachment,
        timer: Arc<dyn AttachmentTimer>,
        show: ShowAttachment,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { attachments, objects, receive, timer, show, clock }
    }

    /// Looks at one of them: an upload that was not finished in time has expired, and a scan that did not come is asked for again, or given up.
    pub async fn execute(&self, id: AttachmentId) -> Result<(), PortError> {
        let Some(standing) = self.attachments.find(id).await? else { return Ok(()) };
        let now = self.clock.now();
        match &standing.state {
            AttachmentState::Uploading(upload) => self.on_upload(&standing, upload, now).await,
            AttachmentState::Scanning(scan) => self.on_scan(&standing, scan, now).await,
            AttachmentState::Clean { .. }
            | AttachmentState::Refused { .. }
            | AttachmentState::Removed { .. } => Ok(()),
        }
    }

    async fn on_upload(
        &self,
        standing: &Attachment,
        upload: &Upload,
        now: Timestamp,
    ) -> Result<(), PortError> {
        if self.objects.head(&standing.object(ObjectArea::Quarantine)).await?.is_some() {
            // It is there, and its event was lost.
            return self.receive.execute(standing.id).await;
        }
        if now < upload.until {
            return self.timer.look_again(standing.id, pause(now, upload.until)).await;
        }
        self.end(standing.id, |attachment| attachment.expired(now)).await
    }

    async fn on_scan(&self, standing: &Attachment, scan: &Scan, now: Timestamp) -> Result<(), PortError> {
        let due = scan.since.plus(SCAN_WITHIN * (scan.attempts + 1));
        if now < due {
            return self.timer.look_again(standing.id, pause(now, due)).await;
        }
        let key = standing.object(ObjectArea::Quarantine);
        let lies_there = self.objects.head(&key).await?;
        match lies_there {
            Some(object) if object.tag != scan.tag => return self.receive.execute(standing.id).await,
            Some(_) if scan.attempts < SCANS_AGAIN => {}
            _ => return self.end(standing.id, |attachment| attachment.given_up(now)).await,
        }
        // First the count, so that it comes to an end whatever happens here; a copy onto itself is a new object, and so is scanned.
        let again = revise(&*self.attachments, standing.id, |attachment| match &attachment.state {
            AttachmentState::Scanning(now) if now == scan => attachment.scan_again(),
            _ => None,
        });
        if let Revised::Changed(again) = again.await? {
            self.timer.look_again(standing.id, SCAN_WITHIN).await?;
            match self.objects.copy(&key, &scan.tag, &key, &as_uploaded(&again)).await? {
                Copying::Copied => tracing::warn!(attachment.id = %again.id, "a scan is asked for again"),
                Copying::Changed => {}
            }
        }
        Ok(())
    }

    /// Ends it for good, deletes what lies there, and tells the members.
    async fn end(
        &self,
        id: AttachmentId,
        transition: impl Fn(Attachment) -> Option<Attachment> + Send + Sync,
    ) -> Result<(), PortError> {
        if let Revised::Changed(ended) = revise(&*self.attachments, id, transition).await? {
            tracing::warn!(attachment.id = %id, state = ended.state.as_str(), "an attachment was given up");
            self.objects.delete(&objects_of(id)).await?;
            self.show.execute(&ended).await?;
        }
        Ok(())
    }
}

fn pause(now: Timestamp, due: Timestamp) -> Duration {
    let millis = due.as_millis().saturating_sub(now.as_millis()) + 1_000;
    Duration::from_millis(millis).min(LONGEST_PAUSE)
}

/// What is said of the bytes that wait: what their uploader said.
fn as_uploaded(attachment: &Attachment) -> Presentation {
    Presentation { content_type: attachment.file.content_type.clone(), disposition: None }
}
