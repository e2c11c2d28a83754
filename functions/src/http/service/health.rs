//! `GET /healthz` → 200: requests reach a function, and it answers.

use async_trait::async_trait;
use parlance_edge::{
    Refusal,
    http::{PublicRoute, Reply, RequestParts},
};
use parlance_protocol::health;

/// Says that the service is there.
pub struct Health;

#[async_trait]
impl PublicRoute for Health {
    fn key(&self) -> &'static str {
        "GET /healthz"
    }

    async fn handle(&self, _request: RequestParts) -> Result<Reply, Refusal> {
        Reply::ok(&health::Health { status: "ok" })
    }
}
