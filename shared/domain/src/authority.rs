//! On whose authority somebody acts in a conversation: as its member, as a trusted back end, as an administrator.

use crate::{
    conversation::{Conversation, ConversationKind},
    ids::UserId,
    permissions::{MissingRight, Right, Role},
    roster::{Member, Roster},
};

/// Who asks, and what his token allows him beyond what everybody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Caller<'a> {
    /// Who.
    pub user: &'a UserId,
    /// Whether he is a trusted back end, which acts on conversations that carry a reference.
    pub is_service: bool,
    /// Whether he is an administrator, who deletes, and sees everything but direct conversations.
    pub is_admin: bool,
    /// Whether nobody asks: Parlance itself says what has become of something of his, wherever that stands.
    pub is_parlance: bool,
}

impl<'a> From<&'a UserId> for Caller<'a> {
    /// Somebody without any scope.
    fn from(user: &'a UserId) -> Self {
        Self { user, is_service: false, is_admin: false, is_parlance: false }
    }
}

impl<'a> Caller<'a> {
    /// Parlance itself, on behalf of somebody who need not be there any more.
    pub fn parlance(user: &'a UserId) -> Self {
        Self { is_parlance: true, ..Self::from(user) }
    }
}

impl Caller<'_> {
    /// Whether he may see this conversation without being in it.
    pub fn oversees(self, conversation: &Conversation) -> bool {
        self.serves(conversation) || self.administers(conversation)
    }

    /// Whether he acts on this conversation as a trusted back end.
    pub const fn serves(self, conversation: &Conversation) -> bool {
        self.is_service && conversation.reference.is_some()
    }

    fn administers(self, conversation: &Conversation) -> bool {
        self.is_admin && conversation.kind != ConversationKind::Direct
    }
}

/// The proof that somebody may act in a conversation at all, and by which everything that he does there is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor<'a> {
    user: &'a UserId,
    kind: ConversationKind,
    member: Option<Member<'a>>,
    is_service: bool,
    is_admin: bool,
}

impl<'a> Actor<'a> {
    /// `None` for a stranger, for whom there is no such conversation.
    pub fn of(caller: Caller<'a>, conversation: &Conversation, roster: &'a Roster) -> Option<Self> {
        let actor = Self {
            user: caller.user,
            kind: conversation.kind,
            member: roster.member(caller.user),
            is_service: caller.serves(conversation),
            is_admin: caller.administers(conversation),
        };
        let is_there = actor.member.is_some() || actor.is_service || actor.is_admin;
        (is_there || caller.is_parlance).then_some(actor)
    }

    /// Who.
    pub const fn user(&self) -> &'a UserId {
        self.user
    }

    /// His place in the roster, if he is in the conversation.
    pub const fn member(&self) -> Option<Member<'a>> {
        self.member
    }

    fn role(&self) -> Option<Role> {
        self.member.map(|member| member.participant.role)
    }

    /// Refuses unless the conversation's kind allows it and the actor has the right: by his role, or by a scope of his token.
    pub fn require(&self, right: Right) -> Result<(), MissingRight> {
        let by_role = self.role().is_some_and(|role| role >= right.least_role());
        let by_service = self.is_service && right.is_for_services();
        let by_admin = self.is_admin && right.is_for_admins();
        let has_right = by_role || by_service || by_admin;
        if self.kind.allows(right) && has_right { Ok(()) } else { Err(MissingRight(right)) }
    }

    /// Refuses unless the actor may remove somebody of `role`: nobody removes one of equal or higher role, but for a trusted back end.
    pub fn require_removal_of(&self, role: Role) -> Result<(), MissingRight> {
        self.require(Right::RemoveParticipants)?;
        self.require_above(role, Right::RemoveParticipants)
    }

    /// Refuses unless the actor may give `role` to a newcomer: above [`Role::Member`] only the owner gives, or a trusted back end.
    pub fn require_granting(&self, role: Role) -> Result<(), MissingRight> {
        self.require(Right::AddParticipants)?;
        if role <= Role::Member { Ok(()) } else { self.require(Right::ChangeRoles) }
    }

    /// Refuses unless the actor may change the role of somebody who has `role`; his own he may always give away.
    pub fn require_change_of(&self, subject: &UserId, role: Role) -> Result<(), MissingRight> {
        self.require(Right::ChangeRoles)?;
        if subject == self.user { Ok(()) } else { self.require_above(role, Right::ChangeRoles) }
    }

    fn require_above(&self, role: Role, right: Right) -> Result<(), MissingRight> {
        if self.is_service || self.role().is_some_and(|own| own > role) {
            Ok(())
        } else {
            Err(MissingRight(right))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        conversation::{History, Reference},
        head::Seq,
        ids::ConversationId,
        roster::Participant,
        time::Timestamp,
    };

    use Right::{
        AddParticipants, ChangeRoles, DeleteConversation, DeleteOthersMessages, Leave, RemoveParticipants,
        Retitle,
    };

    const ROLES: [Role; 4] = [Role::Guest, Role::Member, Role::Admin, Role::Owner];

    fn user(name: &str) -> UserId {
        UserId::parse(name).unwrap()
    }

    fn conversation(kind: ConversationKind, has_reference: bool) -> Conversation {
        Conversation {
            id: ConversationId::from_bytes([1; 16]),
            kind,
            title: None,
            reference: has_reference.then(|| Reference::parse("order", "1").unwrap()),
            created_by: user("creator"),
            created_at: Timestamp::default(),
            history: History::All,
            since: Seq::FIRST,
        }
    }

    fn roster() -> Roster {
        let row = |role| Participant { role, joined: Seq::FIRST, since: Seq::FIRST };
        ROLES.into_iter().map(|role| (user(role.as_str()), row(role))).collect()
    }

    /// Which of all rights somebody has.
    fn rights(name: &str, is_service: bool, is_admin: bool, of: &Conversation) -> Option<Vec<Right>> {
        let (user, roster) = (user(name), roster());
        let actor = Actor::of(Caller { is_service, is_admin, ..(&user).into() }, of, &roster)?;
        Some(Right::ALL.into_iter().filter(|right| actor.require(*right).is_ok()).collect())
    }

    #[test]
    fn each_role_may_what_the_one_below_it_may_and_more() {
        let group = conversation(ConversationKind::Group, false);
        let of = |name| rights(name, false, false, &group);
        assert_eq!(of("guest"), Some(vec![Leave]));
        assert_eq!(of("member"), Some(vec![AddParticipants, Retitle, Leave]));
        let admin = vec![AddParticipants, RemoveParticipants, Retitle, DeleteOthersMessages, Leave];
        assert_eq!(of("admin"), Some(admin));
        assert_eq!(of("owner"), Some(Right::ALL.to_vec()));
        assert_eq!(of("stranger"), None);
    }

    #[test]
    fn a_direct_conversation_allows_nobody_to_change_what_it_is() {
        for has_reference in [false, true] {
            let direct = conversation(ConversationKind::Direct, has_reference);
            assert_eq!(rights("owner", false, true, &direct), Some(vec![DeleteOthersMessages]));
            assert_eq!(rights("stranger", false, true, &direct), None, "an admin does not see it");
        }
    }

    #[test]
    fn a_service_acts_where_there_is_a_reference_and_an_admin_deletes() {
        let (with, without) =
            (conversation(ConversationKind::Ats, true), conversation(ConversationKind::Ats, false));
        let service = vec![AddParticipants, RemoveParticipants, Retitle, DeleteOthersMessages, ChangeRoles];
        assert_eq!(rights("stranger", true, false, &with), Some(service));
        assert_eq!(rights("stranger", true, false, &without), None);
        assert_eq!(rights("guest", true, false, &without), Some(vec![Leave]));
        assert_eq!(
            rights("stranger", false, true, &without),
            Some(vec![DeleteOthersMessages, DeleteConversation])
        );
    }

    #[test]
    fn nobody_removes_or_demotes_his_equal() {
        let (group, roster) = (conversation(ConversationKind::Group, false), roster());
        for own in ROLES {
            let own_name = user(own.as_str());
            let actor = Actor::of((&own_name).into(), &group, &roster).unwrap();
            for other in ROLES {
                let may_remove = own >= Role::Admin && own > other;
                assert_eq!(actor.require_removal_of(other).is_ok(), may_remove, "{own:?} removes {other:?}");
                let may_change = own == Role::Owner && other < Role::Owner;
                let other_name = user("other");
                assert_eq!(actor.require_change_of(&other_name, other).is_ok(), may_change);
                let may_grant = own >= Role::Member && (other <= Role::Member || own == Role::Owner);
                assert_eq!(actor.require_granting(other).is_ok(), may_grant, "{own:?} makes a {other:?}");
            }
        }
    }
}
