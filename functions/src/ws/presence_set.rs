//! `presence.set` → `ack`: how the user wants to be seen.

use async_trait::async_trait;
use parlance_application::presence::set::SetPresence;
use parlance_domain::connection::SocketScope;
use parlance_edge::{
    Refusal,
    socket::{SocketCaller, SocketRoute},
};
use parlance_protocol::{
    frame::{self, ClientFrame},
    request::set_presence::{PresenceSet as Kept, SetPresence as Request},
};

/// Keeps what users choose to be seen as.
pub struct PresenceSet {
    set: SetPresence,
}

impl PresenceSet {
    /// Keeps it by this use case.
    pub const fn new(set: SetPresence) -> Self {
        Self { set }
    }
}

#[async_trait]
impl SocketRoute for PresenceSet {
    fn kind(&self) -> &'static str {
        "presence.set"
    }

    fn is_for(&self, scope: SocketScope) -> bool {
        !matches!(scope, SocketScope::Typing(_))
    }

    async fn handle(&self, caller: &SocketCaller, frame: ClientFrame) -> Result<String, Refusal> {
        let Request { choice } = Request::parse(&frame.data)?;
        self.set.execute(&caller.user, &choice).await?;
        Ok(frame::ack(frame.id.as_deref(), None, &Kept::from(&choice)))
    }
}
