//! Finding out who calls, by what he shows.

use std::sync::Arc;

use parlance_domain::ids::TicketId;

use crate::ports::{
    PortError,
    environment::Clock,
    identity::{Identity, TicketRepository, TokenRefusal, TokenVerifier},
};

/// What a caller shows. It is a secret, so it has no `Debug`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Credential<'a> {
    /// A token of the issuer.
    Token(&'a str),
    /// A ticket of ours.
    Ticket(&'a str),
}

/// Finds out who calls.
#[derive(Clone)]
pub struct Authenticate {
    tokens: Arc<dyn TokenVerifier>,
    tickets: Arc<dyn TicketRepository>,
    clock: Arc<dyn Clock>,
}

/// Why nobody is recognised.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// The token was valid once.
    #[error("the token has expired")]
    Expired,
    /// The token or ticket is not one of ours, or the ticket was used or is late.
    #[error("the credentials are not valid")]
    Invalid,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl From<TokenRefusal> for AuthenticateError {
    fn from(refusal: TokenRefusal) -> Self {
        match refusal {
            TokenRefusal::Expired => Self::Expired,
            TokenRefusal::Invalid => Self::Invalid,
            TokenRefusal::Unavailable(error) => Self::Port(error),
        }
    }
}

impl Authenticate {
    /// Takes the ports.
    pub fn new(
        tokens: Arc<dyn TokenVerifier>,
        tickets: Arc<dyn TicketRepository>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { tokens, tickets, clock }
    }

    /// The identity behind the credential. A ticket is used up by this.
    pub async fn execute(&self, credential: Credential<'_>) -> Result<Identity, AuthenticateError> {
        let now = self.clock.now();
        match credential {
            Credential::Token(token) => Ok(self.tokens.verify(token, now).await?),
            Credential::Ticket(ticket) => {
                let ticket = TicketId::parse(ticket).map_err(|_| AuthenticateError::Invalid)?;
                let identity = self.tickets.redeem(ticket, now).await?.ok_or(AuthenticateError::Invalid)?;
                if now >= identity.expires_at { Err(AuthenticateError::Expired) } else { Ok(identity) }
            }
        }
    }
}
