//! `GET /healthz` → 200: requests reach a function, and it answers.

use async_trait::async_trait;
use parlance_edge::{
    Refusal,
    http::{PublicRoute, Reply, RequestParts},
};
use serde::Serialize;

/// Says that the service is there.
pub struct Health;

#[derive(Serialize)]
struct Response {
    status: &'static str,
}

#[async_trait]
impl PublicRoute for Health {
    fn key(&self) -> &'static str {
        "GET /healthz"
    }

    async fn handle(&self, _request: RequestParts) -> Result<Reply, Refusal> {
        Reply::ok(&Response { status: "ok" })
    }
}
