//! `PATCH /api/messaging/conversations/{id}/participants/{user_id}` → 200: somebody has another role from now on.

use async_trait::async_trait;
use parlance_application::{
    conversations::change::{ChangeConversation, ChangeRequest},
    log::change::{ChangeError, Changed},
    participants::set_role::SetRole,
};
use parlance_domain::ids::{ConversationId, UserId};
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::{
    conversation::{AppendedParticipant, Participant},
    request::participants::new_role,
};

use super::appended;

/// Gives people other roles.
pub struct ParticipantRole {
    change: ChangeConversation,
}

impl ParticipantRole {
    /// Gives them by this use case.
    pub const fn new(change: ChangeConversation) -> Self {
        Self { change }
    }
}

#[async_trait]
impl HttpRoute for ParticipantRole {
    fn key(&self) -> &'static str {
        "PATCH /api/messaging/conversations/{id}/participants/{user_id}"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let conversation: ConversationId = request.parts.path_id("id")?;
        let user: UserId = request.parts.path_id("user_id")?;
        let role = new_role(&request.parts.json()?)?;
        let caller = request.caller.caller();
        let change = ChangeRequest { conversation, caller, subject: Some(&user), from: None };
        let changed = self.change.execute(change, &SetRole { user: user.clone(), role }).await?;
        let (Changed::Done { roster, .. } | Changed::AlreadySo { roster }) = &changed;
        let participant = roster.member(&user).map(Participant::from).ok_or(ChangeError::NoSuchTarget)?;
        Reply::ok(&AppendedParticipant::new(participant, conversation, appended(&changed)))
    }
}
