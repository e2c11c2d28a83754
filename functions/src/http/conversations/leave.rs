//! `POST /api/messaging/conversations/{id}/leave` → 204: the caller goes.

use async_trait::async_trait;
use parlance_application::participants::departure::Departure;
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};

/// Lets people leave.
pub struct Leave {
    departure: Departure,
}

impl Leave {
    /// Lets them go by this use case.
    pub const fn new(departure: Departure) -> Self {
        Self { departure }
    }
}

#[async_trait]
impl HttpRoute for Leave {
    fn key(&self) -> &'static str {
        "POST /api/messaging/conversations/{id}/leave"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let id = request.parts.path_id("id")?;
        self.departure.leave(request.caller.caller(), id).await?;
        Ok(Reply::no_content())
    }
}
