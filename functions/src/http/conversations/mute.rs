//! `POST /api/messaging/conversations/{id}/mute` → 200: the caller is not disturbed by it any more.

use async_trait::async_trait;
use parlance_application::ports::conversations::MembershipSetting;
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};

use super::SwitchAndShow;

/// Switches the setting on.
pub struct Mute {
    switch: SwitchAndShow,
}

impl Mute {
    /// Switches it so.
    pub const fn new(switch: SwitchAndShow) -> Self {
        Self { switch }
    }
}

#[async_trait]
impl HttpRoute for Mute {
    fn key(&self) -> &'static str {
        "POST /api/messaging/conversations/{id}/mute"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        self.switch.reply(&request, MembershipSetting::Muted, true).await
    }
}
