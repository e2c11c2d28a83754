//! Who is typing, in Redis: a sorted set per conversation, by expiry.

use async_trait::async_trait;
use parlance_application::ports::typing::TypingBoard;
use parlance_domain::{
    ids::{ConversationId, UserId},
    signal::TypingUser,
    time::Timestamp,
};
use redis::{Pipeline, pipe};

use super::{keys::TYPING_SECONDS, link::RedisLink};

/// Remembers in Redis who is typing.
#[derive(Debug, Clone)]
pub struct RedisTypingBoard {
    link: RedisLink,
}

impl RedisTypingBoard {
    /// Remembers over this link.
    pub const fn new(link: RedisLink) -> Self {
        Self { link }
    }

    /// Runs the commands and then reads who is typing, in one round trip.
    async fn read(&self, mut commands: Pipeline, key: &str, now: Timestamp) -> Option<Vec<TypingUser>> {
        let after = format!("({}", now.as_millis());
        commands.cmd("ZRANGEBYSCORE").arg(key).arg(after).arg("+inf").arg("WITHSCORES");
        let (scored,): (Vec<(String, u64)>,) = self.link.run(&commands).await?;
        let mut typists: Vec<_> = scored
            .into_iter()
            .filter_map(|(user, until)| {
                Some(TypingUser {
                    user: UserId::parse(&user).ok()?,
                    expires_at: Timestamp::from_millis(until),
                })
            })
            .collect();
        typists.sort_unstable();
        Some(typists)
    }
}

#[async_trait]
impl TypingBoard for RedisTypingBoard {
    async fn typists(&self, conversation: ConversationId, now: Timestamp) -> Option<Vec<TypingUser>> {
        self.read(pipe(), &self.link.keys().typing(conversation), now).await
    }

    async fn note(
        &self,
        conversation: ConversationId,
        typist: &TypingUser,
        now: Timestamp,
    ) -> Option<Vec<TypingUser>> {
        let key = self.link.keys().typing(conversation);
        let mut commands = pipe();
        let until = typist.expires_at.as_millis();
        commands.cmd("ZADD").arg(&key).arg(until).arg(typist.user.as_str()).ignore();
        commands.cmd("ZREMRANGEBYSCORE").arg(&key).arg("-inf").arg(now.as_millis()).ignore();
        commands.cmd("EXPIRE").arg(&key).arg(TYPING_SECONDS).ignore();
        self.read(commands, &key, now).await
    }

    async fn forget(
        &self,
        conversation: ConversationId,
        user: &UserId,
        now: Timestamp,
    ) -> Option<Vec<TypingUser>> {
        let key = self.link.keys().typing(conversation);
        let mut commands = pipe();
        commands.cmd("ZREM").arg(&key).arg(user.as_str()).ignore();
        self.read(commands, &key, now).await
    }
}
