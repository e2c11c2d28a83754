//! Deletes a message: what is left is the tombstone, which keeps its place, its sender and its version.

use std::sync::Arc;

use async_trait::async_trait;
use parlance_domain::{
    authority::{Actor, Caller},
    head::Seq,
    ids::{ConnectionId, MessageId},
    log::EntryBody,
    message::{Message, MessageBody, PlacedMessage},
    permissions::{MissingRight, Right},
};

use super::target::Target;
use crate::{
    conversations::change::{ChangeConversation, ChangeRequest},
    log::change::{Change, ChangeError, Changed, Ground, Plan},
    ports::{
        PortError,
        log::{MessageLog, RowChange},
    },
};

/// Deletes messages: one's own, and others' by the right to.
#[derive(Clone)]
pub struct DeleteMessage {
    changes: ChangeConversation,
    log: Arc<dyn MessageLog>,
}

/// A message that is to go.
#[derive(Debug, Clone)]
pub struct Deletion<'a> {
    /// Who asks.
    pub caller: Caller<'a>,
    /// Which message.
    pub id: MessageId,
    /// The socket that asked, which gets the answer instead of the event.
    pub from: Option<ConnectionId>,
}

/// A message that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deleted {
    /// Its tombstone.
    pub tombstone: PlacedMessage,
    /// The entry that says so; none where it was gone already.
    pub entry: Option<Seq>,
}

/// Why a message was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteMessageError {
    /// There is no such message for this user.
    #[error("no such message")]
    NotFound,
    /// It is somebody else's, and the actor is no admin.
    #[error(transparent)]
    Forbidden(#[from] MissingRight),
    /// One of the two people of the direct conversation blocks the other one.
    #[error("the conversation is not writable: one of the two blocks the other")]
    NotWritable,
    /// Overtaken too often; to be retried.
    #[error("the conversation is too busy")]
    Unavailable,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl DeleteMessage {
    /// Deletes over these.
    pub fn new(changes: ChangeConversation, log: Arc<dyn MessageLog>) -> Self {
        Self { changes, log }
    }

    /// Leaves the tombstone and tells everybody. A message that is gone stays so.
    pub async fn execute(&self, deletion: Deletion<'_>) -> Result<Deleted, DeleteMessageError> {
        let Deletion { caller, id, from } = deletion;
        let change = Tombstone { target: Target::new(Arc::clone(&self.log), id) };
        let request = ChangeRequest { conversation: id.conversation, caller, subject: None, from };
        let entry = match self.changes.execute(request, &change).await? {
            Changed::Done { entry, .. } => Some(entry.seq),
            Changed::AlreadySo { .. } => None,
        };
        Ok(Deleted { tombstone: change.target.into_shown()?, entry })
    }
}

struct Tombstone {
    target: Target,
}

#[async_trait]
impl Change for Tombstone {
    async fn plan(&self, actor: &Actor<'_>, ground: &Ground) -> Result<Plan, ChangeError> {
        // A deletion holds whatever somebody else made of the message meanwhile.
        let found = self.target.read(actor, ground).await?;
        if found.entry.actor != *actor.user() {
            actor.require(Right::DeleteOthersMessages)?;
        }
        let message = &found.message;
        if message.deleted {
            return Ok(Plan::Nothing);
        }
        if ground.roster.is_blocked() {
            return Err(ChangeError::NotWritable);
        }
        let (target, since) = (self.target.id.seq, message.since);
        let tombstone = Message {
            body: MessageBody { kind: message.body.kind, ..MessageBody::default() },
            files: Vec::new(),
            version: message.version + 1,
            since: ground.head.seq.next(),
            edited_at: message.edited_at,
            deleted: true,
        };
        self.target.show(&found, Some(&tombstone));
        // Its files go with it: their rows here, their bytes when the stream tells of that.
        let files = message.body.attachments.iter().map(|id| RowChange::RemoveAttachment { id: *id });
        let set = RowChange::SetMessage { target, message: Box::new(tombstone), since };
        let changes = std::iter::once(set).chain(files).collect();
        Ok(Plan::Write { body: EntryBody::MessageDeleted { target }, changes })
    }
}

impl From<ChangeError> for DeleteMessageError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Forbidden(right) => Self::Forbidden(right),
            ChangeError::NotWritable => Self::NotWritable,
            ChangeError::Contended => Self::Unavailable,
            ChangeError::Port(error) => Self::Port(error),
            _ => Self::NotFound,
        }
    }
}
