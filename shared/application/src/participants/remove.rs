//! Removes somebody from a conversation.

use async_trait::async_trait;
use parlance_domain::{
    head::Head,
    ids::UserId,
    log::EntryBody,
    permissions::Right,
    roster::{Member, Roster},
};

use crate::{
    log::change::{Change, ChangeError, Plan},
    ports::log::RowChange,
};

/// Somebody is to go; who is not there is gone already.
#[derive(Debug, Clone)]
pub struct RemoveParticipant {
    /// Who.
    pub user: UserId,
}

#[async_trait]
impl Change for RemoveParticipant {
    async fn plan(&self, actor: Member<'_>, _: &Head, roster: &Roster) -> Result<Plan, ChangeError> {
        let Some(subject) = roster.member(&self.user) else {
            actor.require(Right::RemoveParticipants)?;
            return Ok(Plan::Nothing);
        };
        actor.require_removal_of(subject.participant.role)?;
        Ok(Plan::Write {
            body: EntryBody::ParticipantRemoved { user: self.user.clone() },
            changes: vec![RowChange::Leave { user: self.user.clone(), since: subject.participant.since }],
        })
    }
}
