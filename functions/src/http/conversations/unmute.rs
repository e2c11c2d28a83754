//! `DELETE /api/messaging/conversations/{id}/mute` → 200: the caller is disturbed by it again.

use async_trait::async_trait;
use parlance_application::ports::conversations::MembershipSetting;
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};

use super::SwitchAndShow;

/// Switches the setting off.
pub struct Unmute {
    switch: SwitchAndShow,
}

impl Unmute {
    /// Switches it so.
    pub const fn new(switch: SwitchAndShow) -> Self {
        Self { switch }
    }
}

#[async_trait]
impl HttpRoute for Unmute {
    fn key(&self) -> &'static str {
        "DELETE /api/messaging/conversations/{id}/mute"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        self.switch.reply(&request, MembershipSetting::Muted, false).await
    }
}
