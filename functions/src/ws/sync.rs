//! `sync` → `ack`: what the client missed comes in `batch` frames, and the answer says what became of each conversation.

use async_trait::async_trait;
use parlance_application::{
    conversations::sync::Standing,
    sessions::resume::{ResumeSession, Returning},
};
use parlance_edge::{
    Refusal,
    socket::{SocketCaller, SocketRoute},
};
use parlance_protocol::{
    frame::{self, ClientFrame},
    problem::Problem,
    request::sync::Sync as Request,
};

use crate::rendering;

/// Brings sockets up to date.
pub struct Sync {
    resume: ResumeSession,
}

impl Sync {
    /// Brings them up to date by this use case.
    pub const fn new(resume: ResumeSession) -> Self {
        Self { resume }
    }
}

#[async_trait]
impl SocketRoute for Sync {
    fn kind(&self) -> &'static str {
        "sync"
    }

    async fn handle(&self, caller: &SocketCaller, frame: ClientFrame) -> Result<String, Refusal> {
        let cursors = Request::parse(&frame.data)?.conversations;
        let only = caller.scope.conversation();
        // A socket for one conversation brings nothing of another.
        if only.is_some_and(|only| cursors.keys().any(|id| *id != only)) {
            return Err(Problem::not_found().into());
        }
        let returning = Returning {
            id: caller.connection.clone(),
            user: caller.user.clone(),
            scope: caller.scope,
            expires_at: caller.expires_at,
        };
        let standing = Standing { cursors, wants_new: only.is_none() };
        let synced = self.resume.execute(returning, &standing).await?;
        Ok(frame::ack(frame.id.as_deref(), None, &rendering::synced(synced, |_| None).fitting_a_frame()))
    }
}
