//! `POST /api/messaging/conversations/{id}/update_title` → 200: people call it otherwise from now on.

use async_trait::async_trait;
use parlance_application::conversations::retitle::Retitle;
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::request::retitle;

use super::ChangeAndShow;

/// Changes titles.
pub struct TitleUpdate {
    change: ChangeAndShow,
}

impl TitleUpdate {
    /// Changes them so.
    pub const fn new(change: ChangeAndShow) -> Self {
        Self { change }
    }
}

#[async_trait]
impl HttpRoute for TitleUpdate {
    fn key(&self) -> &'static str {
        "POST /api/messaging/conversations/{id}/update_title"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let id = request.parts.path_id("id")?;
        let title = retitle::title(&request.parts.json()?)?;
        self.change.reply(&request.caller, id, None, &Retitle { title }).await
    }
}
