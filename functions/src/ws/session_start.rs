//! `session.start` → `session.ready`: who the client is, until when, and within which limits.

use std::sync::Arc;

use async_trait::async_trait;
use parlance_application::ports::environment::Clock;
use parlance_domain::connection::SocketScope;
use parlance_edge::{
    Refusal,
    socket::{SocketCaller, SocketRoute},
};
use parlance_protocol::{
    frame::{self, ClientFrame, SessionReady, SessionUser},
    limits::Limits,
};

/// Tells a client about its session.
pub struct SessionStart {
    clock: Arc<dyn Clock>,
    limits: Limits,
}

impl SessionStart {
    /// Tells the time by this clock, and these limits.
    pub fn new(clock: Arc<dyn Clock>, limits: Limits) -> Self {
        Self { clock, limits }
    }
}

#[async_trait]
impl SocketRoute for SessionStart {
    fn kind(&self) -> &'static str {
        "session.start"
    }

    fn is_for(&self, _scope: SocketScope) -> bool {
        true
    }

    async fn handle(&self, caller: &SocketCaller, frame: ClientFrame) -> Result<String, Refusal> {
        let profile = &caller.profile;
        let session = SessionReady {
            user: SessionUser {
                id: caller.user.clone(),
                name: profile.name.clone(),
                picture: profile.picture.clone(),
                locale: profile.locale.clone(),
            },
            server_time: self.clock.now().into(),
            expires_at: caller.expires_at.into(),
            limits: self.limits.clone(),
        };
        Ok(frame::session_ready(frame.id.as_deref(), &session))
    }
}
