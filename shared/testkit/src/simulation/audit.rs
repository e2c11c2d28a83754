//! Follows a log from its beginning, entry by entry: is it whole, was everybody entitled, and who may see what.

use std::collections::{BTreeMap, HashSet};

use parlance_domain::{
    conversation::History,
    head::Seq,
    ids::UserId,
    log::{Entry, EntryBody, MessageKey},
    permissions::Role,
    roster::{Participant, Roster},
};

/// What a log has said so far.
#[derive(Debug, Default)]
pub struct Audit {
    last: u64,
    n: u64,
    version: Option<Seq>,
    last_message: Option<Seq>,
    roster: Roster,
    keys: HashSet<(UserId, MessageKey)>,
    stays: BTreeMap<UserId, Vec<Stay>>,
}

/// From which entry on somebody was a member, and by which he ceased to be.
#[derive(Debug, Clone, Copy)]
struct Stay {
    from: Seq,
    to: Option<Seq>,
}

impl Audit {
    /// Takes the next entry, and names the promises that it breaks.
    pub fn take(&mut self, entry: &Entry) -> Vec<&'static str> {
        let mut broken = Vec::new();
        if entry.seq.get() != self.last + 1 {
            broken.push("gap");
        }
        self.last = entry.seq.get();
        if entry.seq > Seq::FIRST {
            match (
                self.roster.member(&entry.actor).map(|member| member.participant.role),
                least_role(&entry.body),
            ) {
                (None, _) => broken.push("entry after one's removal"),
                (Some(role), least) if role < least => broken.push("entry after one's demotion"),
                _ => {}
            }
        }
        self.follow(entry);
        if entry.body.counts() {
            self.n += 1;
            self.last_message = Some(entry.seq);
            if let Some(key) = &entry.key
                && !self.keys.insert((entry.actor.clone(), key.clone()))
            {
                broken.push("duplicate");
            }
        }
        if entry.n != self.n {
            broken.push("wrong n");
        }
        if entry.last_message != self.last_message {
            broken.push("wrong last message");
        }
        if Some(entry.roster_version) != self.version || entry.roster_sum != self.roster.sum() {
            broken.push("wrong roster version or sum");
        }
        broken
    }

    fn follow(&mut self, entry: &Entry) {
        if !replay(entry, &mut self.roster) {
            return;
        }
        self.version = Some(entry.seq);
        match &entry.body {
            EntryBody::ConversationCreated { participants, .. }
            | EntryBody::ParticipantsAdded { participants } => {
                for joining in participants {
                    let stays = self.stays.entry(joining.user.clone()).or_default();
                    stays.push(Stay { from: entry.seq, to: None });
                }
            }
            EntryBody::ParticipantRemoved { user } => {
                if let Some(stay) = self.stays.get_mut(user).and_then(|stays| stays.last_mut()) {
                    stay.to = Some(entry.seq);
                }
            }
            _ => {}
        }
    }

    /// The position of the last entry; 0 before the first.
    pub const fn last(&self) -> u64 {
        self.last
    }

    /// How many entries count.
    pub const fn n(&self) -> u64 {
        self.n
    }

    /// Who is in it now.
    pub const fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Whether somebody may have been told of an entry by now: in a conversation that shows its past, members see what came before them;
    /// their own removal is the last that they see.
    pub fn may_see(&self, user: &UserId, seq: Seq, history: History) -> bool {
        let stays = self.stays.get(user).into_iter().flatten();
        stays.into_iter().any(|stay| {
            let is_before_the_end = stay.to.is_none_or(|to| seq <= to);
            is_before_the_end && (history == History::All || stay.from <= seq)
        })
    }

    /// Whether somebody joined by this entry.
    pub fn joined_at(&self, user: &UserId, seq: Seq) -> bool {
        self.stays.get(user).into_iter().flatten().any(|stay| stay.from == seq)
    }
}

fn least_role(body: &EntryBody) -> Role {
    match body {
        EntryBody::ParticipantsAdded { .. } => Role::Member,
        EntryBody::ParticipantRemoved { .. } => Role::Admin,
        EntryBody::ParticipantUpdated { .. } => Role::Owner,
        _ => Role::Guest,
    }
}

/// Applies what an entry says of the roster; whether it says anything.
pub(crate) fn replay(entry: &Entry, roster: &mut Roster) -> bool {
    match &entry.body {
        EntryBody::ConversationCreated { participants, .. }
        | EntryBody::ParticipantsAdded { participants } => {
            for joining in participants {
                let row = Participant { role: joining.role, joined: entry.seq, since: entry.seq };
                roster.insert(joining.user.clone(), row);
            }
            true
        }
        EntryBody::ParticipantRemoved { user } => roster.remove(user).is_some(),
        EntryBody::ParticipantUpdated { user, role } => {
            let Some(row) = roster.member(user).map(|member| *member.participant) else { return false };
            roster.insert(user.clone(), Participant { role: *role, since: entry.seq, ..row });
            true
        }
        _ => false,
    }
}
