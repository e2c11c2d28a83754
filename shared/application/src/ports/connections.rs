//! The registry of open sockets.

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
    /// The user has too many; nothing was kept.
    TooMany,
}
