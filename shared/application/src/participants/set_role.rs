//! Gives somebody another role.

use async_trait::async_trait;
use parlance_domain::{
    head::Head,
    ids::UserId,
    log::EntryBody,
    permissions::{Right, Role},
    roster::{Member, Participant, Roster},
};

use crate::{
    log::change::{Change, ChangeError, Plan},
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
    async fn plan(&self, actor: Member<'_>, head: &Head, roster: &Roster) -> Result<Plan, ChangeError> {
        actor.require(Right::ChangeRoles)?;
        let Some(subject) = roster.member(&self.user) else { return Ok(Plan::Nothing) };
        if subject.participant.role == self.role {
            return Ok(Plan::Nothing);
        }
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
