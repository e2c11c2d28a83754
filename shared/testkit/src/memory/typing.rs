//! The memory twin of the board of typists.

use async_trait::async_trait;
use parlance_application::ports::typing::TypingBoard;
use parlance_domain::{
    ids::{ConversationId, UserId},
    signal::TypingUser,
    time::Timestamp,
};

use super::redis::{Keys, MemoryRedis};

impl Keys {
    fn typists(&self, conversation: ConversationId, now: Timestamp) -> Vec<TypingUser> {
        let noted = self.typing.get(&conversation).into_iter().flatten();
        noted
            .filter(|(_, until)| **until > now)
            .map(|(user, until)| TypingUser { user: user.clone(), expires_at: *until })
            .collect()
    }
}

#[async_trait]
impl TypingBoard for MemoryRedis {
    async fn typists(&self, conversation: ConversationId, now: Timestamp) -> Option<Vec<TypingUser>> {
        self.call(|keys| keys.typists(conversation, now)).await
    }

    async fn note(
        &self,
        conversation: ConversationId,
        typist: &TypingUser,
        now: Timestamp,
    ) -> Option<Vec<TypingUser>> {
        let noted = self.call(|keys| {
            let typing = keys.typing.entry(conversation).or_default();
            typing.insert(typist.user.clone(), typist.expires_at);
            typing.retain(|_, until| *until > now);
            keys.typists(conversation, now)
        });
        noted.await
    }

    async fn forget(
        &self,
        conversation: ConversationId,
        user: &UserId,
        now: Timestamp,
    ) -> Option<Vec<TypingUser>> {
        let forgotten = self.call(|keys| {
            keys.typing.entry(conversation).or_default().remove(user);
            keys.typists(conversation, now)
        });
        forgotten.await
    }
}
