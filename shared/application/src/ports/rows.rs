//! Rows of many conversations read at once, so that a list costs no read per line.

use async_trait::async_trait;
use parlance_domain::{
    conversation::Conversation,
    ids::{ConversationId, MessageId, UserId},
    log::Entry,
};

use super::{PortError, conversations::ReadCursor};

/// Reads rows by their keys, a hundred at a time. Rows that do not exist are left out; the order is any.
#[async_trait]
pub trait ConversationRows: Send + Sync {
    /// Conversations' own data, perhaps a moment late.
    async fn conversations(&self, ids: &[ConversationId]) -> Result<Vec<Conversation>, PortError>;

    /// The entries of messages, each with its conversation, read strongly.
    async fn entries(&self, ids: &[MessageId]) -> Result<Vec<(ConversationId, Entry)>, PortError>;

    /// The stored cursors of members, perhaps a moment late.
    async fn cursors(
        &self,
        of: &[(ConversationId, UserId)],
    ) -> Result<Vec<(ConversationId, UserId, ReadCursor)>, PortError>;
}
