//! Gives somebody another role.

use async_trait::async_trait;
use parlance_domain::{
    authority::Actor,
    ids::UserId,
    log::EntryBody,
    permissions::{Right, Role},
    roster::Participant,
};

use super::succession::require_heir_first;
use crate::{
    log::change::{Change, ChangeError, Ground, Plan},
    ports::log::RowChange,
};

/// Somebody's role is to change; who has it already keeps it.
#[derive(Debug, Clone)]
pub struct SetRole {
    /// Who.
    pub user: UserId,
    /// The new role.
    pub role: Role,
}

#[async_trait]
impl Change for SetRole {
    async fn plan(&self, actor: &Actor<'_>, ground: &Ground) -> Result<Plan, ChangeError> {
        let Ground { head, roster, .. } = ground;
        actor.require(Right::ChangeRoles)?;
        let subject = roster.member(&self.user).ok_or(ChangeError::NoSuchTarget)?;
        actor.require_change_of(&self.user, subject.participant.role)?;
        if subject.participant.role == self.role {
            return Ok(Plan::Nothing);
        }
        require_heir_first(subject, roster)?;
        let Participant { joined, since, .. } = *subject.participant;
        Ok(Plan::Write {
            body: EntryBody::ParticipantUpdated { user: self.user.clone(), role: self.role },
            changes: vec![RowChange::SetRole {
                user: self.user.clone(),
                participant: Participant { role: self.role, joined, since: head.seq.next() },
                since,
            }],
        })
    }
}
