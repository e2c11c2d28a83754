//! Hints about conversations in Redis.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use parlance_application::ports::{
    cache::{ConversationCache, Opening},
    conversations::ReadCursor,
    environment::Clock,
    rates::Counting,
};
use parlance_domain::{
    head::{Head, Seq},
    ids::{ConversationId, UserId},
    roster::Roster,
};
use redis::{Pipeline, Value, from_redis_value_ref, pipe};

use super::{
    codec::{decode_cursor, decode_head, encode_cursor, encode_head, encode_roster},
    keys::{HEAD_SECONDS, OWN_SECONDS, ROSTER_SECONDS},
    link::RedisLink,
    rates,
    rosters::DecodedRosters,
};

/// Remembers conversations in Redis.
#[derive(Clone)]
pub struct RedisConversationCache {
    pub(super) link: RedisLink,
    clock: Arc<dyn Clock>,
    pub(super) rosters: Arc<DecodedRosters>,
}

impl RedisConversationCache {
    /// Remembers over this link; the clock tells which relays are alive.
    pub fn new(link: RedisLink, clock: Arc<dyn Clock>) -> Self {
        Self { link, clock, rosters: Arc::default() }
    }

    /// Asks for the newest head, a roster, and one relay if one lives.
    pub(super) fn ask_opening(&self, commands: &mut Pipeline, conversation: ConversationId) {
        let keys = self.link.keys();
        self.newest_head(commands, conversation);
        commands.cmd("GET").arg(keys.roster(conversation));
        commands
            .cmd("ZRANGEBYSCORE")
            .arg(keys.relays())
            .arg(self.clock.now().as_millis())
            .arg("+inf")
            .arg("LIMIT")
            .arg(0)
            .arg(1);
    }

    /// Reads the answers to [`Self::ask_opening`] and to what was counted after it.
    pub(super) fn opening_from(&self, conversation: ConversationId, answers: &[Value]) -> Opening {
        let [head, roster, relays, counts @ ..] = answers else { return Opening::default() };
        let relays: Vec<Vec<u8>> = from_redis_value_ref(relays).unwrap_or_default();
        Opening {
            head: from_redis_value_ref::<Vec<Vec<u8>>>(head).ok().and_then(|members| head_of(&members)),
            roster: bytes_of(roster).and_then(|bytes| self.rosters.decode(conversation, bytes)),
            has_relay: !relays.is_empty(),
            counts: rates::counts_of(counts),
        }
    }

    /// Heads are members of a sorted set, by their place in the log: the last one counts, whoever added it when.
    fn newest_head(&self, commands: &mut Pipeline, conversation: ConversationId) {
        commands.cmd("ZRANGE").arg(self.link.keys().head(conversation)).arg(-1).arg(-1);
    }
}

/// The bytes of an answer, if there are any.
pub(super) fn bytes_of(answer: &Value) -> Option<Vec<u8>> {
    from_redis_value_ref::<Option<Vec<u8>>>(answer).ok().flatten()
}

fn head_of(members: &[Vec<u8>]) -> Option<Head> {
    members.last().and_then(|bytes| decode_head(bytes))
}

#[async_trait]
impl ConversationCache for RedisConversationCache {
    async fn opening(&self, conversation: ConversationId, counting: &Counting) -> Opening {
        let mut commands = pipe();
        self.ask_opening(&mut commands, conversation);
        rates::add(&mut commands, self.link.keys(), counting);
        let answers: Vec<Value> = self.link.run(&commands).await.unwrap_or_default();
        self.opening_from(conversation, &answers)
    }

    async fn record_head(&self, conversation: ConversationId, head: &Head) -> bool {
        let (key, seq) = (self.link.keys().head(conversation), head.seq.get());
        let mut commands = pipe();
        commands.cmd("ZADD").arg(&key).arg(seq).arg(encode_head(head)).ignore();
        commands.cmd("ZREMRANGEBYSCORE").arg(&key).arg("-inf").arg(format!("({seq}")).ignore();
        commands.cmd("EXPIRE").arg(&key).arg(HEAD_SECONDS).ignore();
        let answered: Option<()> = self.link.run(&commands).await;
        answered.is_some()
    }

    async fn forget_head(&self, conversation: ConversationId) {
        let mut commands = pipe();
        commands.cmd("DEL").arg(self.link.keys().head(conversation)).ignore();
        let _: Option<()> = self.link.run(&commands).await;
    }

    async fn record_roster(&self, conversation: ConversationId, version: Seq, roster: &Roster) {
        let mut commands = pipe();
        commands
            .cmd("SET")
            .arg(self.link.keys().roster(conversation))
            .arg(encode_roster(version, roster))
            .arg("EX")
            .arg(ROSTER_SECONDS)
            .ignore();
        let _: Option<()> = self.link.run(&commands).await;
    }

    async fn heads(&self, conversations: &[ConversationId]) -> Vec<Option<Head>> {
        let mut commands = pipe();
        for conversation in conversations {
            self.newest_head(&mut commands, *conversation);
        }
        let heads: Option<Vec<Vec<Vec<u8>>>> =
            if conversations.is_empty() { None } else { self.link.run(&commands).await };
        match heads {
            Some(heads) => heads.iter().map(|members| head_of(members)).collect(),
            None => vec![None; conversations.len()],
        }
    }

    async fn own_positions(
        &self,
        user: &UserId,
        position: Option<(ConversationId, ReadCursor)>,
    ) -> Vec<(ConversationId, ReadCursor)> {
        let key = self.link.keys().own(user);
        let mut commands = pipe();
        commands.cmd("HGETALL").arg(&key);
        if let Some((conversation, cursor)) = &position {
            remember(&mut commands, &key, *conversation, cursor);
        }
        let Some((known,)) = self.link.run::<(BTreeMap<String, Vec<u8>>,)>(&commands).await else {
            return position.into_iter().collect();
        };
        let mut positions: BTreeMap<_, _> = known
            .iter()
            .filter_map(|(id, bytes)| Some((ConversationId::parse(id).ok()?, decode_cursor(bytes)?)))
            .collect();
        if let Some((conversation, cursor)) = position {
            let newer = positions.get(&conversation).copied().filter(|known| known.seq > cursor.seq);
            if let Some(newer) = newer {
                let mut commands = pipe();
                remember(&mut commands, &key, conversation, &newer);
                let _: Option<()> = self.link.run(&commands).await;
            }
            positions.insert(conversation, newer.unwrap_or(cursor));
        }
        positions.into_iter().collect()
    }
}

fn remember(commands: &mut Pipeline, key: &str, conversation: ConversationId, cursor: &ReadCursor) {
    commands.cmd("HSET").arg(key).arg(conversation.to_string()).arg(encode_cursor(cursor)).ignore();
    commands.cmd("EXPIRE").arg(key).arg(OWN_SECONDS).ignore();
}
