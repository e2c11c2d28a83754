//! Who is in a conversation, with which role, and the sum by which a reader knows that he saw all of it.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::{head::Seq, ids::UserId, permissions::Role};

/// One participant as the roster's row holds him.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Participant {
    /// What he may do.
    pub role: Role,
    /// The entry by which he joined; with `history: joined` his log begins here.
    pub joined: Seq,
    /// The entry that last changed this row: its version.
    pub since: Seq,
}

/// A 64-bit sum of hashes over a roster's rows, carried by every entry. Addition commutes, so a change of one row needs only that row.
///
/// The sum of no rows is [`RosterSum::NOBODY`]; a closed conversation has that sum whatever rows are still stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct RosterSum(u64);

impl RosterSum {
    /// The sum over no rows: nobody may do anything here.
    pub const NOBODY: Self = Self(0);

    /// Wraps a stored sum.
    pub const fn new(value: u64) -> Self {
        Self(value)
    }

    /// The sum as a number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The sum with one more row.
    #[must_use]
    pub fn with(self, user: &UserId, participant: &Participant) -> Self {
        Self(self.0.wrapping_add(row_hash(user, participant)))
    }

    /// The sum when `user` blocks the other one.
    #[must_use]
    pub fn with_block(self, user: &UserId) -> Self {
        Self(self.0.wrapping_add(block_hash(user)))
    }

    /// The sum when `user` does not block the other one any more.
    #[must_use]
    pub fn without_block(self, user: &UserId) -> Self {
        Self(self.0.wrapping_sub(block_hash(user)))
    }

    /// The sum with one row less.
    #[must_use]
    pub fn without(self, user: &UserId, participant: &Participant) -> Self {
        Self(self.0.wrapping_sub(row_hash(user, participant)))
    }
}

/// Told apart from the hash of a row by its first eight bytes, which are no length of an id.
fn block_hash(user: &UserId) -> u64 {
    let mut hash = Sha256::new();
    hash.update(u64::MAX.to_be_bytes());
    hash.update(user.as_str());
    first_64_bits(hash)
}

fn first_64_bits(hash: Sha256) -> u64 {
    hash.finalize().into_iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(byte))
}

fn row_hash(user: &UserId, participant: &Participant) -> u64 {
    let mut hash = Sha256::new();
    hash.update((user.as_str().len() as u64).to_be_bytes());
    hash.update(user.as_str());
    hash.update([participant.role.rank()]);
    hash.update(participant.joined.get().to_be_bytes());
    hash.update(participant.since.get().to_be_bytes());
    first_64_bits(hash)
}

/// The participants of one conversation at one version of its roster.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roster {
    participants: BTreeMap<UserId, Participant>,
    /// Who of the two people of a direct conversation blocks the other one.
    blocking: BTreeSet<UserId>,
}

impl Roster {
    /// How many people are in it.
    pub fn len(&self) -> usize {
        self.participants.len()
    }

    /// Whether nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.participants.is_empty()
    }

    /// The proof that `user` is in the conversation, without which nothing of it can be done.
    pub fn member(&self, user: &UserId) -> Option<Member<'_>> {
        self.participants.get_key_value(user).map(|(user, participant)| Member { user, participant })
    }

    /// Everybody, by user id.
    pub fn members(&self) -> impl Iterator<Item = Member<'_>> {
        self.participants.iter().map(|(user, participant)| Member { user, participant })
    }

    /// The sum that the entry which made this roster carries.
    pub fn sum(&self) -> RosterSum {
        let rows = self
            .participants
            .iter()
            .fold(RosterSum::NOBODY, |sum, (user, participant)| sum.with(user, participant));
        self.blocking.iter().fold(rows, RosterSum::with_block)
    }

    /// Whether one of the two people of a direct conversation blocks the other one: then nobody says anything in it.
    pub fn is_blocked(&self) -> bool {
        !self.blocking.is_empty()
    }

    /// Who blocks the other one.
    pub fn blocking(&self) -> impl Iterator<Item = &UserId> {
        self.blocking.iter()
    }

    /// Notes that `user` blocks the other one, or does not any more.
    pub fn set_block(&mut self, user: &UserId, is_blocking: bool) {
        if is_blocking {
            self.blocking.insert(user.clone());
        } else {
            self.blocking.remove(user);
        }
    }

    /// Adds or replaces one row.
    pub fn insert(&mut self, user: UserId, participant: Participant) {
        self.participants.insert(user, participant);
    }

    /// Removes one row.
    pub fn remove(&mut self, user: &UserId) -> Option<Participant> {
        self.participants.remove(user)
    }
}

impl FromIterator<(UserId, Participant)> for Roster {
    fn from_iter<I: IntoIterator<Item = (UserId, Participant)>>(rows: I) -> Self {
        Self { participants: rows.into_iter().collect(), blocking: BTreeSet::new() }
    }
}

/// Somebody of whom a roster says that he is in the conversation: the only one who can read it or post to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member<'a> {
    /// Who.
    pub user: &'a UserId,
    /// His row.
    pub participant: &'a Participant,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(role: Role, joined: u64) -> Participant {
        let seq = Seq::new(joined).unwrap();
        Participant { role, joined: seq, since: seq }
    }

    #[test]
    fn the_sum_follows_every_change_of_a_row() {
        let (alice, bob) = (UserId::parse("alice").unwrap(), UserId::parse("bob").unwrap());
        let mut roster: Roster =
            [(alice.clone(), row(Role::Owner, 1)), (bob.clone(), row(Role::Member, 1))].into_iter().collect();
        let before = roster.sum();
        let old = roster.remove(&bob).unwrap();
        assert_eq!(roster.sum(), before.without(&bob, &old));
        let again = row(Role::Member, 7);
        roster.insert(bob.clone(), again);
        assert_eq!(roster.sum(), before.without(&bob, &old).with(&bob, &again));
        assert_ne!(roster.sum(), before, "a member who left and came back is another row");
        let before = roster.sum();
        roster.set_block(&alice, true);
        assert_eq!(roster.sum(), before.with_block(&alice));
        roster.set_block(&alice, false);
        assert_eq!((roster.sum(), roster.sum()), (before, before.with_block(&bob).without_block(&bob)));
        roster.remove(&alice);
        roster.remove(&bob);
        assert_eq!(roster.sum(), RosterSum::NOBODY);
    }
}
