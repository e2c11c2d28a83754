//! Issuing a ticket.

use std::{sync::Arc, time::Duration};

use parlance_domain::{ids::TicketId, time::Timestamp};

use crate::ports::{
    PortError,
    environment::{Clock, Random},
    identity::{Identity, TicketRepository},
};

/// Gives the bearer of a token a ticket that stands for it in one handshake.
#[derive(Clone)]
pub struct IssueTicket {
    tickets: Arc<dyn TicketRepository>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// A ticket, and until when it opens a handshake.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct IssuedTicket {
    /// The secret.
    pub ticket: TicketId,
    /// From when on it is refused.
    pub expires_at: Timestamp,
}

impl IssueTicket {
    /// How long a ticket lives.
    pub const LIFETIME: Duration = Duration::from_secs(30);

    /// Takes the ports.
    pub fn new(tickets: Arc<dyn TicketRepository>, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { tickets, clock, random }
    }

    /// Draws and keeps a ticket.
    pub async fn execute(&self, identity: &Identity) -> Result<IssuedTicket, PortError> {
        let now = self.clock.now();
        let ticket = TicketId::from_bytes(self.random.bytes());
        self.tickets.issue(ticket, identity, now, Self::LIFETIME).await?;
        Ok(IssuedTicket { ticket, expires_at: now.plus(Self::LIFETIME) })
    }
}
