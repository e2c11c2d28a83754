//! `POST /api/messaging/conversations/{id}/archive` → 200: the caller does not see it among the others any more.

use async_trait::async_trait;
use parlance_application::ports::conversations::MembershipSetting;
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};

use super::SwitchAndShow;

/// Switches the setting on.
pub struct Archive {
    switch: SwitchAndShow,
}

impl Archive {
    /// Switches it so.
    pub const fn new(switch: SwitchAndShow) -> Self {
        Self { switch }
    }
}

#[async_trait]
impl HttpRoute for Archive {
    fn key(&self) -> &'static str {
        "POST /api/messaging/conversations/{id}/archive"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        self.switch.reply(&request, MembershipSetting::Archived, true).await
    }
}
