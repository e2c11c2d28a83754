//! A handshake: whether a socket may be opened, and its place in the registry.

use std::sync::Arc;

use parlance_domain::{
    connection::{Connection, SocketScope},
    ids::{ConnectionId, ConversationId, UserId},
    time::Timestamp,
};

use super::origins::AllowedOrigins;
use crate::ports::{
    PortError,
    connections::{ConnectionDirectory, Registration},
    conversations::ConversationRepository,
    environment::Clock,
};

/// Lets a socket in and registers it.
#[derive(Clone)]
pub struct OpenConnection {
    directory: Arc<dyn ConnectionDirectory>,
    conversations: Arc<dyn ConversationRepository>,
    clock: Arc<dyn Clock>,
    origins: AllowedOrigins,
}

/// A socket that asks to be let in, for somebody whose token or ticket was good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    /// API Gateway's id of it.
    pub id: ConnectionId,
    /// Who asks.
    pub user: UserId,
    /// What for.
    pub scope: SocketScope,
    /// From when on his token is refused, leeway included.
    pub expires_at: Timestamp,
}

/// Why a socket is not let in.
#[derive(Debug, thiserror::Error)]
pub enum OpenConnectionError {
    /// The web page that asks is not on the list.
    #[error("this origin is not allowed")]
    OriginRefused,
    /// The conversation that the socket is for is not there, or not the user's.
    #[error("no such conversation")]
    NoSuchConversation(ConversationId),
    /// The token expired between the authorizer and here.
    #[error("the token has expired")]
    TokenExpired,
    /// The user has as many sockets as he may.
    #[error("too many sockets")]
    TooManyConnections,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl OpenConnection {
    /// Takes the ports and the list of origins.
    pub fn new(
        directory: Arc<dyn ConnectionDirectory>,
        conversations: Arc<dyn ConversationRepository>,
        clock: Arc<dyn Clock>,
        origins: AllowedOrigins,
    ) -> Self {
        Self { directory, conversations, clock, origins }
    }

    /// Checks in the order of what a refusal costs, and registers last.
    pub async fn execute(
        &self,
        handshake: &Handshake,
        origin: Option<&str>,
    ) -> Result<Connection, OpenConnectionError> {
        if !self.origins.admit(origin) {
            return Err(OpenConnectionError::OriginRefused);
        }
        let now = self.clock.now();
        let connection = Connection {
            id: handshake.id.clone(),
            user: handshake.user.clone(),
            scope: handshake.scope,
            expires_at: handshake.expires_at,
            opened_at: now,
        };
        if connection.is_expired(now) {
            return Err(OpenConnectionError::TokenExpired);
        }
        if let Some(conversation) = connection.scope.conversation() {
            let membership = self.conversations.membership(&connection.user, conversation).await?;
            if membership.is_none() {
                return Err(OpenConnectionError::NoSuchConversation(conversation));
            }
        }
        match self.directory.register(&connection, now).await? {
            Registration::Registered => Ok(connection),
            Registration::TooMany => Err(OpenConnectionError::TooManyConnections),
        }
    }
}
