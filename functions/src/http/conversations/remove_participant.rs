//! `POST /api/messaging/conversations/{id}/remove_participant` → 200: somebody is not in it any more.

use async_trait::async_trait;
use parlance_application::{conversations::detail::ConversationDetail, participants::departure::Departure};
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::request::participants::removed_user;

use super::shown;

/// Removes participants.
pub struct RemoveParticipant {
    departure: Departure,
    detail: ConversationDetail,
}

impl RemoveParticipant {
    /// Removes them by one use case, and shows the conversation by the other.
    pub const fn new(departure: Departure, detail: ConversationDetail) -> Self {
        Self { departure, detail }
    }
}

#[async_trait]
impl HttpRoute for RemoveParticipant {
    fn key(&self) -> &'static str {
        "POST /api/messaging/conversations/{id}/remove_participant"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let id = request.parts.path_id("id")?;
        let user = removed_user(&request.parts.json()?)?;
        let caller = request.caller.caller();
        let changed = self.departure.remove(caller, id, &user).await?;
        shown(&self.detail, caller, id, &changed).await
    }
}
