//! `POST /api/messaging/conversations/{id}/add_participant` → 200: somebody is in it from now on; who is there stays as he is.

use async_trait::async_trait;
use parlance_application::participants::add::AddParticipants;
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::request::participants;

use super::ChangeAndShow;

/// Adds participants.
pub struct AddParticipant {
    change: ChangeAndShow,
}

impl AddParticipant {
    /// Adds them so.
    pub const fn new(change: ChangeAndShow) -> Self {
        Self { change }
    }
}

#[async_trait]
impl HttpRoute for AddParticipant {
    fn key(&self) -> &'static str {
        "POST /api/messaging/conversations/{id}/add_participant"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let id = request.parts.path_id("id")?;
        let participants::AddParticipant { user, role } =
            participants::AddParticipant::parse(&request.parts.json()?)?;
        let change = AddParticipants { joining: vec![(user.clone(), role)] };
        self.change.reply(&request.caller, id, Some(&user), &change).await
    }
}
