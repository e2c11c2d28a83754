//! Shows what has become of a file in the message that owns it: an entry of the log, told to everybody.

use std::sync::Arc;

use async_trait::async_trait;
use parlance_domain::{
    attachment::{AttachedFile, Attachment},
    authority::{Actor, Caller},
    event::{Event, EventBody, EventEncoder},
    head::Seq,
    ids::{AttachmentId, MessageId},
    log::{Entry, EntryBody},
    message::Message,
};

use crate::{
    conversations::change::{ChangeConversation, ChangeRequest},
    delivery::lanes::MAX_FRAME_BYTES,
    log::change::{Change, ChangeError, Ground, Plan},
    ports::{
        PortError,
        attachments::AttachmentRepository,
        log::{MessageLog, RowChange},
    },
};

/// Shows files in their messages.
#[derive(Clone)]
pub struct ShowAttachment {
    changes: ChangeConversation,
    log: Arc<dyn MessageLog>,
    attachments: Arc<dyn AttachmentRepository>,
    encoder: Arc<dyn EventEncoder>,
}

impl ShowAttachment {
    /// Shows them over these.
    pub fn new(
        changes: ChangeConversation,
        log: Arc<dyn MessageLog>,
        attachments: Arc<dyn AttachmentRepository>,
        encoder: Arc<dyn EventEncoder>,
    ) -> Self {
        Self { changes, log, attachments, encoder }
    }

    /// Brings the owning message up to date. Done again, or where no message owns the file, it changes nothing; a message that was deleted,
    /// and a conversation that has ended, stay as they are.
    pub async fn execute(&self, attachment: &Attachment) -> Result<(), PortError> {
        let Some(id) = attachment.message else { return Ok(()) };
        let change = NewLook {
            id,
            file: attachment.id,
            log: Arc::clone(&self.log),
            attachments: Arc::clone(&self.attachments),
            encoder: Arc::clone(&self.encoder),
        };
        let caller = Caller::parlance(&attachment.uploader);
        let request = ChangeRequest { conversation: id.conversation, caller, subject: None, from: None };
        match self.changes.execute(request, &change).await {
            Ok(_) | Err(ChangeError::NotFound | ChangeError::NoSuchTarget) => Ok(()),
            Err(ChangeError::Port(error)) => Err(error),
            Err(error) => Err(PortError::new("log", error)),
        }
    }
}

/// The message with the file as it stands. Both are read again at each attempt, so the last writer shows what was known last.
struct NewLook {
    id: MessageId,
    file: AttachmentId,
    log: Arc<dyn MessageLog>,
    attachments: Arc<dyn AttachmentRepository>,
    encoder: Arc<dyn EventEncoder>,
}

impl NewLook {
    /// Whether a frame can carry the message.
    fn fits(&self, entry: &Entry, shown: &Message) -> bool {
        let entry = Entry { body: EntryBody::MessageSent(shown.clone()), ..entry.clone() };
        entry.message(self.id.conversation).is_some_and(|message| {
            let body = EventBody::MessageUpdated(Box::new(message));
            let event = Event { conversation: self.id.conversation, seq: Seq::MAX, at: entry.at, body };
            self.encoder.event(&event).len() <= MAX_FRAME_BYTES
        })
    }
}

#[async_trait]
impl Change for NewLook {
    async fn plan(&self, _: &Actor<'_>, ground: &Ground) -> Result<Plan, ChangeError> {
        let target = self.id.seq;
        let targets = [target];
        let (entries, file) = futures::try_join!(
            self.log.entries_at(self.id.conversation, &targets),
            self.attachments.find(self.file)
        )?;
        let (Some(entry), Some(file)) = (entries.first(), file) else { return Ok(Plan::Nothing) };
        let EntryBody::MessageSent(message) = &entry.body else { return Ok(Plan::Nothing) };
        let seen = file.attached();
        let Some(place) = message.files.iter().position(|shown| shown.id == self.file && *shown != seen)
        else {
            return Ok(Plan::Nothing);
        };
        let (since, version) = (message.since, message.version + 1);
        let mut shown = Message { version, since: ground.head.seq.next(), ..message.clone() };
        shown.files.splice(place..=place, [seen.clone()]);
        if !self.fits(entry, &shown) {
            // An edit has left no room for what was found in the file: that it may be fetched is what matters.
            let bare = AttachedFile { media: None, ..seen };
            if message.files.contains(&bare) {
                return Ok(Plan::Nothing);
            }
            shown.files.splice(place..=place, [bare]);
        }
        Ok(Plan::Write {
            body: EntryBody::MessageEdited { target, version },
            changes: vec![RowChange::SetMessage { target, message: Box::new(shown), since }],
        })
    }
}
