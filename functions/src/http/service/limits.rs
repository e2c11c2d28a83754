//! `GET /api/messaging/limits` → 200: how large things may be, and how fast they may come.

use async_trait::async_trait;
use parlance_edge::{
    Refusal,
    http::{PublicRoute, Reply, RequestParts},
};
use parlance_protocol::limits::Limits;

/// Tells the limits, which are the same for everybody.
pub struct ReadLimits {
    limits: Limits,
}

impl ReadLimits {
    /// Tells these.
    pub const fn new(limits: Limits) -> Self {
        Self { limits }
    }
}

#[async_trait]
impl PublicRoute for ReadLimits {
    fn key(&self) -> &'static str {
        "GET /api/messaging/limits"
    }

    async fn handle(&self, _request: RequestParts) -> Result<Reply, Refusal> {
        Ok(Reply::ok(&self.limits)?.with_etag_of_body())
    }
}
