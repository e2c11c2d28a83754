//! Presence in Redis: what watchers were told of each user, and who watches whom.
//!
//! The two sides of watching are kept under two keys: who watches a user (to tell them) and whom a socket watches (to end that with it).

use async_trait::async_trait;
use parlance_application::ports::presence::PresenceBoard;
use parlance_domain::{
    connection::Connection,
    ids::{ConnectionId, UserId},
    signal::Presence,
    time::Timestamp,
};
use redis::{Pipeline, pipe};

use super::{
    codec::{decode_presence, decode_watcher, encode_presence, encode_watcher},
    keys::{PRESENCE_SECONDS, WATCHING_SECONDS},
    link::RedisLink,
};

/// Remembers in Redis what watchers were told.
#[derive(Debug, Clone)]
pub struct RedisPresenceBoard {
    link: RedisLink,
}

impl RedisPresenceBoard {
    /// Remembers over this link.
    pub const fn new(link: RedisLink) -> Self {
        Self { link }
    }

    async fn watched_by(&self, watcher: &ConnectionId) -> Option<Vec<UserId>> {
        let mut commands = pipe();
        commands.cmd("SMEMBERS").arg(self.link.keys().watching(watcher));
        let (names,): (Vec<String>,) = self.link.run(&commands).await?;
        Some(names.iter().filter_map(|user| UserId::parse(user).ok()).collect())
    }

    fn unwatch_each(&self, commands: &mut Pipeline, watcher: &ConnectionId, users: &[UserId]) {
        for user in users {
            let key = self.link.keys().watchers(user);
            commands.cmd("HDEL").arg(key).arg(watcher.as_str()).ignore();
        }
        commands.cmd("DEL").arg(self.link.keys().watching(watcher)).ignore();
    }
}

#[async_trait]
impl PresenceBoard for RedisPresenceBoard {
    async fn shown(&self, users: &[UserId]) -> Option<Vec<Option<Presence>>> {
        if users.is_empty() {
            return Some(Vec::new());
        }
        let mut commands = pipe();
        for user in users {
            commands.cmd("GET").arg(self.link.keys().presence(user));
        }
        let shown: Vec<Option<Vec<u8>>> = self.link.run(&commands).await?;
        Some(shown.into_iter().map(|bytes| bytes.and_then(|bytes| decode_presence(&bytes))).collect())
    }

    async fn show(&self, user: &UserId, presence: &Presence) -> Option<Option<Presence>> {
        let mut commands = pipe();
        commands
            .cmd("SET")
            .arg(self.link.keys().presence(user))
            .arg(encode_presence(presence))
            .arg("EX")
            .arg(PRESENCE_SECONDS)
            .arg("GET");
        let (told,): (Option<Vec<u8>>,) = self.link.run(&commands).await?;
        Some(told.and_then(|bytes| decode_presence(&bytes)))
    }

    async fn note(&self, found: &[(UserId, Presence)]) {
        if found.is_empty() {
            return;
        }
        let mut commands = pipe();
        for (user, presence) in found {
            commands
                .cmd("SET")
                .arg(self.link.keys().presence(user))
                .arg(encode_presence(presence))
                .arg("EX")
                .arg(PRESENCE_SECONDS)
                .arg("NX")
                .ignore();
        }
        let _: Option<()> = self.link.run(&commands).await;
    }

    async fn watchers(&self, user: &UserId, now: Timestamp) -> Vec<Connection> {
        let mut commands = pipe();
        commands.cmd("HGETALL").arg(self.link.keys().watchers(user));
        let Some((fields,)) = self.link.run::<(Vec<(Vec<u8>, Vec<u8>)>,)>(&commands).await else {
            return Vec::new();
        };
        let watchers = fields.iter().filter_map(|(id, value)| decode_watcher(id, value));
        watchers.filter(|watcher| watcher.ends_at() > now).collect()
    }

    async fn watch(&self, watcher: &Connection, users: &[UserId]) -> bool {
        let Some(before) = self.watched_by(&watcher.id).await else { return false };
        let mut commands = pipe();
        let left: Vec<UserId> = before.into_iter().filter(|user| !users.contains(user)).collect();
        self.unwatch_each(&mut commands, &watcher.id, &left);
        let (watching, value) = (self.link.keys().watching(&watcher.id), encode_watcher(watcher));
        for user in users {
            let key = self.link.keys().watchers(user);
            commands.cmd("HSET").arg(&key).arg(watcher.id.as_str()).arg(&value).ignore();
            commands.cmd("EXPIRE").arg(&key).arg(WATCHING_SECONDS).ignore();
            commands.cmd("SADD").arg(&watching).arg(user.as_str()).ignore();
        }
        commands.cmd("EXPIRE").arg(&watching).arg(WATCHING_SECONDS).ignore();
        self.link.run::<()>(&commands).await.is_some()
    }

    async fn unwatch(&self, watcher: &ConnectionId) {
        let Some(people) = self.watched_by(watcher).await.filter(|people| !people.is_empty()) else {
            return;
        };
        let mut commands = pipe();
        self.unwatch_each(&mut commands, watcher, &people);
        let _: Option<()> = self.link.run(&commands).await;
    }
}
