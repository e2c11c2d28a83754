//! Showing one attachment: to its uploader until a message owns it, then to those who may see the message.

use std::{sync::Arc, time::Duration};

use parlance_domain::{
    attachment::{Attachment, MediaFacts},
    authority::Caller,
    ids::{AttachmentId, MessageId},
    time::Timestamp,
};

use super::plan::{UploadPlan, plan_of};
use crate::{
    messages::find::{FindMessage, FindMessageError},
    ports::{
        PortError,
        attachments::{AttachmentRepository, Media, MediaUrls, Origin, UploadSigner},
        environment::Clock,
    },
};

/// How long the address of a file is good: long enough to follow it, and too short to be passed on.
pub const ADDRESS_GOOD_FOR: Duration = Duration::from_secs(60);

/// Shows attachments.
#[derive(Clone)]
pub struct ReadAttachment {
    attachments: Arc<dyn AttachmentRepository>,
    messages: FindMessage,
    signer: Arc<dyn UploadSigner>,
    media: Option<Arc<dyn MediaUrls>>,
    clock: Arc<dyn Clock>,
}

/// An attachment as somebody is shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownAttachment {
    /// The attachment.
    pub attachment: Attachment,
    /// How its bytes are to come, for its uploader while they are.
    pub plan: Option<UploadPlan>,
    /// Where the file is to be had: of a clean one alone.
    pub download_url: Option<String>,
    /// Where the small picture of it is to be had, if there is one.
    pub thumbnail_url: Option<String>,
}

/// Why it is not shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadAttachmentError {
    /// There is no such attachment for this user.
    #[error("no such attachment")]
    NotFound,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl From<FindMessageError> for ReadAttachmentError {
    fn from(error: FindMessageError) -> Self {
        match error {
            FindMessageError::NotFound => Self::NotFound,
            FindMessageError::Port(error) => Self::Port(error),
        }
    }
}

impl ReadAttachment {
    /// Takes the ports; without `media` nothing is handed out.
    pub fn new(
        attachments: Arc<dyn AttachmentRepository>,
        messages: FindMessage,
        signer: Arc<dyn UploadSigner>,
        media: Option<Arc<dyn MediaUrls>>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { attachments, messages, signer, media, clock }
    }

    /// The attachment, with addresses below this origin.
    pub async fn execute(
        &self,
        caller: Caller<'_>,
        id: AttachmentId,
        origin: Option<&Origin>,
    ) -> Result<ShownAttachment, ReadAttachmentError> {
        let now = self.clock.now();
        let found = self.attachments.find(id).await?.and_then(|found| found.seen_at(now));
        let attachment = found.ok_or(ReadAttachmentError::NotFound)?;
        match attachment.message {
            Some(message) => self.holds(caller, message, id).await?,
            None if attachment.uploader == *caller.user => {}
            None => return Err(ReadAttachmentError::NotFound),
        }
        let plan = if attachment.uploader == *caller.user {
            plan_of(&attachment, &*self.signer, now).await?
        } else {
            None
        };
        let (download_url, thumbnail_url) = self.addresses(&attachment, origin, now)?;
        Ok(ShownAttachment { attachment, plan, download_url, thumbnail_url })
    }

    /// Whether the caller may see this message, and it holds the attachment: a deleted one holds nothing.
    async fn holds(
        &self,
        caller: Caller<'_>,
        message: MessageId,
        id: AttachmentId,
    ) -> Result<(), ReadAttachmentError> {
        let found = self.messages.execute(caller, message).await?;
        let is_held = !found.message.deleted && found.message.body.attachments.contains(&id);
        if is_held { Ok(()) } else { Err(ReadAttachmentError::NotFound) }
    }

    fn addresses(
        &self,
        attachment: &Attachment,
        origin: Option<&Origin>,
        now: Timestamp,
    ) -> Result<(Option<String>, Option<String>), PortError> {
        let (Some(media), Some(origin)) = (&self.media, origin) else { return Ok((None, None)) };
        if !attachment.state.is_clean() {
            return Ok((None, None));
        }
        let until = now.plus(ADDRESS_GOOD_FOR);
        let file = Media::File(attachment.id, attachment.file.name.clone());
        let has_thumbnail = attachment.media.as_ref().is_some_and(MediaFacts::has_thumbnail);
        let preview = has_thumbnail.then_some(Media::Preview(attachment.id));
        let signed = |media_of: &Media| media.signed(origin, media_of, until);
        Ok((Some(signed(&file)?), preview.as_ref().map(signed).transpose()?))
    }
}
