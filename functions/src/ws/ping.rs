//! `ping` → `pong`: so that a socket is not closed for being idle.

use async_trait::async_trait;
use parlance_domain::connection::SocketScope;
use parlance_edge::{
    Refusal,
    socket::{SocketCaller, SocketRoute},
};
use parlance_protocol::frame::{self, ClientFrame};

/// Answers pings.
pub struct Ping;

#[async_trait]
impl SocketRoute for Ping {
    fn kind(&self) -> &'static str {
        "ping"
    }

    fn is_for(&self, _scope: SocketScope) -> bool {
        true
    }

    async fn handle(&self, _caller: &SocketCaller, frame: ClientFrame) -> Result<String, Refusal> {
        Ok(frame::pong(frame.id.as_deref()))
    }
}
