//! What a trial does to Redis and to the table behind everybody's back.

use std::sync::Arc;

use parlance_domain::head::Seq;

use super::trial::Trial;
use crate::memory::redis::Keys;

impl Trial {
    pub(super) fn damage_redis(&mut self) {
        let faults = Arc::clone(&self.faults);
        if self.random.happens(faults.redis_loses_all) {
            let has_relay = self.stage.redis.keys().has_relay;
            *self.stage.redis.keys() = Keys { has_relay, ..Keys::default() };
        }
        if self.random.happens(faults.redis_loses_part) {
            let mut keys = self.stage.redis.keys();
            if self.random.happens(0.4) {
                keys.heads.clear();
            }
            if self.random.happens(0.4) {
                keys.rosters.clear();
            }
            if self.random.happens(0.4) {
                keys.own.clear();
            }
            keys.sent.retain(|_| !self.random.happens(0.4));
        }
        if faults.redis_rolls_back > 0.0 {
            if self.random.happens(0.02) {
                let snapshot = self.stage.redis.keys().clone();
                self.snapshots.push(Keys { published: Vec::new(), ..snapshot });
                if self.snapshots.len() > 4 {
                    self.snapshots.remove(0);
                }
            }
            if !self.snapshots.is_empty() && self.random.happens(faults.redis_rolls_back) {
                let snapshot = self.snapshots[self.random.index(self.snapshots.len())].clone();
                *self.stage.redis.keys() = snapshot;
            }
        }
        if self.random.happens(faults.wrong_hint) {
            let state = self.stage.cloud.state();
            let tail = state.logs[&self.conversation].last_key_value().unwrap().1.head();
            let mut wrong = tail;
            wrong.seq = Seq::new(tail.seq.get() + 1 + self.random.index(8) as u64).unwrap();
            wrong.n += self.random.index(3) as u64;
            if self.random.happens(0.5) {
                let back = self.random.index(3) as u64;
                wrong.roster_version =
                    Seq::new(tail.roster_version.get().saturating_sub(back).max(1)).unwrap();
            }
            self.stage.redis.keys().heads.insert(self.conversation, wrong);
        }
    }

    /// Restores the table to an earlier moment: nothing that ran then runs on, and the new stack id hides every key of the old life.
    pub(super) fn maybe_restore(&mut self) {
        if self.was_restored
            || self.clock.step() < 150
            || !self.random.happens(self.faults.restore)
            || self.stage.cloud.state().transactions_under_way() > 0
        {
            return;
        }
        self.was_restored = true;
        let lost = self.random.index(8) as u64;
        let cut = Seq::new(self.newest().saturating_sub(lost).max(1)).unwrap();
        self.actors.clear();
        self.stage.restart();
        self.timers.clear();
        self.redo.clear();
        for message in &mut self.messages {
            message.live = 0;
            if message.acknowledged.is_some_and(|seq| seq > cut) {
                message.acknowledged = None;
            }
        }
        for change in &mut self.changes {
            change.live = 0;
            change.is_done = true;
        }
        self.fresh_acks.retain(|seq| *seq <= cut);
        self.touched.clear();
        let has_relay = self.stage.redis.keys().has_relay;
        *self.stage.redis.keys() = Keys { has_relay, ..Keys::default() };
        self.snapshots.clear();
        self.stage.cloud.restore(self.conversation, cut);
        self.streamed = self.stage.cloud.state().stream.len();
        self.relay_lost.extend((1..=cut.get()).filter_map(Seq::new));
        self.stage.gateway.deliveries().clear();
    }
}
