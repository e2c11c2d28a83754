//! An admitted socket takes its place in the registry.

use std::sync::Arc;

use parlance_domain::{
    connection::{Connection, SocketScope},
    ids::{ConnectionId, UserId},
    time::Timestamp,
};

use crate::{
    limits::{
        limiter::{RateLimited, RateLimiter},
        rates::RateClass,
    },
    ports::{
        PortError,
        connections::{ConnectionDirectory, Registration},
        environment::Clock,
    },
    presence::arrive::Arrive,
};

/// Registers sockets, so that events find them.
#[derive(Clone)]
pub struct OpenConnection {
    directory: Arc<dyn ConnectionDirectory>,
    limiter: RateLimiter,
    clock: Arc<dyn Clock>,
    arrive: Arrive,
}

/// A socket whose handshake was admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// API Gateway's id of it.
    pub id: ConnectionId,
    /// Whose it is.
    pub user: UserId,
    /// What for.
    pub scope: SocketScope,
    /// From when on his token is refused, leeway included.
    pub expires_at: Timestamp,
}

/// Why a socket is not let in after all.
#[derive(Debug, thiserror::Error)]
pub enum OpenConnectionError {
    /// The token has expired since the handshake was admitted.
    #[error("the token has expired")]
    TokenExpired,
    /// The user opens sockets too fast.
    #[error(transparent)]
    RateLimited(#[from] RateLimited),
    /// The user has as many sockets as he may.
    #[error("too many sockets")]
    TooManyConnections,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl OpenConnection {
    /// Takes the ports, and what follows a registration.
    pub fn new(
        directory: Arc<dyn ConnectionDirectory>,
        limiter: RateLimiter,
        clock: Arc<dyn Clock>,
        arrive: Arrive,
    ) -> Self {
        Self { directory, limiter, clock, arrive }
    }

    /// Registers the socket.
    pub async fn execute(&self, opening: Opening) -> Result<Connection, OpenConnectionError> {
        let Opening { id, user, scope, expires_at } = opening;
        let now = self.clock.now();
        let connection = Connection { id, user, scope, expires_at, opened_at: now };
        if connection.is_expired(now) {
            return Err(OpenConnectionError::TokenExpired);
        }
        self.limiter.admission(&connection.user, RateClass::Handshakes).pass().await?;
        match self.directory.register(&connection, now).await? {
            Registration::Registered => {
                self.arrive.execute(&connection).await;
                Ok(connection)
            }
            Registration::TooMany => Err(OpenConnectionError::TooManyConnections),
        }
    }
}
