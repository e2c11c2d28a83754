//! Redis: hints about conversations, the way to the relays, and the registry of sockets in front of the durable one.
//!
//! Every command has one key and none is a transaction or a script: pipelines are commands one after another on one connection. So the
//! same code serves a single Redis or Valkey and ElastiCache Serverless, whose proxy routes each command to the shard of its key.

mod cache;
mod codec;
mod connections;
mod keys;
mod link;
mod marks;
mod none;
mod people;
mod rates;
mod relays;
mod remembered;
mod rosters;
mod subscription;

pub use self::{
    cache::RedisConversationCache,
    connections::CachedConnectionDirectory,
    link::RedisLink,
    none::{NoCache, NoCounters, NoRelays},
    people::CachedPeople,
    rates::RedisRateCounters,
    relays::RedisRelayBus,
    remembered::RememberedConnectionDirectory,
    subscription::RelaySubscription,
};
