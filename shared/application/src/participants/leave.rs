//! Leaves a conversation.

use async_trait::async_trait;
use parlance_domain::{authority::Actor, log::EntryBody, permissions::Right};

use super::succession::require_heir_first;
use crate::{
    log::change::{Change, ChangeError, Ground, Plan},
    ports::log::RowChange,
};

/// The actor goes. To be applied after [`super::succession::Succession`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Leave;

#[async_trait]
impl Change for Leave {
    async fn plan(&self, actor: &Actor<'_>, ground: &Ground) -> Result<Plan, ChangeError> {
        // A back end that is not in the conversation cannot leave it.
        let member = actor.member().ok_or(ChangeError::NoSuchTarget)?;
        actor.require(Right::Leave)?;
        require_heir_first(member, &ground.roster)?;
        Ok(Plan::Write {
            body: EntryBody::ParticipantRemoved { user: member.user.clone() },
            changes: vec![RowChange::Leave { user: member.user.clone(), since: member.participant.since }],
        })
    }
}
