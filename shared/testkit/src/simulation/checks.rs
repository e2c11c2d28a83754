//! What must hold once a trial has come to rest.

use std::collections::{BTreeMap, HashSet};

use parlance_domain::{
    head::Seq,
    ids::UserId,
    log::{Entry, EntryBody},
    roster::Roster,
};

use super::{
    audit::Audit,
    trial::{Trial, socket_of},
};
use crate::memory::delivery::SeqEncoder;

impl Trial {
    /// Holds the log, the rows, the counts and everybody's view against the promises.
    pub(super) fn check(&mut self) {
        let log: Vec<Entry> = self.stage.cloud.state().logs[&self.conversation].values().cloned().collect();
        let rosters = self.check_entries(&log);
        if self.violations.contains("gap") {
            return;
        }
        self.check_messages();
        self.check_rows(&log, &rosters);
        self.check_unread(&log);
        self.check_deliveries(&log, &rosters);
    }

    /// Follows the log from its beginning. Returns the roster after each entry.
    fn check_entries(&mut self, log: &[Entry]) -> Vec<Roster> {
        let mut audit = Audit::default();
        let mut rosters = Vec::new();
        for entry in log {
            self.violations.extend(audit.take(entry));
            rosters.push(audit.roster().clone());
        }
        rosters
    }

    fn check_messages(&mut self) {
        for message in &self.messages {
            let Some(acknowledged) = message.acknowledged else { continue };
            if !self.standing(message).contains(&acknowledged) {
                self.violations.insert("acknowledged message lost");
            }
        }
        let distinct: HashSet<&Seq> = self.fresh_acks.iter().collect();
        if distinct.len() != self.fresh_acks.len() {
            self.violations.insert("two messages without a client id became one");
        }
    }

    /// The rows say the same as the log, and so does a cached roster that claims to.
    fn check_rows(&mut self, log: &[Entry], rosters: &[Roster]) {
        let state = self.stage.cloud.state();
        let rows: Roster = state
            .rosters
            .iter()
            .filter(|((conversation, _), _)| *conversation == self.conversation)
            .map(|((_, user), row)| (user.clone(), *row))
            .collect();
        if rosters.last() != Some(&rows) {
            self.violations.insert("rows differ from the log");
        }
        let members: Vec<&UserId> = rows.members().map(|member| member.user).collect();
        let memberships: Vec<&UserId> = state.memberships.keys().map(|(user, _)| user).collect();
        if members != memberships {
            self.violations.insert("membership without a roster row, or the reverse");
        }
        drop(state);
        let keys = self.stage.redis.keys();
        if let Some((version, cached)) = keys.rosters.get(&self.conversation) {
            let from = usize::try_from(version.get()).unwrap() - 1;
            let is_some_later_one = rosters.iter().skip(from).any(|roster| roster == &**cached);
            if !is_some_later_one {
                self.violations.insert("a cached roster that never was");
            }
        }
        if let (Some(head), Some(last)) = (keys.heads.get(&self.conversation), log.last())
            && self.faults.wrong_hint == 0.0
            && self.faults.redis_rolls_back == 0.0
            && head.seq != last.seq
        {
            self.violations.insert("a hint behind the log at rest");
        }
    }

    /// Unread by arithmetic equals unread by counting.
    fn check_unread(&mut self, log: &[Entry]) {
        let Some(last) = log.last() else { return };
        let state = self.stage.cloud.state();
        let keys = self.stage.redis.keys();
        for ((user, _), membership) in &state.memberships {
            let own = keys.own.get(user).and_then(|own| own.get(&self.conversation));
            let cursor =
                own.copied().filter(|own| own.seq > membership.cursor.seq).unwrap_or(membership.cursor);
            let own_last = log
                .iter()
                .rev()
                .find(|entry| entry.body.counts() && entry.actor == *user)
                .map(|entry| entry.seq);
            let read = cursor.seq.max(membership.joined).max(own_last.unwrap_or(Seq::FIRST));
            let counted = log.iter().filter(|entry| entry.body.counts() && entry.seq > read).count() as u64;
            if last.n.checked_sub(cursor.n) != Some(counted) {
                self.violations.insert("unread count is wrong");
            }
        }
    }

    /// Everybody has heard every entry of his, and nobody another's.
    fn check_deliveries(&mut self, log: &[Entry], rosters: &[Roster]) {
        let mut heard: BTreeMap<&UserId, HashSet<Seq>> = BTreeMap::new();
        for user in &self.users {
            let socket = socket_of(user);
            let deliveries = self.stage.gateway.deliveries();
            let frames = deliveries.iter().filter(|(to, _)| *to == socket);
            heard.insert(user, frames.flat_map(|(_, frame)| SeqEncoder::read(frame)).collect());
        }
        for (entry, roster) in log.iter().zip(rosters).skip(1) {
            for (user, heard) in &heard {
                let is_subject =
                    matches!(&entry.body, EntryBody::ParticipantRemoved { user: gone } if gone == *user);
                let is_member = roster.member(user).is_some();
                if heard.contains(&entry.seq) && !is_member && !is_subject {
                    self.violations.insert("a stranger heard an entry");
                }
                let row = |roster: &Roster| roster.member(user).map(|member| member.participant.joined);
                let stayed = is_member && rosters.last().and_then(row) == row(roster);
                if stayed && !heard.contains(&entry.seq) && !self.relay_lost.contains(&entry.seq) {
                    self.violations.insert("an entry that a member never heard");
                }
            }
        }
    }
}
