//! `GET /api/messaging/presence` → 200: how those are who share a conversation with the caller.

use async_trait::async_trait;
use parlance_application::presence::read::ReadPresence;
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::{request::read_presence::ReadPresence as Query, signal::PresenceList};

/// Tells how people are.
pub struct PresenceRead {
    read: ReadPresence,
}

impl PresenceRead {
    /// Tells it by this use case.
    pub const fn new(read: ReadPresence) -> Self {
        Self { read }
    }
}

#[async_trait]
impl HttpRoute for PresenceRead {
    fn key(&self) -> &'static str {
        "GET /api/messaging/presence"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let Query { ids } = Query::parse(&request.parts.query())?;
        let people = self.read.execute(&request.caller.user, &ids).await?;
        Reply::ok(&PresenceList::of(&people))
    }
}
