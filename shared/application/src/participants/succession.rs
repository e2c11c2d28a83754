//! Who becomes owner when the last one goes.

use async_trait::async_trait;
use parlance_domain::{
    authority::Actor,
    ids::UserId,
    log::EntryBody,
    permissions::Role,
    roster::{Member, Participant, Roster},
};

use crate::{
    log::change::{Change, ChangeError, Ground, Plan},
    ports::log::RowChange,
};

/// If `leaving` is the only owner, the longest-standing admin, else member, else guest becomes owner as well.
#[derive(Debug, Clone)]
pub struct Succession {
    /// Who is about to go: the actor himself, or somebody whom he may remove.
    pub leaving: UserId,
}

#[async_trait]
impl Change for Succession {
    async fn plan(&self, actor: &Actor<'_>, ground: &Ground) -> Result<Plan, ChangeError> {
        let Ground { head, roster, .. } = ground;
        let Some(leaving) = roster.member(&self.leaving) else { return Ok(Plan::Nothing) };
        if self.leaving != *actor.user() {
            actor.require_removal_of(leaving.participant.role)?;
        }
        let Some(heir) = heir(leaving, roster) else { return Ok(Plan::Nothing) };
        let Participant { since, .. } = *heir.participant;
        let participant = Participant { role: Role::Owner, since: head.seq.next(), ..*heir.participant };
        Ok(Plan::Write {
            body: EntryBody::ParticipantUpdated { user: heir.user.clone(), role: Role::Owner },
            changes: vec![RowChange::SetRole { user: heir.user.clone(), participant, since }],
        })
    }
}

/// Refuses while `leaving` is the last owner and somebody could take his place.
pub(super) fn require_heir_first(leaving: Member<'_>, roster: &Roster) -> Result<(), ChangeError> {
    if heir(leaving, roster).is_some() { Err(ChangeError::LastOwner) } else { Ok(()) }
}

fn heir<'a>(leaving: Member<'_>, roster: &'a Roster) -> Option<Member<'a>> {
    let is_other_owner =
        |member: &Member<'_>| member.participant.role == Role::Owner && member.user != leaving.user;
    if leaving.participant.role != Role::Owner || roster.members().any(|member| is_other_owner(&member)) {
        return None;
    }
    let standing = |member: &Member<'a>| -> (std::cmp::Reverse<Role>, u64, UserId) {
        let Participant { role, joined, .. } = *member.participant;
        (std::cmp::Reverse(role), joined.get(), member.user.clone())
    };
    roster.members().filter(|member| member.user != leaving.user).min_by_key(standing)
}

#[cfg(test)]
mod tests {
    use parlance_domain::head::Seq;

    use super::*;

    fn roster(rows: &[(&str, Role, u64)]) -> Roster {
        rows.iter()
            .map(|(name, role, joined)| {
                let joined = Seq::new(*joined).unwrap();
                (UserId::parse(name).unwrap(), Participant { role: *role, joined, since: joined })
            })
            .collect()
    }

    fn heir_after(rows: &[(&str, Role, u64)]) -> Option<String> {
        let roster = roster(rows);
        let leaving = roster.member(&UserId::parse("leaving").unwrap()).unwrap();
        heir(leaving, &roster).map(|heir| heir.user.to_string())
    }

    #[test]
    fn the_longest_standing_of_the_highest_role_inherits() {
        let owner = ("leaving", Role::Owner, 1);
        assert_eq!(heir_after(&[owner, ("a", Role::Member, 1), ("b", Role::Admin, 5)]), Some("b".into()));
        assert_eq!(heir_after(&[owner, ("a", Role::Admin, 9), ("b", Role::Admin, 5)]), Some("b".into()));
        assert_eq!(heir_after(&[owner, ("a", Role::Guest, 2), ("b", Role::Member, 5)]), Some("b".into()));
        assert_eq!(heir_after(&[owner, ("a", Role::Owner, 2), ("b", Role::Member, 1)]), None);
        assert_eq!(heir_after(&[("leaving", Role::Admin, 1), ("a", Role::Member, 1)]), None);
        assert_eq!(heir_after(&[owner]), None);
    }
}
