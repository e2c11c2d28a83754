//! The registry of sockets in Redis, in front of the durable one.
//!
//! A user's hash counts only with its marker, which says that it was filled from the durable registry. Registering adds to the hash,
//! marker or not, so that a reader who is just filling it loses nothing. A registration that Redis missed is announced later.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use parlance_application::ports::{
    PortError,
    connections::{ConnectionDirectory, Registration},
    environment::{Clock, Random},
};
use parlance_domain::{
    connection::Connection,
    ids::{ConnectionId, UserId},
    time::Timestamp,
};
use redis::{Pipeline, pipe};

use super::{
    codec::{decode_connection, encode_connection},
    departures,
    link::RedisLink,
    marks::mark,
};

/// The field that says that the hash is complete. No connection id has a space.
const COMPLETE: &str = "all here";

/// How long a hash is kept at least, in seconds, and how much longer by chance, so that a large conversation's do not all expire at once.
const KEPT_SECONDS: u64 = 120;
const KEPT_LONGER_SECONDS: u64 = 120;

/// Knows sockets from Redis where it can.
#[derive(Clone)]
pub struct CachedConnectionDirectory {
    durable: Arc<dyn ConnectionDirectory>,
    link: RedisLink,
    random: Arc<dyn Random>,
    clock: Arc<dyn Clock>,
}

impl CachedConnectionDirectory {
    /// Puts Redis in front of `durable`.
    pub fn new(
        durable: Arc<dyn ConnectionDirectory>,
        link: RedisLink,
        random: Arc<dyn Random>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { durable, link, random, clock }
    }

    /// What is known of each user, in their order; `None` where the hash is missing or incomplete.
    async fn cached(&self, users: &[UserId]) -> Vec<Option<Vec<Connection>>> {
        let mut commands = pipe();
        for user in users {
            commands.cmd("HGETALL").arg(self.link.keys().connections(user));
        }
        let Some(hashes) = self.link.run::<Vec<Vec<(Vec<u8>, Vec<u8>)>>>(&commands).await else {
            return vec![None; users.len()];
        };
        users.iter().zip(&hashes).map(|(user, fields)| complete(user, fields)).collect()
    }

    /// `None`: Redis did not take it.
    async fn fill(&self, users: &[UserId], connections: &[Connection]) -> Option<()> {
        let mut of_user: HashMap<&UserId, Vec<&Connection>> = HashMap::new();
        for connection in connections {
            of_user.entry(&connection.user).or_default().push(connection);
        }
        let mut commands = pipe();
        for user in users {
            let key = self.link.keys().connections(user);
            let command = commands.cmd("HSET").arg(&key).arg(COMPLETE).arg(1);
            for connection in of_user.get(user).into_iter().flatten() {
                command.arg(connection.id.as_str()).arg(encode_connection(connection));
            }
            command.ignore();
            self.expire(&mut commands, &key);
        }
        self.link.run(&commands).await
    }

    /// Tells those who remember the user's sockets that they have changed. `None`: they could not be told.
    async fn mark(&self, user: &UserId) -> Option<()> {
        let mut commands = pipe();
        mark(&mut commands, &self.link, user, &*self.random);
        self.link.run(&commands).await
    }

    /// Adds a socket to what senders know. `None`: they could not be told.
    async fn add(&self, connection: &Connection) -> Option<()> {
        let key = self.link.keys().connections(&connection.user);
        let mut commands = pipe();
        let value = encode_connection(connection);
        commands.cmd("HSET").arg(&key).arg(connection.id.as_str()).arg(value).ignore();
        self.expire(&mut commands, &key);
        self.link.run::<()>(&commands).await?;
        self.mark(&connection.user).await
    }

    fn expire(&self, commands: &mut Pipeline, key: &str) {
        let seconds = KEPT_SECONDS + self.random.below(KEPT_LONGER_SECONDS);
        commands.cmd("EXPIRE").arg(key).arg(seconds).ignore();
    }
}

#[async_trait]
impl ConnectionDirectory for CachedConnectionDirectory {
    async fn register(&self, connection: &Connection, now: Timestamp) -> Result<Registration, PortError> {
        let registration = self.durable.register(connection, now).await?;
        if registration == Registration::Registered {
            // A second attempt costs less than what follows a socket of which senders do not know.
            let is_told = self.add(connection).await.is_some() || self.add(connection).await.is_some();
            return Ok(if is_told { registration } else { Registration::Unannounced });
        }
        Ok(registration)
    }

    async fn announce(&self, user: &UserId) -> Result<Vec<Connection>, PortError> {
        let connections = self.durable.announce(user).await?;
        let filled = self.fill(std::slice::from_ref(user), &connections).await;
        match filled.and(self.mark(user).await) {
            Some(()) => Ok(connections),
            None => Err(PortError::new("connections", "Redis did not take them")),
        }
    }

    async fn forget(&self, user: &UserId, id: &ConnectionId) -> Result<(), PortError> {
        self.durable.forget(user, id).await?;
        let mut commands = pipe();
        commands.cmd("HDEL").arg(self.link.keys().connections(user)).arg(id.as_str()).ignore();
        // It may have been his last one, and nobody may ever tell: somebody looks after the grace.
        let (key, only_earlier) = (self.link.keys().departures(user), ["XX", "LT"]);
        departures::add(&mut commands, &key, &only_earlier, user, self.clock.now());
        // Whoever posts to it all the same is told that it is gone.
        let _: Option<()> = self.link.run(&commands).await;
        let _: Option<()> = self.mark(user).await;
        Ok(())
    }

    async fn of_users(&self, users: &[UserId]) -> Result<Vec<Connection>, PortError> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let (mut found, mut missed) = (Vec::with_capacity(users.len()), Vec::new());
        for (user, known) in users.iter().zip(self.cached(users).await) {
            match known {
                Some(connections) => found.extend(connections),
                None => missed.push(user.clone()),
            }
        }
        if !missed.is_empty() {
            let connections = self.durable.of_users(&missed).await?;
            // The next reader fills what Redis did not take.
            let _: Option<()> = self.fill(&missed, &connections).await;
            found.extend(connections);
        }
        Ok(found)
    }
}

fn complete(user: &UserId, fields: &[(Vec<u8>, Vec<u8>)]) -> Option<Vec<Connection>> {
    let mut is_complete = false;
    let mut connections = Vec::with_capacity(fields.len());
    for (field, value) in fields {
        if field == COMPLETE.as_bytes() {
            is_complete = true;
        } else {
            connections.push(decode_connection(user, field, value)?);
        }
    }
    is_complete.then_some(connections)
}
