//! `presence.watch` → `ack` with how these people are now; changes come as `presence.updated`.

use async_trait::async_trait;
use parlance_application::presence::watch::WatchPresence;
use parlance_domain::connection::SocketScope;
use parlance_edge::{
    Refusal,
    socket::{SocketCaller, SocketRoute},
    telemetry::{self, Noted},
};
use parlance_protocol::{
    frame::{self, ClientFrame},
    request::watch_presence::WatchPresence as Request,
    signal::PresenceList,
};

/// Lets sockets watch people.
pub struct PresenceWatch {
    watch: WatchPresence,
}

impl PresenceWatch {
    /// Lets them watch by this use case.
    pub const fn new(watch: WatchPresence) -> Self {
        Self { watch }
    }
}

#[async_trait]
impl SocketRoute for PresenceWatch {
    fn kind(&self) -> &'static str {
        "presence.watch"
    }

    fn is_for(&self, scope: SocketScope) -> bool {
        !matches!(scope, SocketScope::Typing(_))
    }

    async fn handle(&self, caller: &SocketCaller, frame: ClientFrame) -> Result<String, Refusal> {
        let Request { user_ids } = Request::parse(&frame.data)?;
        telemetry::note(Noted::Items(user_ids.len()));
        let watched = self.watch.execute(&caller.user, &caller.connection, &user_ids).await?;
        Ok(frame::ack(frame.id.as_deref(), None, &PresenceList::of(&watched)))
    }
}
