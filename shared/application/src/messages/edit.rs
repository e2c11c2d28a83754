//! Edits a message: an entry of its own, and the message's row changed in place.

use std::sync::Arc;

use async_trait::async_trait;
use parlance_domain::{
    authority::{Actor, Caller},
    event::{Event, EventBody, EventEncoder},
    head::Seq,
    ids::{ConnectionId, MessageId},
    log::EntryBody,
    message::{Message, MessageBody, MessageContent, PlacedMessage},
    time::Timestamp,
};

use super::target::{Found, Target};
use crate::{
    conversations::change::{ChangeConversation, ChangeRequest},
    delivery::lanes::MAX_FRAME_BYTES,
    log::change::{Change, ChangeError, Changed, Ground, Plan},
    ports::{
        PortError,
        environment::Clock,
        log::{MessageLog, RowChange},
    },
};

/// Edits messages. Only its sender edits a message.
#[derive(Clone)]
pub struct EditMessage {
    changes: ChangeConversation,
    log: Arc<dyn MessageLog>,
    encoder: Arc<dyn EventEncoder>,
    clock: Arc<dyn Clock>,
}

/// A message that is to get another text.
#[derive(Debug, Clone)]
pub struct Edit<'a> {
    /// Who asks.
    pub editor: Caller<'a>,
    /// Which message.
    pub id: MessageId,
    /// The new text.
    pub content: MessageContent,
    /// The versions that the editor would replace, if he insists on any.
    pub if_versions: Option<Vec<u64>>,
    /// The socket that asked, which gets the answer instead of the event.
    pub from: Option<ConnectionId>,
}

/// A message after its edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// As it stands now.
    pub message: PlacedMessage,
    /// The entry that says so; none where it was so already, or another edit got in between.
    pub entry: Option<Seq>,
}

/// Why a message was not edited.
#[derive(Debug, thiserror::Error)]
pub enum EditMessageError {
    /// There is no such message for this user.
    #[error("no such message")]
    NotFound,
    /// Somebody else sent it.
    #[error("only its sender edits a message")]
    NotTheSender,
    /// One of the two people of the direct conversation blocks the other one.
    #[error("the conversation is not writable: one of the two blocks the other")]
    NotWritable,
    /// It is deleted: nothing is left to edit.
    #[error("the message is deleted")]
    Deleted,
    /// Nothing would be left of it: it has no attachments either.
    #[error("must not be blank without attachments")]
    Blank,
    /// It has another version than the editor thinks.
    #[error("the version is {current}")]
    VersionConflict {
        /// Its version now.
        current: u64,
    },
    /// The event would not fit into one frame.
    #[error("the message is too large")]
    TooLarge,
    /// Overtaken too often; to be retried.
    #[error("the conversation is too busy")]
    Unavailable,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl EditMessage {
    /// Edits over these.
    pub fn new(
        changes: ChangeConversation,
        log: Arc<dyn MessageLog>,
        encoder: Arc<dyn EventEncoder>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { changes, log, encoder, clock }
    }

    /// Gives the message its new text and tells everybody. The same text again changes nothing.
    pub async fn execute(&self, edit: Edit<'_>) -> Result<Edited, EditMessageError> {
        let Edit { editor, id, content, if_versions, from } = edit;
        let change = NewText {
            target: Target::new(Arc::clone(&self.log), id),
            content,
            if_versions,
            at: self.clock.now(),
            encoder: Arc::clone(&self.encoder),
        };
        let request = ChangeRequest { conversation: id.conversation, caller: editor, subject: None, from };
        let entry = match self.changes.execute(request, &change).await? {
            Changed::Done { entry, .. } => Some(entry.seq),
            Changed::AlreadySo { .. } => None,
        };
        Ok(Edited { message: change.target.into_shown()?, entry })
    }
}

struct NewText {
    target: Target,
    content: MessageContent,
    if_versions: Option<Vec<u64>>,
    at: Timestamp,
    encoder: Arc<dyn EventEncoder>,
}

#[async_trait]
impl Change for NewText {
    async fn plan(&self, actor: &Actor<'_>, ground: &Ground) -> Result<Plan, ChangeError> {
        let found = self.target.read(actor, ground).await?;
        let message = &found.message;
        if found.entry.actor != *actor.user() {
            return Err(ChangeError::NotTheSender);
        }
        let is_so = !message.deleted && message.body.content == self.content;
        if is_so && !found.is_unchanged {
            // Perhaps by this very request, whose answer was lost.
            return Ok(Plan::Nothing);
        }
        if ground.roster.is_blocked() {
            return Err(ChangeError::NotWritable);
        }
        if self.if_versions.as_ref().is_some_and(|versions| !versions.contains(&message.version)) {
            return Err(ChangeError::VersionConflict { current: message.version });
        }
        if is_so || !found.is_unchanged {
            return Ok(Plan::Nothing);
        }
        if message.deleted {
            return Err(ChangeError::Deleted);
        }
        if self.content.is_blank() && message.files.is_empty() {
            return Err(ChangeError::Blank);
        }
        let (target, since, version) = (self.target.id.seq, message.since, message.version + 1);
        let edited = Message {
            body: MessageBody { content: self.content.clone(), ..message.body.clone() },
            files: message.files.clone(),
            version,
            since: ground.head.seq.next(),
            edited_at: Some(self.at),
            deleted: false,
        };
        self.require_fits(&found, &edited)?;
        self.target.show(&found, Some(&edited));
        Ok(Plan::Write {
            body: EntryBody::MessageEdited { target, version },
            changes: vec![RowChange::SetMessage { target, message: Box::new(edited), since }],
        })
    }
}

impl NewText {
    fn require_fits(&self, found: &Found, edited: &Message) -> Result<(), ChangeError> {
        let conversation = self.target.id.conversation;
        let message = found.with(edited).message(conversation).ok_or(ChangeError::NoSuchTarget)?;
        let body = EventBody::MessageUpdated(Box::new(message));
        let event = Event { conversation, seq: Seq::MAX, at: self.at, body };
        if self.encoder.event(&event).len() <= MAX_FRAME_BYTES { Ok(()) } else { Err(ChangeError::TooLarge) }
    }
}

impl From<ChangeError> for EditMessageError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::NotTheSender | ChangeError::Forbidden(_) => Self::NotTheSender,
            ChangeError::NotWritable => Self::NotWritable,
            ChangeError::Deleted => Self::Deleted,
            ChangeError::Blank => Self::Blank,
            ChangeError::VersionConflict { current } => Self::VersionConflict { current },
            ChangeError::TooLarge => Self::TooLarge,
            ChangeError::Contended => Self::Unavailable,
            ChangeError::Port(error) => Self::Port(error),
            ChangeError::NotFound
            | ChangeError::NoSuchTarget
            | ChangeError::Full
            | ChangeError::LastOwner => Self::NotFound,
        }
    }
}
