//! The order of one conversation: what arrives doubled, late or not at all becomes each entry once, in sequence, without a gap. Pure.

use std::collections::BTreeMap;

use crate::backoff::Millis;

/// How long an event that is ahead waits for the ones before it until they are fetched from the log.
pub const HOLD: Millis = 250;

/// The order of one conversation's entries; `T` is whatever stands for one entry.
#[derive(Debug, Clone)]
pub struct Order<T> {
    /// The last entry that was applied; `None` until it is known where to begin.
    applied: Option<u64>,
    /// From where on every entry up to `applied` was seen.
    seen_from: u64,
    /// The last entry that is known to exist.
    head: u64,
    /// What came ahead of its turn.
    held: BTreeMap<u64, T>,
    /// When to act on what is missing.
    due: Option<Millis>,
    /// Whether the log is being read.
    is_reading: bool,
    /// Whether it is to be read although nothing is known to be missing.
    wants_reading: bool,
}

/// What a conversation needs at a point in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need<T> {
    /// Nothing.
    Nothing,
    /// These entries can be applied.
    Apply(Vec<T>),
    /// The log has to be read from here on; [`Order::read_ended`] or [`Order::read_failed`] follows.
    ReadLog {
        /// The last entry that is not needed.
        after: u64,
    },
}

impl<T> Order<T> {
    /// Begins after an entry: everything later will be applied.
    pub const fn after(seq: u64) -> Self {
        Self {
            applied: Some(seq),
            seen_from: seq,
            head: seq,
            held: BTreeMap::new(),
            due: None,
            is_reading: false,
            wants_reading: false,
        }
    }

    /// Begins with the first event that comes, which may have been overtaken: after [`HOLD`] the lowest is taken for the first.
    pub fn from_first_event() -> Self {
        Self { applied: None, ..Self::after(0) }
    }

    /// The last entry that was applied.
    pub const fn applied(&self) -> Option<u64> {
        self.applied
    }

    /// The entry up to which everything after `from` was seen, if nothing was skipped in between.
    pub fn seen_through(&self, from: u64) -> Option<u64> {
        self.applied.filter(|applied| self.seen_from <= from && from <= *applied)
    }

    /// Takes an entry from wherever it came and returns what can be applied now, in order. What was applied before is dropped.
    pub fn offer(&mut self, seq: u64, entry: T, now: Millis) -> Vec<T> {
        if self.applied.is_none() && seq == 1 {
            self.applied = Some(0);
        }
        if self.applied.is_some_and(|applied| seq <= applied) {
            return Vec::new();
        }
        self.head = self.head.max(seq);
        self.held.entry(seq).or_insert(entry);
        self.release(now)
    }

    /// Notes that the log goes up to `head` and that what is missing up to there is on its way: after [`HOLD`] it is fetched.
    pub fn expect(&mut self, head: u64, now: Millis) {
        self.head = self.head.max(head);
        if self.has_gap() && !self.is_reading && self.due.is_none() {
            self.due = Some(now + HOLD);
        }
    }

    /// Notes that for this reader the log begins at `first`: below it nothing is missing.
    pub fn first_is(&mut self, first: u64, now: Millis) -> Vec<T> {
        let before = first.saturating_sub(1);
        if self.applied.is_none_or(|applied| applied < before) {
            self.applied = Some(before);
            self.seen_from = before;
            self.held = self.held.split_off(&first);
        }
        self.release(now)
    }

    /// When [`Order::need`] should be asked again.
    pub const fn deadline(&self) -> Option<Millis> {
        self.due
    }

    /// Says what is to be done now.
    pub fn need(&mut self, now: Millis) -> Need<T> {
        if self.due.is_none_or(|due| due > now) {
            return Need::Nothing;
        }
        self.due = None;
        match (self.applied, self.held.keys().next()) {
            (Some(after), _) if self.has_gap() || self.wants_reading => {
                self.is_reading = true;
                Need::ReadLog { after }
            }
            (None, Some(first)) => {
                self.applied = Some(first - 1);
                self.seen_from = first - 1;
                Need::Apply(self.release(now))
            }
            _ => Need::Nothing,
        }
    }

    /// Has the log read from the last applied entry on, whether or not anything is known to be missing.
    pub fn read_anyway(&mut self, now: Millis) {
        if self.applied.is_some() {
            self.wants_reading = true;
            self.due = Some(now).filter(|_| !self.is_reading);
        }
    }

    /// The log was read up to its end at `head` and everything in it offered. What is still missing is asked for again after [`HOLD`].
    pub fn read_ended(&mut self, head: u64, now: Millis) {
        self.is_reading = false;
        self.wants_reading = false;
        self.head = self.held.last_key_value().map_or(head, |(last, _)| head.max(*last));
        self.due = self.has_gap().then_some(now + HOLD);
    }

    /// The log could not be read; another attempt follows after `wait`.
    pub fn read_failed(&mut self, now: Millis, wait: Millis) {
        self.is_reading = false;
        self.wants_reading = true;
        self.due = Some(now + wait);
    }

    /// The log turned out to end before `after` (it was restored): what was known of it is void beyond `head`.
    pub fn restart_at(&mut self, head: u64) {
        *self = Self::after(head);
    }

    fn has_gap(&self) -> bool {
        self.applied.is_some_and(|applied| applied < self.head)
    }

    fn release(&mut self, now: Millis) -> Vec<T> {
        let mut ready = Vec::new();
        if let Some(mut applied) = self.applied {
            while let Some(entry) = self.held.remove(&(applied + 1)) {
                ready.push(entry);
                applied += 1;
            }
            self.applied = Some(applied);
        }
        let waits = self.has_gap() || (self.applied.is_none() && !self.held.is_empty());
        if !waits {
            self.due = self.due.filter(|_| self.wants_reading);
        } else if !ready.is_empty() || self.due.is_none() {
            // Each entry that comes in its turn shows that the others are still on their way.
            self.due = (!self.is_reading).then_some(now + HOLD);
        }
        ready
    }
}
