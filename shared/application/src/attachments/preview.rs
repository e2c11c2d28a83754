//! Looks into a clean file: a small picture of it, its size, its length.

use std::sync::Arc;

use parlance_domain::{
    attachment::{Attachment, ContentType, ObjectArea},
    ids::AttachmentId,
};

use super::{
    remove::objects_of,
    revise::{Revised, revise},
    show::ShowAttachment,
};
use crate::ports::{
    PortError,
    attachments::{AttachmentRepository, ObjectStore, Presentation},
    previews::{MAX_PREVIEWED_BYTES, Previewed, Previewer},
};

/// Makes previews.
#[derive(Clone)]
pub struct MakePreview {
    attachments: Arc<dyn AttachmentRepository>,
    objects: Arc<dyn ObjectStore>,
    previewer: Arc<dyn Previewer>,
    show: ShowAttachment,
}

/// Whether it is worth looking into it.
pub(super) fn may_have_preview(attachment: &Attachment) -> bool {
    let kind = &attachment.file.content_type;
    (kind.is_image() || kind.is_audio()) && attachment.file.size.bytes() <= MAX_PREVIEWED_BYTES
}

impl MakePreview {
    /// Makes them over these.
    pub fn new(
        attachments: Arc<dyn AttachmentRepository>,
        objects: Arc<dyn ObjectStore>,
        previewer: Arc<dyn Previewer>,
        show: ShowAttachment,
    ) -> Self {
        Self { attachments, objects, previewer, show }
    }

    /// Makes the preview of a clean file, keeps it, and shows it. What has none stays as it is.
    pub async fn execute(&self, id: AttachmentId) -> Result<(), PortError> {
        let Some(attachment) = self.attachments.find(id).await? else { return Ok(()) };
        if !attachment.state.is_clean() || !may_have_preview(&attachment) {
            return Ok(());
        }
        if attachment.media.is_some() {
            // Made before: perhaps only the message was not told.
            return self.show.execute(&attachment).await;
        }
        let clean = attachment.object(ObjectArea::Clean);
        let Some(bytes) = self.objects.read(&clean, MAX_PREVIEWED_BYTES).await? else { return Ok(()) };
        let content_type = attachment.file.content_type.as_str();
        let Some(found) = self.previewer.preview(content_type, bytes).await? else { return Ok(()) };
        self.keep(&attachment, found).await
    }

    async fn keep(&self, attachment: &Attachment, found: Previewed) -> Result<(), PortError> {
        let Previewed { facts, thumbnail } = found;
        if let Some(thumbnail) = thumbnail {
            let presented = Presentation {
                content_type: ContentType::from_stored(thumbnail.content_type),
                disposition: None,
            };
            self.objects.put(&attachment.object(ObjectArea::Preview), thumbnail.bytes, &presented).await?;
        }
        let kept =
            revise(&*self.attachments, attachment.id, |standing| standing.with_media(facts.clone())).await?;
        match kept {
            // Deleted while it was looked into: what was made of it has to go as well.
            Revised::Missing => self.objects.delete(&objects_of(attachment.id)).await,
            Revised::Changed(attachment) | Revised::Unchanged(attachment) => {
                self.show.execute(&attachment).await
            }
        }
    }
}
