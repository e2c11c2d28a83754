//! The open connections of the WebSocket API, looked up by id without one lock for all.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU16, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use data_encoding::BASE64URL;

use super::socket::{Sent, Socket};

const SHARDS: usize = 64;

/// One connection, from the answer of `$connect` to its end.
#[derive(Debug)]
pub struct Connection {
    /// AWS's look: 15 characters of base64 and `=`.
    pub id: Box<str>,
    /// The client's address.
    pub source_ip: Box<str>,
    /// The client's `User-Agent`.
    pub user_agent: Box<str>,
    /// When the handshake came in.
    pub connected_at_ms: u64,
    /// The members of `requestContext` that are alike in each of its events, as JSON without braces.
    pub context: Box<str>,
    /// Where its frames go.
    pub socket: Arc<Socket>,
    /// How many of its frames are being handled.
    pub frames: AtomicUsize,
    opened: Instant,
    last_active_ms: AtomicU64,
    close_code: AtomicU16,
}

impl Connection {
    /// A connection that opens now.
    pub fn new(
        id: Box<str>,
        identity: (&str, &str),
        connected_at_ms: u64,
        context: String,
        socket: Arc<Socket>,
    ) -> Arc<Self> {
        Arc::new(Self {
            id,
            source_ip: identity.0.into(),
            user_agent: identity.1.into(),
            connected_at_ms,
            context: context.into_boxed_str(),
            socket,
            frames: AtomicUsize::new(0),
            opened: Instant::now(),
            last_active_ms: AtomicU64::new(0),
            close_code: AtomicU16::new(0),
        })
    }

    /// Notes that a frame went one way or the other.
    pub fn touch(&self) {
        let elapsed = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_active_ms.store(elapsed, Ordering::Relaxed);
    }

    /// When a frame last went one way or the other, in milliseconds since 1970.
    pub fn last_active_epoch_ms(&self) -> u64 {
        self.connected_at_ms + self.last_active_ms.load(Ordering::Relaxed)
    }

    /// Sends a text frame.
    pub fn send(&self, payload: &[u8]) -> Sent {
        let sent = self.socket.send(super::socket::Kind::Text, payload);
        if sent == Sent::Accepted {
            self.touch();
        }
        sent
    }

    /// Asks the connection's task to close it with this code.
    pub fn close(&self, code: u16) {
        self.close_code.store(code, Ordering::Release);
        self.socket.close_outbox();
        self.socket.wake();
    }

    /// Asks the connection's task to end it without a close frame.
    pub fn cut(&self) {
        self.close(CUT);
    }

    /// The code that somebody asked to close it with.
    pub fn asked_to_close(&self) -> Option<u16> {
        Some(self.close_code.load(Ordering::Acquire)).filter(|code| *code != 0)
    }

    fn is_over(&self, idle: Duration, lifetime: Duration) -> bool {
        let age = self.opened.elapsed();
        let active = Duration::from_millis(self.last_active_ms.load(Ordering::Relaxed));
        age > lifetime || age.saturating_sub(active) > idle
    }
}

type Shard = RwLock<HashMap<Box<str>, Arc<Connection>>>;

/// All open connections.
#[derive(Debug)]
pub struct Connections {
    shards: Vec<Shard>,
    hasher: RandomState,
}

impl Default for Connections {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| Shard::default()).collect(), hasher: RandomState::new() }
    }
}

impl Connections {
    fn shard(&self, id: &str) -> Option<&Shard> {
        let hash = usize::try_from(self.hasher.hash_one(id) % SHARDS as u64).ok()?;
        self.shards.get(hash)
    }

    /// Makes a connection reachable.
    pub fn insert(&self, connection: Arc<Connection>) {
        if let Some(shard) = self.shard(&connection.id) {
            shard.write().unwrap_or_else(PoisonError::into_inner).insert(connection.id.clone(), connection);
        }
    }

    /// Makes it unreachable.
    pub fn remove(&self, id: &str) {
        if let Some(shard) = self.shard(id) {
            shard.write().unwrap_or_else(PoisonError::into_inner).remove(id);
        }
    }

    /// Finds an open connection.
    pub fn find(&self, id: &str) -> Option<Arc<Connection>> {
        self.shard(id)?.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// Every open connection.
    pub fn all(&self) -> Vec<Arc<Connection>> {
        let shard = |shard: &Shard| -> Vec<Arc<Connection>> {
            shard.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
        };
        self.shards.iter().flat_map(shard).collect()
    }

    /// Asks those to close that were silent or open for too long.
    pub fn close_overdue(&self, idle: Duration, lifetime: Duration) {
        for shard in &self.shards {
            for connection in shard.read().unwrap_or_else(PoisonError::into_inner).values() {
                if connection.is_over(idle, lifetime) && connection.asked_to_close().is_none() {
                    connection.close(GOING_AWAY);
                }
            }
        }
    }
}

/// The code with which API Gateway ends a silent or old connection, as far as is known.
pub const GOING_AWAY: u16 = 1_001;

/// The code of a connection that ended without a close frame, which is never on the wire.
pub const CUT: u16 = 1_006;

/// A fresh id in the form of AWS's.
pub fn connection_id() -> Box<str> {
    BASE64URL.encode(&rand::random::<[u8; 11]>()).into_boxed_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_looks_like_one_of_api_gateway() {
        let id = connection_id();
        assert_eq!(id.len(), 16);
        assert!(id.ends_with('='));
        assert_ne!(id, connection_id());
    }

    #[test]
    fn a_connection_is_found_until_it_is_removed() {
        let connections = Connections::default();
        let connection = Connection::new("a=".into(), ("", ""), 0, String::new(), Socket::new(10));
        connections.insert(connection);
        assert!(connections.find("a=").is_some());
        assert_eq!(connections.all().len(), 1);
        connections.remove("a=");
        assert!(connections.find("a=").is_none());
    }

    #[test]
    fn a_silent_connection_is_asked_to_close() {
        let connections = Connections::default();
        let connection = Connection::new("a=".into(), ("", ""), 0, String::new(), Socket::new(10));
        connections.insert(Arc::clone(&connection));
        connections.close_overdue(Duration::from_mins(1), Duration::from_mins(1));
        assert_eq!(connection.asked_to_close(), None);
        connections.close_overdue(Duration::ZERO, Duration::from_mins(1));
        assert_eq!(connection.asked_to_close(), Some(GOING_AWAY));
    }
}
