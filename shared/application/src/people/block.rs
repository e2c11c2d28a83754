//! Blocks somebody: no direct conversation with him is opened, and in one that is open nothing is said any more.
//!
//! In an open conversation a block is an entry of its log which changes the roster's version, as a removal is. Whoever sends has to write
//! the next position with that version, so no message stands after a block. Where there is no conversation yet, the block is written
//! only if there still is none, and a conversation is opened only if there is no block.

use std::sync::Arc;

use async_trait::async_trait;
use parlance_domain::{
    authority::{Actor, Caller},
    ids::{ConversationId, UserId},
    log::EntryBody,
    roster::Participant,
    time::Timestamp,
};

use crate::{
    conversations::change::{ChangeConversation, ChangeRequest},
    log::change::{Change, ChangeError, Ground, Plan},
    ports::{
        PortError,
        blocks::{BlockPage, BlockPlace, BlockRepository, SetBlock},
        conversations::ConversationRepository,
        environment::Clock,
        log::RowChange,
    },
};

/// How often it is looked anew whether the two have a conversation.
const ATTEMPTS: usize = 4;

/// Blocks people.
#[derive(Clone)]
pub struct BlockUser {
    blocks: Arc<dyn BlockRepository>,
    conversations: Arc<dyn ConversationRepository>,
    changes: ChangeConversation,
    clock: Arc<dyn Clock>,
}

/// A block that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocked {
    /// Since when.
    pub since: Timestamp,
    /// Whether this request set it.
    pub is_new: bool,
}

/// Why nobody was blocked.
#[derive(Debug, thiserror::Error)]
pub enum BlockUserError {
    /// Nobody blocks himself.
    #[error("a block is of somebody else")]
    Oneself,
    /// Overtaken too often; to be retried.
    #[error("overtaken too often")]
    Contended,
    /// An outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl BlockUser {
    /// The most blocks on a page.
    pub const MAX_LIMIT: usize = 200;

    /// Blocks over these ports.
    pub fn new(
        blocks: Arc<dyn BlockRepository>,
        conversations: Arc<dyn ConversationRepository>,
        changes: ChangeConversation,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { blocks, conversations, changes, clock }
    }

    /// Blocks somebody; who is blocked stays so.
    pub async fn block(&self, user: &UserId, other: &UserId) -> Result<Blocked, BlockUserError> {
        if user == other {
            return Err(BlockUserError::Oneself);
        }
        if let Some(since) = self.blocks.find(user, other).await? {
            return Ok(Blocked { since, is_new: false });
        }
        let now = self.clock.now();
        self.set(user, other, Some(now)).await?;
        let since = self.blocks.find(user, other).await?.unwrap_or(now);
        Ok(Blocked { since, is_new: true })
    }

    /// Lifts a block; who is not blocked stays so.
    pub async fn unblock(&self, user: &UserId, other: &UserId) -> Result<(), BlockUserError> {
        if user == other || self.blocks.find(user, other).await?.is_none() {
            return Ok(());
        }
        self.set(user, other, None).await
    }

    /// The people whom somebody blocks.
    pub async fn page(
        &self,
        user: &UserId,
        place: &BlockPlace,
        limit: usize,
    ) -> Result<BlockPage, BlockUserError> {
        Ok(self.blocks.page(user, place, limit.clamp(1, Self::MAX_LIMIT)).await?)
    }

    async fn set(
        &self,
        user: &UserId,
        other: &UserId,
        since: Option<Timestamp>,
    ) -> Result<(), BlockUserError> {
        let conversation = ConversationId::direct(user, other);
        for _ in 0..ATTEMPTS {
            if self.conversations.find(conversation).await?.is_none() {
                match self.blocks.set(user, other, since, conversation).await? {
                    SetBlock::Done => return Ok(()),
                    SetBlock::HasConversation => continue,
                }
            }
            let change = ChangeBlock { other: other.clone(), is_blocking: since.is_some() };
            let caller = Caller::from(user);
            let request = ChangeRequest { conversation, caller, subject: None, from: None };
            return match self.changes.execute(request, &change).await {
                Ok(_) => Ok(()),
                Err(ChangeError::Port(error)) => Err(error.into()),
                Err(_) => Err(BlockUserError::Contended),
            };
        }
        Err(BlockUserError::Contended)
    }
}

/// The actor is to block the other one of a direct conversation, or not any more.
#[derive(Debug, Clone)]
struct ChangeBlock {
    other: UserId,
    is_blocking: bool,
}

#[async_trait]
impl Change for ChangeBlock {
    async fn plan(&self, actor: &Actor<'_>, ground: &Ground) -> Result<Plan, ChangeError> {
        let member = actor.member().ok_or(ChangeError::NotFound)?;
        if ground.roster.blocking().any(|user| user == member.user) == self.is_blocking {
            return Ok(Plan::Nothing);
        }
        let participant = Participant { since: ground.head.seq.next(), ..*member.participant };
        Ok(Plan::Write {
            body: EntryBody::BlockChanged { user: member.user.clone(), is_blocking: self.is_blocking },
            changes: vec![RowChange::SetBlock {
                user: member.user.clone(),
                other: self.other.clone(),
                is_blocking: self.is_blocking,
                participant,
                since: member.participant.since,
            }],
        })
    }
}
