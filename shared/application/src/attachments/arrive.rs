//! A file has arrived in the store: it is held against what was announced, and waits for its scan from now on.

use std::{sync::Arc, time::Duration};

use parlance_domain::{
    attachment::{Attachment, AttachmentState, ContentType, ObjectArea, ObjectKey, Reason},
    ids::AttachmentId,
};

use super::{
    revise::{Revised, revise},
    show::ShowAttachment,
};
use crate::ports::{
    PortError,
    attachments::{AttachmentRepository, AttachmentTimer, ObjectStore, StoredObject},
    environment::Clock,
};

/// How long a verdict may take before somebody looks after it.
pub const SCAN_WITHIN: Duration = Duration::from_secs(60);

/// Takes note of files that have arrived.
#[derive(Clone)]
pub struct ReceiveAttachment {
    attachments: Arc<dyn AttachmentRepository>,
    objects: Arc<dyn ObjectStore>,
    timer: Arc<dyn AttachmentTimer>,
    show: ShowAttachment,
    clock: Arc<dyn Clock>,
}

impl ReceiveAttachment {
    /// Receives over these.
    pub fn new(
        attachments: Arc<dyn AttachmentRepository>,
        objects: Arc<dyn ObjectStore>,
        timer: Arc<dyn AttachmentTimer>,
        show: ShowAttachment,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { attachments, objects, timer, show, clock }
    }

    /// Looks what lies there, whatever the event said: events come twice, late and in any order, and the store alone knows. What nobody
    /// announced, what is not as announced, and what comes after the verdict is deleted.
    pub async fn execute(&self, id: AttachmentId) -> Result<(), PortError> {
        let key = ObjectKey { area: ObjectArea::Quarantine, id };
        let Some(object) = self.objects.head(&key).await? else { return Ok(()) };
        let now = self.clock.now();
        let received = revise(&*self.attachments, id, |standing| {
            if is_as_announced(&standing, &object) {
                standing.arrived(object.tag.clone(), now)
            } else {
                standing.refused(now)
            }
        });
        let attachment = match received.await? {
            Revised::Missing => return self.objects.delete(&[key]).await,
            Revised::Changed(attachment) | Revised::Unchanged(attachment) => attachment,
        };
        if matches!(attachment.state, AttachmentState::Scanning(_)) {
            self.timer.look_again(id, SCAN_WITHIN).await?;
        } else {
            if attachment.state.reason() == Some(Reason::NotAsAnnounced) {
                tracing::warn!(attachment.id = %id, "an upload is not what was announced");
            }
            self.objects.delete(&[key]).await?;
        }
        self.show.execute(&attachment).await
    }
}

fn is_as_announced(announced: &Attachment, object: &StoredObject) -> bool {
    let is_of_its_type = object
        .content_type
        .as_deref()
        .is_none_or(|kind| ContentType::parse(kind).is_ok_and(|kind| kind == announced.file.content_type));
    is_of_its_type && object.bytes == announced.file.size.bytes()
}
