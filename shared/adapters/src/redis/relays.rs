//! Publishing to the relays, the marks of what was handed over, and the relays' own signs of life.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use parlance_application::{
    delivery::shards::shard_of,
    ports::{
        delivery::{Broadcast, RelayBus},
        environment::Clock,
    },
};
use parlance_domain::{
    head::Seq,
    ids::{ConversationId, RelayId},
};
use redis::pipe;

use super::{
    codec::encode_broadcast,
    keys::{RELAYS_SECONDS, SENT_SECONDS},
    link::RedisLink,
};

/// How long a relay counts as alive after it last said so; it says so each second.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);

/// Speaks to the relays, and for them.
#[derive(Clone)]
pub struct RedisRelayBus {
    link: RedisLink,
    clock: Arc<dyn Clock>,
}

impl RedisRelayBus {
    /// Speaks over this link; the clock tells which relays are alive.
    pub fn new(link: RedisLink, clock: Arc<dyn Clock>) -> Self {
        Self { link, clock }
    }

    /// Says that the relay is alive, and learns which are. `None` while Redis cannot be reached.
    pub async fn announce(&self, relay: &RelayId) -> Option<Vec<RelayId>> {
        let (key, now) = (self.link.keys().relays(), self.clock.now());
        let mut commands = pipe();
        commands.cmd("ZADD").arg(&key).arg(now.plus(SIGN_OF_LIFE).as_millis()).arg(relay.as_str()).ignore();
        commands.cmd("ZREMRANGEBYSCORE").arg(&key).arg("-inf").arg(now.as_millis()).ignore();
        commands.cmd("EXPIRE").arg(&key).arg(RELAYS_SECONDS).ignore();
        commands.cmd("ZRANGEBYSCORE").arg(&key).arg(now.as_millis()).arg("+inf");
        let (alive,): (Vec<String>,) = self.link.run(&commands).await?;
        Some(alive.iter().filter_map(|id| RelayId::parse(id).ok()).collect())
    }

    /// Takes the relay off the list at once, when it stops in order.
    pub async fn withdraw(&self, relay: &RelayId) {
        let mut commands = pipe();
        commands.cmd("ZREM").arg(self.link.keys().relays()).arg(relay.as_str()).ignore();
        let _: Option<()> = self.link.run(&commands).await;
    }
}

#[async_trait]
impl RelayBus for RedisRelayBus {
    async fn publish(&self, broadcast: &Broadcast) -> bool {
        let channel = self.link.keys().events(shard_of(broadcast.conversation));
        let mut commands = pipe();
        commands.cmd("PUBLISH").arg(channel).arg(encode_broadcast(broadcast)).ignore();
        self.link.run::<()>(&commands).await.is_some()
    }

    async fn mark_sent(&self, conversation: ConversationId, seq: Seq) {
        let mut commands = pipe();
        let key = self.link.keys().sent(conversation, seq);
        commands.cmd("SET").arg(key).arg(1).arg("EX").arg(SENT_SECONDS).ignore();
        let _: Option<()> = self.link.run(&commands).await;
    }

    async fn are_sent(&self, entries: &[(ConversationId, Seq)]) -> Vec<bool> {
        let mut commands = pipe();
        for (conversation, seq) in entries {
            commands.cmd("GET").arg(self.link.keys().sent(*conversation, *seq));
        }
        let marks: Option<Vec<Option<Vec<u8>>>> =
            if entries.is_empty() { None } else { self.link.run(&commands).await };
        match marks {
            Some(marks) => marks.iter().map(Option::is_some).collect(),
            None => vec![false; entries.len()],
        }
    }
}
