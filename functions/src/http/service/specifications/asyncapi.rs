//! `GET /api/messaging/asyncapi.json` → 200: what is said over sockets, as AsyncAPI 3.

use async_trait::async_trait;
use parlance_edge::{
    Refusal,
    http::{PublicRoute, Reply, RequestParts},
};

/// Shows the AsyncAPI document.
pub struct AsyncApi;

#[async_trait]
impl PublicRoute for AsyncApi {
    fn key(&self) -> &'static str {
        "GET /api/messaging/asyncapi.json"
    }

    async fn handle(&self, _request: RequestParts) -> Result<Reply, Refusal> {
        let document = include_str!("../../../../../docs/asyncapi.json");
        Ok(Reply::ok_with_json(document.to_owned()).with_etag_of_body())
    }
}
