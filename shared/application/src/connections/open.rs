//! An admitted socket takes its place in the registry, unless its user may not have it any more.

use std::sync::Arc;

use parlance_domain::{
    connection::{Connection, SocketScope},
    ids::{ConnectionId, UserId},
    profile::Standing,
    time::Timestamp,
};

use super::register::{RegisterConnection, RegisterConnectionError};
use crate::{
    limits::{
        limiter::{RateLimited, RateLimiter},
        rates::RateClass,
    },
    ports::{
        PortError, connections::ConnectionDirectory, conversations::ConversationRepository,
        environment::Clock, identity::ProfileClaims, people::PeopleRepository,
    },
    presence::arrive::Arrive,
    sessions::admit::claimed,
};

/// Registers sockets, so that events find them.
#[derive(Clone)]
pub struct OpenConnection {
    directory: Arc<dyn ConnectionDirectory>,
    register: RegisterConnection,
    people: Arc<dyn PeopleRepository>,
    conversations: Arc<dyn ConversationRepository>,
    limiter: RateLimiter,
    clock: Arc<dyn Clock>,
    arrive: Arrive,
}

/// What [`OpenConnection`] works over.
pub struct OpenPorts {
    /// Open sockets.
    pub directory: Arc<dyn ConnectionDirectory>,
    /// How a socket is registered.
    pub register: RegisterConnection,
    /// What is known of people.
    pub people: Arc<dyn PeopleRepository>,
    /// Who is in which conversation.
    pub conversations: Arc<dyn ConversationRepository>,
    /// How fast sockets may be opened.
    pub limiter: RateLimiter,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What follows a registration.
    pub arrive: Arrive,
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
    /// What his token says of him.
    pub profile: ProfileClaims,
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
    /// The user was deactivated.
    #[error("the user is deactivated")]
    Deactivated,
    /// The conversation that the socket is for is not, or no longer, the user's.
    #[error("no such conversation")]
    NotAMember,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl From<RegisterConnectionError> for OpenConnectionError {
    fn from(error: RegisterConnectionError) -> Self {
        match error {
            RegisterConnectionError::TooMany => Self::TooManyConnections,
            RegisterConnectionError::Port(error) => Self::Port(error),
        }
    }
}

impl OpenConnection {
    /// Takes the ports.
    pub fn new(ports: OpenPorts) -> Self {
        let OpenPorts { directory, register, people, conversations, limiter, clock, arrive } = ports;
        Self { directory, register, people, conversations, limiter, clock, arrive }
    }

    /// Registers the socket.
    ///
    /// Whether its user may have it is looked at afterwards: whoever deactivates or removes him changes that first and closes what is
    /// registered then, so that one of the two always finds the other.
    pub async fn execute(&self, opening: Opening) -> Result<Connection, OpenConnectionError> {
        let Opening { id, user, scope, expires_at, profile } = opening;
        let now = self.clock.now();
        let connection = Connection { id, user, scope, expires_at, opened_at: now };
        if connection.is_expired(now) {
            return Err(OpenConnectionError::TokenExpired);
        }
        self.limiter.admission(&connection.user, RateClass::Handshakes).pass().await?;
        self.register.execute(&connection, now).await?;
        match self.require_welcome(&connection, &profile).await {
            Ok(()) => {
                self.arrive.execute(&connection).await;
                Ok(connection)
            }
            Err(refusal) => {
                self.directory.forget(&connection.user, &connection.id).await?;
                Err(refusal)
            }
        }
    }

    async fn require_welcome(
        &self,
        connection: &Connection,
        profile: &ProfileClaims,
    ) -> Result<(), OpenConnectionError> {
        let user = &connection.user;
        let is_member = async {
            match connection.scope.conversation() {
                Some(id) => Ok(self.conversations.membership(user, id).await?.is_some()),
                None => Ok(true),
            }
        };
        let profile = claimed(profile);
        let (standing, is_member) = futures::try_join!(self.people.greet(user, &profile), is_member)?;
        match (standing, is_member) {
            (Standing::Deactivated, _) => Err(OpenConnectionError::Deactivated),
            (Standing::Active, false) => Err(OpenConnectionError::NotAMember),
            (Standing::Active, true) => Ok(()),
        }
    }
}
