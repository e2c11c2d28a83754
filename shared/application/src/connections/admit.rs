//! A handshake: who asks for a socket, from where, and whether he may have it.

use std::sync::Arc;

use parlance_domain::connection::SocketScope;

use super::origins::AllowedOrigins;
use crate::{
    ports::{PortError, conversations::ConversationRepository, identity::Identity},
    sessions::authenticate::{Authenticate, AuthenticateError, Credential},
};

/// Decides on handshakes before a socket is open.
#[derive(Clone)]
pub struct AdmitHandshake {
    authenticate: Authenticate,
    conversations: Arc<dyn ConversationRepository>,
    origins: AllowedOrigins,
}

/// What a client shows when it asks for a socket.
#[derive(Clone, Copy)]
pub struct Handshake<'a> {
    /// The web page that asks, where a browser names one.
    pub origin: Option<&'a str>,
    /// Who asks.
    pub credential: Option<Credential<'a>>,
    /// What for; `None` where it asked for nothing that exists.
    pub scope: Option<SocketScope>,
}

/// Why a handshake is refused.
#[derive(Debug, thiserror::Error)]
pub enum AdmitHandshakeError {
    /// No credentials, or none that are good.
    #[error("valid credentials are required")]
    Unauthenticated,
    /// A page that is not on the list, or a conversation that is not there or not the user's.
    #[error("this socket is not for this caller")]
    Forbidden,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl From<AuthenticateError> for AdmitHandshakeError {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::Expired | AuthenticateError::Invalid => Self::Unauthenticated,
            AuthenticateError::Port(error) => Self::Port(error),
        }
    }
}

impl AdmitHandshake {
    /// Takes the ports and the list of origins.
    pub fn new(
        authenticate: Authenticate,
        conversations: Arc<dyn ConversationRepository>,
        origins: AllowedOrigins,
    ) -> Self {
        Self { authenticate, conversations, origins }
    }

    /// Who it is, and what his socket is for. The origin is looked at first, so that a page that is not on the list cannot use up a ticket.
    pub async fn execute(
        &self,
        handshake: Handshake<'_>,
    ) -> Result<(Identity, SocketScope), AdmitHandshakeError> {
        if !self.origins.admit(handshake.origin) {
            return Err(AdmitHandshakeError::Forbidden);
        }
        let credential = handshake.credential.ok_or(AdmitHandshakeError::Unauthenticated)?;
        let identity = self.authenticate.execute(credential).await?;
        let scope = handshake.scope.ok_or(AdmitHandshakeError::Forbidden)?;
        if let Some(conversation) = scope.conversation()
            && self.conversations.membership(&identity.user, conversation).await?.is_none()
        {
            return Err(AdmitHandshakeError::Forbidden);
        }
        Ok((identity, scope))
    }
}
