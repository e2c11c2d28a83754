//! The registry of open sockets.

use std::time::Duration;

use async_trait::async_trait;
use parlance_domain::{
    connection::Connection,
    ids::{ConnectionId, UserId},
    time::Timestamp,
};

use super::PortError;

/// Knows who is connected. The durable registry is the truth; a cache in front of it may serve [`ConnectionDirectory::of_users`].
#[async_trait]
pub trait ConnectionDirectory: Send + Sync {
    /// Registers a socket, durably first and then for senders, unless the user then had more than [`Connection::MAX_PER_USER`].
    ///
    /// Two handshakes at once may both be refused at the limit; never are both accepted beyond it.
    async fn register(&self, connection: &Connection, now: Timestamp) -> Result<Registration, PortError>;

    /// Tells senders of all the user's sockets that are registered now, and answers them. After an error senders may not know them all.
    async fn announce(&self, user: &UserId) -> Result<Vec<Connection>, PortError>;

    /// Forgets a socket; one that is unknown is no error.
    async fn forget(&self, user: &UserId, id: &ConnectionId) -> Result<(), PortError>;

    /// The sockets of these users, expired ones included: the caller compares, since expiry deletes late.
    async fn of_users(&self, users: &[UserId]) -> Result<Vec<Connection>, PortError>;
}

/// What became of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// The socket is known.
    Registered,
    /// The socket is known, but senders could not be told: until they are, they may go on with what they knew before.
    Unannounced,
    /// The user has too many; nothing was kept.
    TooMany,
}

/// Asks API Gateway for a socket.
#[async_trait]
pub trait ConnectionProbe: Send + Sync {
    /// Whether API Gateway knows nothing of it: it has been closed, or its handshake is not over.
    async fn is_gone(&self, id: &ConnectionId) -> Result<bool, PortError>;
}

/// A socket that is registered and of which senders could not be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unannounced {
    /// Whose it is.
    pub user: UserId,
    /// Its id.
    pub connection: ConnectionId,
    /// When it was registered.
    pub since: Timestamp,
}

/// The queue that comes back to such sockets.
#[async_trait]
pub trait AnnouncementTimer: Send + Sync {
    /// Asks for another attempt to announce the socket after the delay.
    async fn announce_later(&self, socket: &Unannounced, after: Duration) -> Result<(), PortError>;
}
