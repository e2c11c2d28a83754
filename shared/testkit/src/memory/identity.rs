//! Memory twins of tokens and tickets.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use parlance_application::ports::{
    PortError,
    identity::{Identity, TicketRepository, TokenRefusal, TokenVerifier},
};
use parlance_domain::{ids::TicketId, time::Timestamp};

/// An issuer whose tokens are whatever texts a test gives it. Its clones are the same issuer.
#[derive(Clone, Default)]
pub struct MemoryTokens {
    identities: Arc<Mutex<HashMap<String, Identity>>>,
}

impl MemoryTokens {
    /// From now on this text is a token of that identity.
    pub fn issue(&self, token: &str, identity: Identity) {
        self.identities.lock().unwrap().insert(token.to_owned(), identity);
    }
}

#[async_trait]
impl TokenVerifier for MemoryTokens {
    async fn verify(&self, token: &str, now: Timestamp) -> Result<Identity, TokenRefusal> {
        let identity = self.identities.lock().unwrap().get(token).cloned().ok_or(TokenRefusal::Invalid)?;
        if now >= identity.expires_at { Err(TokenRefusal::Expired) } else { Ok(identity) }
    }
}

/// Tickets, in memory. Its clones are the same desk.
#[derive(Clone, Default)]
pub struct MemoryTickets {
    issued: Arc<Mutex<HashMap<TicketId, (Identity, Timestamp)>>>,
}

#[async_trait]
impl TicketRepository for MemoryTickets {
    async fn issue(
        &self,
        ticket: TicketId,
        identity: &Identity,
        now: Timestamp,
        lifetime: Duration,
    ) -> Result<(), PortError> {
        self.issued.lock().unwrap().insert(ticket, (identity.clone(), now.plus(lifetime)));
        Ok(())
    }

    async fn redeem(&self, ticket: TicketId, now: Timestamp) -> Result<Option<Identity>, PortError> {
        let issued = self.issued.lock().unwrap().remove(&ticket);
        Ok(issued.filter(|(_, until)| now < *until).map(|(identity, _)| identity))
    }
}
