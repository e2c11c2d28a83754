//! `PATCH /api/messaging/conversations/{id}` → 200: what is named is otherwise from now on, the title above all.

use async_trait::async_trait;
use parlance_application::conversations::retitle::Retitle;
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::request::retitle;

use super::ChangeAndShow;

/// Changes conversations.
pub struct ConversationChange {
    change: ChangeAndShow,
}

impl ConversationChange {
    /// Changes them so.
    pub const fn new(change: ChangeAndShow) -> Self {
        Self { change }
    }
}

#[async_trait]
impl HttpRoute for ConversationChange {
    fn key(&self) -> &'static str {
        "PATCH /api/messaging/conversations/{id}"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let id = request.parts.path_id("id")?;
        match retitle::optional_title(&request.parts.json()?)? {
            Some(title) => self.change.reply(&request.caller, id, None, &Retitle { title }).await,
            None => self.change.shown(&request.caller, id).await,
        }
    }
}
