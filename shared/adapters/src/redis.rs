//! Redis: hints about conversations, the way to the relays, and the registry of sockets in front of the durable one.
//!
//! Every command has one key and none is a transaction or a script: pipelines are commands one after another on one connection. So the
//! same code serves a single Redis or Valkey and ElastiCache Serverless, whose proxy routes each command to the shard of its key.

mod cache;
mod codec;
mod connections;
mod departures;
mod keys;
mod link;
mod marks;
mod none;
mod people;
mod presence;
mod rates;
mod reads;
mod relays;
mod remembered;
mod rosters;
mod subscription;
mod typing;

pub use self::{
    cache::RedisConversationCache,
    connections::CachedConnectionDirectory,
    departures::RedisDepartures,
    link::RedisLink,
    none::{NoCache, NoCounters, NoMovedCursors, NoPresence, NoRelays, NoTypingBoard},
    people::CachedPeople,
    presence::RedisPresenceBoard,
    rates::RedisRateCounters,
    reads::RedisMovedCursors,
    relays::RedisRelayBus,
    remembered::RememberedConnectionDirectory,
    subscription::RelaySubscription,
    typing::RedisTypingBoard,
};
