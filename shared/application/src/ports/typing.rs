//! Who is typing, for the few seconds that it matters.

use async_trait::async_trait;
use parlance_domain::{
    ids::{ConversationId, UserId},
    signal::TypingUser,
    time::Timestamp,
};

/// Remembers who is typing where, until each one's expiry. It never fails: `None` says that nothing can be known now, and typing pauses.
///
/// Each call is one round trip. Of two who are noted at once, the one who is noted last is answered both.
#[async_trait]
pub trait TypingBoard: Send + Sync {
    /// Who is typing, by user.
    async fn typists(&self, conversation: ConversationId, now: Timestamp) -> Option<Vec<TypingUser>>;

    /// Notes one, in place of what was noted of him, and answers everybody.
    async fn note(
        &self,
        conversation: ConversationId,
        typist: &TypingUser,
        now: Timestamp,
    ) -> Option<Vec<TypingUser>>;

    /// Forgets one and answers those who are left.
    async fn forget(
        &self,
        conversation: ConversationId,
        user: &UserId,
        now: Timestamp,
    ) -> Option<Vec<TypingUser>>;
}
