//! Who calls: tokens, and the tickets that stand for them in a URL.

use std::time::Duration;

use async_trait::async_trait;
use parlance_domain::{
    authority::Caller,
    ids::{TicketId, UserId},
    time::Timestamp,
};

use super::PortError;

/// What a valid token says of its bearer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `sub`.
    pub user: UserId,
    /// From when on the token is refused: `exp` plus the leeway.
    pub expires_at: Timestamp,
    /// `scope` holds `messaging:service`: a trusted back end.
    pub is_service: bool,
    /// `scope` holds `messaging:admin`.
    pub is_admin: bool,
    /// `name`, `picture` and `locale`, for the profile.
    pub profile: ProfileClaims,
}

impl Identity {
    /// Who asks, for the use cases that measure what he may.
    pub const fn caller(&self) -> Caller<'_> {
        Caller { user: &self.user, is_service: self.is_service, is_admin: self.is_admin, is_parlance: false }
    }
}

/// What a token says about the person, used the first time he is seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileClaims {
    /// `name`.
    pub name: Option<String>,
    /// `picture`.
    pub picture: Option<String>,
    /// `locale`.
    pub locale: Option<String>,
}

/// Verifies tokens with the configured keys and algorithms, never with what the token names.
#[async_trait]
pub trait TokenVerifier: Send + Sync {
    /// Checks signature, `exp`, `nbf`, `iat`, `iss`, `aud` and `sub`.
    async fn verify(&self, token: &str, now: Timestamp) -> Result<Identity, TokenRefusal>;
}

/// Why a token is refused.
#[derive(Debug, thiserror::Error)]
pub enum TokenRefusal {
    /// It was valid once.
    #[error("the token has expired")]
    Expired,
    /// It is not a token of a configured issuer, or it is malformed.
    #[error("the token is not valid")]
    Invalid,
    /// The keys could not be read.
    #[error(transparent)]
    Unavailable(#[from] PortError),
}

/// Keeps tickets: each opens one handshake, once, for a short time.
#[async_trait]
pub trait TicketRepository: Send + Sync {
    /// Keeps a ticket for `lifetime`.
    async fn issue(
        &self,
        ticket: TicketId,
        identity: &Identity,
        now: Timestamp,
        lifetime: Duration,
    ) -> Result<(), PortError>;

    /// Takes the ticket: of any number of attempts at once, one gets the identity. Unknown, used or late: `None`.
    async fn redeem(&self, ticket: TicketId, now: Timestamp) -> Result<Option<Identity>, PortError>;
}
