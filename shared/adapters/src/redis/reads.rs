//! What readers ask of Redis, and the cursors that have moved lately.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use parlance_application::ports::{
    conversations::ReadCursor,
    environment::Clock,
    rates::Counting,
    reads::{MovedCursors, Noted, ReaderOpening, ReadingCache},
};
use parlance_domain::{
    head::Seq,
    ids::{ConversationId, UserId},
    roster::Roster,
    time::Timestamp,
};
use redis::{Value, pipe};

use super::{
    cache::{RedisConversationCache, bytes_of},
    codec::{decode_cursor, decode_moved, encode_moved},
    keys::{COLLECTING_SECONDS, MOVED_SECONDS},
    link::RedisLink,
    rates,
};

/// A move that was noted while others were being collected may bear a time from just before: it is collected again.
const OVERLAP: Duration = Duration::from_secs(1);

/// When cursors were last collected, and those that are remembered.
type Collected = (Option<u64>, HashMap<String, Vec<u8>>);

#[async_trait]
impl ReadingCache for RedisConversationCache {
    async fn opening_of(
        &self,
        user: &UserId,
        conversation: ConversationId,
        counting: &Counting,
    ) -> ReaderOpening {
        let keys = self.link.keys();
        let mut commands = pipe();
        commands.cmd("HGET").arg(keys.own(user)).arg(conversation.to_string());
        self.ask_opening(&mut commands, conversation);
        rates::add(&mut commands, keys, counting);
        let answers: Vec<Value> = self.link.run(&commands).await.unwrap_or_default();
        let Some((own, opening)) = answers.split_first() else { return ReaderOpening::default() };
        ReaderOpening {
            conversation: self.opening_from(conversation, opening),
            own: bytes_of(own).and_then(|bytes| decode_cursor(&bytes)),
        }
    }

    async fn rosters(&self, conversations: &[ConversationId]) -> Vec<Option<(Seq, Arc<Roster>)>> {
        let mut commands = pipe();
        for conversation in conversations {
            commands.cmd("GET").arg(self.link.keys().roster(*conversation));
        }
        let rosters: Option<Vec<Option<Vec<u8>>>> =
            if conversations.is_empty() { None } else { self.link.run(&commands).await };
        match rosters {
            Some(rosters) => conversations
                .iter()
                .zip(rosters)
                .map(|(id, bytes)| bytes.and_then(|bytes| self.rosters.decode(*id, bytes)))
                .collect(),
            None => vec![None; conversations.len()],
        }
    }
}

/// Remembers moved cursors in Redis.
#[derive(Clone)]
pub struct RedisMovedCursors {
    link: RedisLink,
    clock: Arc<dyn Clock>,
}

impl RedisMovedCursors {
    /// Remembers over this link; the clock tells what was noted since the last collection.
    pub fn new(link: RedisLink, clock: Arc<dyn Clock>) -> Self {
        Self { link, clock }
    }
}

#[async_trait]
impl MovedCursors for RedisMovedCursors {
    async fn note(&self, conversation: ConversationId, user: &UserId, cursor: ReadCursor) -> Noted {
        let (keys, now) = (self.link.keys(), self.clock.now());
        let moved = keys.moved(conversation);
        // In this order: what a collection just missed asks for the next one.
        let mut commands = pipe();
        commands.cmd("HSET").arg(&moved).arg(user.as_str()).arg(encode_moved(&cursor, now)).ignore();
        commands.cmd("EXPIRE").arg(&moved).arg(MOVED_SECONDS).ignore();
        let collecting = keys.collecting(conversation);
        commands.cmd("SET").arg(collecting).arg(1).arg("NX").arg("EX").arg(COLLECTING_SECONDS);
        match self.link.run::<(Option<String>,)>(&commands).await {
            Some((Some(_),)) => Noted::First,
            Some((None,)) => Noted::Another,
            None => Noted::Lost,
        }
    }

    async fn collect(&self, conversation: ConversationId) -> Vec<(UserId, ReadCursor)> {
        let (keys, now) = (self.link.keys(), self.clock.now());
        let mut commands = pipe();
        commands.cmd("DEL").arg(keys.collecting(conversation)).ignore();
        let collected = keys.collected(conversation);
        commands.cmd("SET").arg(collected).arg(now.as_millis()).arg("EX").arg(MOVED_SECONDS).arg("GET");
        commands.cmd("HGETALL").arg(keys.moved(conversation));
        let Some((before, moved)) = self.link.run::<Collected>(&commands).await else { return Vec::new() };
        let since = before.map_or_else(Timestamp::default, |at| Timestamp::from_millis(at).minus(OVERLAP));
        let cursors = moved.iter().filter_map(|(user, bytes)| {
            let (cursor, noted_at) = decode_moved(bytes)?;
            Some((UserId::parse(user).ok()?, cursor)).filter(|_| noted_at >= since)
        });
        cursors.collect()
    }
}
