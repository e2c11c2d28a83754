//! Removes somebody from a conversation.

use async_trait::async_trait;
use parlance_domain::{authority::Actor, ids::UserId, log::EntryBody, permissions::Right};

use super::succession::require_heir_first;
use crate::{
    log::change::{Change, ChangeError, Ground, Plan},
    ports::log::RowChange,
};

/// Somebody is to go; who is not there is gone already. To be applied after [`super::succession::Succession`].
#[derive(Debug, Clone)]
pub struct RemoveParticipant {
    /// Who.
    pub user: UserId,
}

#[async_trait]
impl Change for RemoveParticipant {
    async fn plan(&self, actor: &Actor<'_>, ground: &Ground) -> Result<Plan, ChangeError> {
        let Some(subject) = ground.roster.member(&self.user) else {
            actor.require(Right::RemoveParticipants)?;
            return Ok(Plan::Nothing);
        };
        actor.require_removal_of(subject.participant.role)?;
        require_heir_first(subject, &ground.roster)?;
        Ok(Plan::Write {
            body: EntryBody::ParticipantRemoved { user: self.user.clone() },
            changes: vec![RowChange::Leave { user: self.user.clone(), since: subject.participant.since }],
        })
    }
}
