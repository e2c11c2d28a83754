//! Whom people do not want to hear from.

use async_trait::async_trait;
use parlance_domain::{
    ids::{ConversationId, UserId},
    time::Timestamp,
};

use super::PortError;

/// Keeps the blocks of people. Where two people have a direct conversation, a block is an entry of its log
/// ([`super::log::RowChange::SetBlock`]), so that nothing is said after it; this port keeps those of people who have none.
#[async_trait]
pub trait BlockRepository: Send + Sync {
    /// Since when somebody blocks somebody else, read strongly.
    async fn find(&self, user: &UserId, other: &UserId) -> Result<Option<Timestamp>, PortError>;

    /// Sets a block of people who have no direct conversation, or lifts it (`since` is none): all or nothing, and refused if `conversation`,
    /// which would be theirs, exists.
    async fn set(
        &self,
        user: &UserId,
        other: &UserId,
        since: Option<Timestamp>,
        conversation: ConversationId,
    ) -> Result<SetBlock, PortError>;

    /// The people whom somebody blocks, from a place on, by the order of their keys.
    async fn page(&self, user: &UserId, place: &BlockPlace, limit: usize) -> Result<BlockPage, PortError>;
}

/// What became of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetBlock {
    /// It is so.
    Done,
    /// The two have a direct conversation by now, whose log it belongs into; nothing was written.
    HasConversation,
}

/// Where a page of blocks lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockPlace {
    /// At the beginning.
    First,
    /// Directly after somebody, who need not be blocked any more.
    After(UserId),
    /// Directly before somebody.
    Before(UserId),
}

/// Some of the people whom somebody blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockPage {
    /// They, and since when, in order.
    pub rows: Vec<(UserId, Timestamp)>,
    /// Whether more lie beyond them, in the direction of the page.
    pub has_more: bool,
}
