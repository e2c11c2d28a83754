//! The registry of sockets as a long-lived process remembers it, so that an event of a large conversation costs one read and not one per member.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use parlance_application::ports::{
    PortError,
    connections::{ConnectionDirectory, Registration},
    environment::Random,
};
use parlance_domain::{
    connection::Connection,
    ids::{ConnectionId, UserId},
    time::Timestamp,
};

use super::{
    connections::CachedConnectionDirectory,
    link::RedisLink,
    marks::{Mark, Marks},
};

/// How long a user's sockets are believed although nobody marked a change: marks that did not get through are missed no longer.
const BELIEVED_FOR: Duration = Duration::from_secs(10);

/// So many users are remembered; one more, and all are forgotten.
const CAPACITY: usize = 50_000;

/// Remembers what it read, for as long as the marks say that nothing has changed.
///
/// Who registered before a call is found by it: his registration ended with a new mark of his group, and the marks are read first in each call.
#[derive(Clone)]
pub struct RememberedConnectionDirectory {
    registry: CachedConnectionDirectory,
    link: RedisLink,
    random: Arc<dyn Random>,
    known: Arc<Mutex<HashMap<UserId, Known>>>,
}

struct Known {
    mark: Mark,
    read_at: Instant,
    connections: Vec<Connection>,
}

impl RememberedConnectionDirectory {
    /// Remembers what it reads from `registry`, whose link this is.
    pub fn new(registry: CachedConnectionDirectory, link: RedisLink, random: Arc<dyn Random>) -> Self {
        Self { registry, link, random, known: Arc::default() }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<UserId, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of these users and still so; and those of whom it is not.
    fn split(&self, users: &[UserId], marks: &Marks) -> (Vec<Connection>, Vec<UserId>) {
        let (mut found, mut unknown) = (Vec::with_capacity(users.len()), Vec::new());
        let known = self.known();
        for user in users {
            let fresh = known
                .get(user)
                .filter(|known| known.mark == marks.of(user) && known.read_at.elapsed() < BELIEVED_FOR);
            match fresh {
                Some(known) => found.extend(known.connections.iter().cloned()),
                None => unknown.push(user.clone()),
            }
        }
        (found, unknown)
    }

    fn remember(&self, users: Vec<UserId>, connections: &[Connection], marks: &Marks, read_at: Instant) {
        let mut of_user: HashMap<&UserId, Vec<Connection>> = HashMap::new();
        for connection in connections {
            of_user.entry(&connection.user).or_default().push(connection.clone());
        }
        let mut known = self.known();
        if known.len() + users.len() > CAPACITY {
            known.clear();
        }
        for user in users {
            let connections = of_user.remove(&user).unwrap_or_default();
            known.insert(user.clone(), Known { mark: marks.of(&user), read_at, connections });
        }
    }
}

#[async_trait]
impl ConnectionDirectory for RememberedConnectionDirectory {
    async fn register(&self, connection: &Connection, now: Timestamp) -> Result<Registration, PortError> {
        self.registry.register(connection, now).await
    }

    async fn announce(&self, user: &UserId) -> Result<Vec<Connection>, PortError> {
        self.registry.announce(user).await
    }

    async fn forget(&self, user: &UserId, id: &ConnectionId) -> Result<(), PortError> {
        let forgotten = self.registry.forget(user, id).await;
        self.known().remove(user);
        forgotten
    }

    async fn of_users(&self, users: &[UserId]) -> Result<Vec<Connection>, PortError> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let read_at = Instant::now();
        let Some(marks) = Marks::read(&self.link, &*self.random).await else {
            return self.registry.of_users(users).await;
        };
        let (mut found, unknown) = self.split(users, &marks);
        if !unknown.is_empty() {
            let connections = self.registry.of_users(&unknown).await?;
            self.remember(unknown, &connections, &marks, read_at);
            found.extend(connections);
        }
        Ok(found)
    }
}
