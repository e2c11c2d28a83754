//! `GET /api/messaging/openapi.json` → 200: what can be asked over HTTP, as OpenAPI 3.1.

use async_trait::async_trait;
use parlance_edge::{
    Refusal,
    http::{PublicRoute, Reply, RequestParts},
};

/// Shows the OpenAPI document.
pub struct OpenApi;

#[async_trait]
impl PublicRoute for OpenApi {
    fn key(&self) -> &'static str {
        "GET /api/messaging/openapi.json"
    }

    async fn handle(&self, _request: RequestParts) -> Result<Reply, Refusal> {
        let document = include_str!("../../../../../docs/openapi.json");
        Ok(Reply::ok_with_json(document.to_owned()).with_etag_of_body())
    }
}
