//! `DELETE /api/messaging/conversations/{id}/archive` → 200: the caller sees it among the others again.

use async_trait::async_trait;
use parlance_application::ports::conversations::MembershipSetting;
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};

use super::SwitchAndShow;

/// Switches the setting off.
pub struct Unarchive {
    switch: SwitchAndShow,
}

impl Unarchive {
    /// Switches it so.
    pub const fn new(switch: SwitchAndShow) -> Self {
        Self { switch }
    }
}

#[async_trait]
impl HttpRoute for Unarchive {
    fn key(&self) -> &'static str {
        "DELETE /api/messaging/conversations/{id}/archive"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        self.switch.reply(&request, MembershipSetting::Archived, false).await
    }
}
