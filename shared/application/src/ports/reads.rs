//! Who has read how far: what a reader's request wants to know, and the moves that others are told of a few seconds later.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use parlance_domain::{
    head::Seq,
    ids::{ConversationId, UserId},
    roster::Roster,
};

use super::{PortError, cache::Opening, conversations::ReadCursor, rates::Counting};

/// Hints for readers. Nothing here fails: a cache that is down remembers nothing, within its deadline.
#[async_trait]
pub trait ReadingCache: Send + Sync {
    /// What a request that moves a cursor wants to know beforehand, in one round trip, which counts the request along the way.
    async fn opening_of(
        &self,
        user: &UserId,
        conversation: ConversationId,
        counting: &Counting,
    ) -> ReaderOpening;

    /// The rosters of many conversations under their versions, in their order, in one round trip.
    async fn rosters(&self, conversations: &[ConversationId]) -> Vec<Option<(Seq, Arc<Roster>)>>;
}

/// What the cache knows of a conversation and of one of its readers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReaderOpening {
    /// The conversation.
    pub conversation: Opening,
    /// Where the reader's own newest message stands.
    pub own: Option<ReadCursor>,
}

/// Remembers for a minute whose cursors have moved, so that many moves are told at once. What it loses is never told, and harms nothing.
#[async_trait]
pub trait MovedCursors: Send + Sync {
    /// Notes that a member's cursor stands here now; of several moves the last one counts.
    async fn note(&self, conversation: ConversationId, user: &UserId, cursor: ReadCursor) -> Noted;

    /// Every cursor that was noted since the last time this was asked. The next one to be noted is [`Noted::First`] again.
    /// What is noted at that very moment may be answered twice.
    async fn collect(&self, conversation: ConversationId) -> Vec<(UserId, ReadCursor)>;
}

/// What became of a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noted {
    /// It is the first since the last collection: whoever noted it asks for the next one.
    First,
    /// A collection is coming already.
    Another,
    /// It was not kept.
    Lost,
}

/// The timer queue of `on-read-timer`.
#[async_trait]
pub trait ReadTimer: Send + Sync {
    /// Asks for the conversation's moved cursors to be collected and told after the delay.
    async fn collect_after(&self, conversation: ConversationId, delay: Duration) -> Result<(), PortError>;
}
