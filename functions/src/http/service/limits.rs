//! `GET /api/messaging/limits` → 200: how large things may be.

use async_trait::async_trait;
use parlance_edge::{
    Refusal,
    http::{PublicRoute, Reply, RequestParts},
};
use parlance_protocol::limits::Limits;

/// Tells the limits, which are the same for everybody.
pub struct ReadLimits;

#[async_trait]
impl PublicRoute for ReadLimits {
    fn key(&self) -> &'static str {
        "GET /api/messaging/limits"
    }

    async fn handle(&self, _request: RequestParts) -> Result<Reply, Refusal> {
        Ok(Reply::ok(&Limits::CURRENT)?.with_etag_of_body())
    }
}
