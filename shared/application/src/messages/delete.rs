//! Deletes a message: what is left is the tombstone, which keeps its place, its sender and its version.

use std::sync::Arc;

use async_trait::async_trait;
use parlance_domain::{
    head::{Head, Seq},
    ids::{ConnectionId, MessageId, UserId},
    log::EntryBody,
    message::{Message, MessageBody, PlacedMessage},
    permissions::{MissingRight, Right},
    roster::{Member, Roster},
};

use super::target::Target;
use crate::{
    conversations::change::{ChangeConversation, ChangeRequest},
    log::change::{Change, ChangeError, Changed, Plan},
    ports::{
        PortError,
        conversations::ConversationRepository,
        log::{MessageLog, RowChange},
    },
};

/// Deletes messages: one's own, as an admin of the conversation others', as an administrator of the system any.
#[derive(Clone)]
pub struct DeleteMessage {
    changes: ChangeConversation,
    log: Arc<dyn MessageLog>,
    conversations: Arc<dyn ConversationRepository>,
}

/// A message that is to go.
#[derive(Debug, Clone)]
pub struct Deletion {
    /// Who asks.
    pub actor: UserId,
    /// Whether he administers the system.
    pub is_administrator: bool,
    /// Which message.
    pub id: MessageId,
    /// The socket that asked, which gets the answer instead of the event.
    pub from: Option<ConnectionId>,
}

/// A message that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deleted {
    /// Its tombstone; an administrator who is not in the conversation is shown nothing of it.
    pub tombstone: Option<PlacedMessage>,
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
    /// Overtaken too often; to be retried.
    #[error("the conversation is too busy")]
    Unavailable,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl DeleteMessage {
    /// Deletes over these.
    pub fn new(
        changes: ChangeConversation,
        log: Arc<dyn MessageLog>,
        conversations: Arc<dyn ConversationRepository>,
    ) -> Self {
        Self { changes, log, conversations }
    }

    /// Leaves the tombstone and tells everybody. A message that is gone stays so.
    pub async fn execute(&self, deletion: Deletion) -> Result<Deleted, DeleteMessageError> {
        let Deletion { actor, is_administrator, id, from } = deletion;
        let change = Tombstone {
            target: Target::new(Arc::clone(&self.log), Arc::clone(&self.conversations), id),
            is_administrator,
        };
        let request = ChangeRequest { conversation: id.conversation, actor: &actor, subject: None, from };
        let (entry, roster) = match self.changes.execute(request, &change).await? {
            Changed::Done { entry, roster } => (Some(entry.seq), roster),
            Changed::AlreadySo { roster } => (None, roster),
        };
        let tombstone = roster.member(&actor).map(|_| change.target.into_shown()).transpose()?;
        Ok(Deleted { tombstone, entry })
    }
}

struct Tombstone {
    target: Target,
    is_administrator: bool,
}

#[async_trait]
impl Change for Tombstone {
    fn acting<'a>(&self, actor: &'a UserId, roster: &'a Roster) -> Option<Member<'a>> {
        if self.is_administrator { Some(Member::administrator(actor)) } else { roster.member(actor) }
    }

    async fn plan(&self, actor: Member<'_>, head: &Head, _: &Roster) -> Result<Plan, ChangeError> {
        // A deletion holds whatever somebody else made of the message meanwhile.
        let found = self.target.read(actor).await?;
        if found.entry.actor != *actor.user {
            actor.require(Right::DeleteOthersMessages)?;
        }
        let message = &found.message;
        if message.deleted {
            return Ok(Plan::Nothing);
        }
        let (target, since) = (self.target.id.seq, message.since);
        let tombstone = Message {
            body: MessageBody { kind: message.body.kind, ..MessageBody::default() },
            version: message.version + 1,
            since: head.seq.next(),
            edited_at: message.edited_at,
            deleted: true,
        };
        self.target.show(&found, Some(&tombstone));
        Ok(Plan::Write {
            body: EntryBody::MessageDeleted { target },
            changes: vec![RowChange::SetMessage { target, message: Box::new(tombstone), since }],
        })
    }
}

impl From<ChangeError> for DeleteMessageError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Forbidden(right) => Self::Forbidden(right),
            ChangeError::Contended => Self::Unavailable,
            ChangeError::Port(error) => Self::Port(error),
            _ => Self::NotFound,
        }
    }
}
