//! Marks a conversation as read: a cursor that only goes forward.

use std::sync::Arc;

use parlance_domain::{
    head::{Head, Seq},
    ids::{ConversationId, UserId},
};

use crate::ports::{
    PortError,
    cache::ConversationCache,
    conversations::{Advance, ConversationRepository, ReadCursor},
    environment::Clock,
    log::MessageLog,
    rates::Counting,
};

/// Moves read cursors.
#[derive(Clone)]
pub struct MarkAsRead {
    log: Arc<dyn MessageLog>,
    conversations: Arc<dyn ConversationRepository>,
    cache: Arc<dyn ConversationCache>,
    clock: Arc<dyn Clock>,
}

/// Where a user's cursor stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadUpTo {
    /// The cursor.
    pub cursor: ReadCursor,
    /// How many messages stand after it.
    pub unread: u64,
    /// Whether this request moved it.
    pub is_moved: bool,
}

/// Why nothing was marked.
#[derive(Debug, thiserror::Error)]
pub enum MarkAsReadError {
    /// There is no such conversation for this user.
    #[error("no such conversation")]
    NotFound,
    /// An outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl MarkAsRead {
    /// Marks over these ports.
    pub fn new(
        log: Arc<dyn MessageLog>,
        conversations: Arc<dyn ConversationRepository>,
        cache: Arc<dyn ConversationCache>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { log, conversations, cache, clock }
    }

    /// Moves the cursor to `up_to`, or to the newest entry where that lies behind it. A cursor further on stays.
    pub async fn execute(
        &self,
        user: &UserId,
        conversation: ConversationId,
        up_to: Seq,
    ) -> Result<ReadUpTo, MarkAsReadError> {
        let hint = self.cache.opening(conversation, &Counting::nothing()).await.head;
        let head = match hint {
            Some(head) if up_to <= head.seq => head,
            // Beyond the hint: only the log knows what is there.
            _ => self.log.tail(conversation).await?.ok_or(MarkAsReadError::NotFound)?,
        };
        let n = self.ordinal(conversation, &head, up_to).await?;
        let cursor = ReadCursor { seq: up_to.min(head.seq), n, at: self.clock.now() };
        let is_moved = match self.conversations.advance_cursor(user, conversation, cursor).await? {
            Advance::NotAMember => return Err(MarkAsReadError::NotFound),
            Advance::Moved => true,
            Advance::Unmoved => false,
        };
        let cursor = if is_moved { cursor } else { self.standing(user, conversation).await? };
        Ok(ReadUpTo { cursor, unread: head.n.saturating_sub(cursor.n), is_moved })
    }

    /// How many entries up to `up_to` a person would count. At the head nothing has to be read for it.
    async fn ordinal(
        &self,
        conversation: ConversationId,
        head: &Head,
        up_to: Seq,
    ) -> Result<u64, MarkAsReadError> {
        if up_to >= head.seq {
            return Ok(head.n);
        }
        let entries = self.log.entries_at(conversation, &[up_to]).await?;
        entries.first().map(|entry| entry.n).ok_or(MarkAsReadError::NotFound)
    }

    /// The cursor that stayed: the stored one, or where the user's own last message stands.
    async fn standing(
        &self,
        user: &UserId,
        conversation: ConversationId,
    ) -> Result<ReadCursor, MarkAsReadError> {
        let (membership, own) = futures::join!(
            self.conversations.membership(user, conversation),
            self.cache.own_positions(user, None)
        );
        let stored = membership?.ok_or(MarkAsReadError::NotFound)?.cursor;
        let own = own.into_iter().find(|(of, _)| *of == conversation).map(|(_, cursor)| cursor);
        Ok(own.filter(|own| own.seq > stored.seq).unwrap_or(stored))
    }
}
