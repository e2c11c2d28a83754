//! Marks a conversation as read: a cursor that only goes forward, and those who are told so.

use std::sync::Arc;

use parlance_domain::{
    head::{Head, Seq},
    ids::{ConnectionId, ConversationId, UserId},
};

use crate::{
    conversations::summary::later,
    limits::{admission::Admission, limiter::RateLimited},
    ports::{
        PortError,
        conversations::{Advance, ConversationRepository, ReadCursor},
        environment::Clock,
        log::{Consistency, LogRange, MessageLog, Order},
        reads::{ReaderOpening, ReadingCache},
    },
    reads::tell::{CursorMove, TellReads},
};

/// Moves read cursors.
#[derive(Clone)]
pub struct MarkAsRead {
    log: Arc<dyn MessageLog>,
    conversations: Arc<dyn ConversationRepository>,
    cache: Arc<dyn ReadingCache>,
    tell: TellReads,
    clock: Arc<dyn Clock>,
}

/// How far somebody says that he has read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Who.
    pub reader: UserId,
    /// Which conversation.
    pub conversation: ConversationId,
    /// Up to this entry, or to the newest one where that lies behind it.
    pub up_to: Seq,
    /// The socket that asked, which gets the answer instead of the event.
    pub from: Option<ConnectionId>,
    /// The request, which the first round trip counts.
    pub admission: Admission,
}

/// How far a user has read now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadUpTo {
    /// His cursor or his own last message, whichever is later.
    pub cursor: ReadCursor,
    /// How many messages stand after it.
    pub unread: u64,
}

/// Why nothing was marked.
#[derive(Debug, thiserror::Error)]
pub enum MarkAsReadError {
    /// There is no such conversation for this user.
    #[error("no such conversation")]
    NotFound,
    /// He asks too fast.
    #[error(transparent)]
    RateLimited(#[from] RateLimited),
    /// An outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl MarkAsRead {
    /// Marks over these.
    pub fn new(
        log: Arc<dyn MessageLog>,
        conversations: Arc<dyn ConversationRepository>,
        cache: Arc<dyn ReadingCache>,
        tell: TellReads,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { log, conversations, cache, tell, clock }
    }

    /// Moves the cursor, unless it is there or further on already: one write, which is also what shows that the reader is a member.
    pub async fn execute(&self, reading: Reading) -> Result<ReadUpTo, MarkAsReadError> {
        let Reading { reader, conversation, up_to, from, admission } = reading;
        let counting = admission.counting(None);
        let opened = self.cache.opening_of(&reader, conversation, &counting).await;
        let ReaderOpening { conversation: opening, own } = opened;
        admission.settle(&counting, opening.counts.clone()).await?;
        let (head, n) = self.place(conversation, opening.head, up_to).await?;
        if head.is_closed() {
            return Err(MarkAsReadError::NotFound);
        }
        let cursor = ReadCursor { seq: up_to.min(head.seq), n, at: self.clock.now() };
        let (standing, is_moved) =
            match self.conversations.advance_cursor(&reader, conversation, cursor).await? {
                Advance::NotAMember => return Err(MarkAsReadError::NotFound),
                Advance::Moved => (cursor, true),
                Advance::Unmoved(standing) => (standing, false),
            };
        let read = later(standing, own);
        if is_moved && read == cursor {
            self.tell.execute(CursorMove { conversation, user: &reader, cursor, from, opening }).await;
        }
        Ok(ReadUpTo { cursor: read, unread: self.unread(conversation, head, read).await? })
    }

    /// The newest entry, and how many entries up to `up_to` a person would count. At a remembered head nothing is read for it.
    async fn place(
        &self,
        conversation: ConversationId,
        hint: Option<Head>,
        up_to: Seq,
    ) -> Result<(Head, u64), MarkAsReadError> {
        if let Some(head) = hint.filter(|head| up_to <= head.seq) {
            if up_to == head.seq {
                return Ok((head, head.n));
            }
            if let Some(n) = self.ordinal(conversation, up_to, Consistency::Eventual).await? {
                return Ok((head, n));
            }
        }
        // Beyond what is remembered, only the log knows what is there.
        let head = self.log.tail(conversation).await?.ok_or(MarkAsReadError::NotFound)?;
        if up_to >= head.seq {
            return Ok((head, head.n));
        }
        let n = self.ordinal(conversation, up_to, Consistency::Strong).await?;
        Ok((head, n.ok_or_else(|| PortError::new("log", "an entry below the tail is missing"))?))
    }

    /// The ordinal of an entry. It never changes, so a late read finds the right one or none.
    async fn ordinal(
        &self,
        conversation: ConversationId,
        seq: Seq,
        consistency: Consistency,
    ) -> Result<Option<u64>, PortError> {
        let range = LogRange {
            after: seq.get() - 1,
            up_to: Some(seq),
            order: Order::Ascending,
            limit: 1,
            consistency,
        };
        let page = self.log.page(conversation, range).await?;
        Ok(page.entries.first().map(|entry| entry.n))
    }

    /// A head that lies behind the cursor is not believed.
    async fn unread(
        &self,
        conversation: ConversationId,
        head: Head,
        read: ReadCursor,
    ) -> Result<u64, MarkAsReadError> {
        let head = if read.seq > head.seq {
            self.log.tail(conversation).await?.ok_or(MarkAsReadError::NotFound)?
        } else {
            head
        };
        Ok(head.n.saturating_sub(read.n))
    }
}
