//! `POST /api/messaging/ws/ticket` → 201: a pass for one handshake within 30 seconds.

use async_trait::async_trait;
use parlance_application::tickets::issue::IssueTicket;
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::ticket::IssuedTicket;

/// Issues tickets.
pub struct TicketIssue {
    issue: IssueTicket,
}

impl TicketIssue {
    /// Issues by this use case.
    pub const fn new(issue: IssueTicket) -> Self {
        Self { issue }
    }
}

#[async_trait]
impl HttpRoute for TicketIssue {
    fn key(&self) -> &'static str {
        "POST /api/messaging/ws/ticket"
    }

    /// A ticket is a secret that is used once: it is kept by nobody but its bearer, and another one does no harm.
    fn replays(&self) -> bool {
        false
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let issued = self.issue.execute(&request.caller).await?;
        Reply::created(&IssuedTicket { ticket: issued.ticket, expires_at: issued.expires_at.into() })
    }
}
