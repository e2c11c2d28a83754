//! Adds people to a conversation.

use async_trait::async_trait;
use parlance_domain::{
    authority::Actor,
    head::Seq,
    ids::UserId,
    log::{EntryBody, Joining},
    permissions::Role,
    roster::Participant,
};

use crate::{
    log::change::{Change, ChangeError, Ground, Plan},
    ports::log::RowChange,
};

/// Somebody is to come in; who is there already stays as he is.
#[derive(Debug, Clone)]
pub struct AddParticipants {
    /// Who, and as what.
    pub joining: Vec<(UserId, Role)>,
}

impl AddParticipants {
    /// The most people that one entry can bring: each is two rows of a transaction of 100, beside the entry.
    pub const MAX: usize = 45;

    /// The most people that a conversation has.
    pub const MAX_MEMBERS: usize = 5_000;
}

#[async_trait]
impl Change for AddParticipants {
    async fn plan(&self, actor: &Actor<'_>, ground: &Ground) -> Result<Plan, ChangeError> {
        let Ground { head, roster, .. } = ground;
        for (_, role) in &self.joining {
            actor.require_granting(*role)?;
        }
        let seq: Seq = head.seq.next();
        let newcomers: Vec<_> =
            self.joining.iter().filter(|(user, _)| roster.member(user).is_none()).collect();
        if newcomers.is_empty() {
            return Ok(Plan::Nothing);
        }
        if roster.len() + newcomers.len() > Self::MAX_MEMBERS {
            return Err(ChangeError::Full);
        }
        Ok(Plan::Write {
            body: EntryBody::ParticipantsAdded {
                participants: newcomers
                    .iter()
                    .map(|(user, role)| Joining { user: user.clone(), role: *role })
                    .collect(),
            },
            changes: newcomers
                .into_iter()
                .map(|(user, role)| RowChange::Join {
                    user: user.clone(),
                    participant: Participant { role: *role, joined: seq, since: seq },
                })
                .collect(),
        })
    }
}
