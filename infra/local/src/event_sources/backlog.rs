//! Records of a stream that wait or are being handled: what may run side by side, and how far all is done.

use std::collections::{BTreeSet, HashMap, VecDeque};

use bytes::Bytes;
use serde_json::value::RawValue;
use tokio::time::Instant;

/// A record that passed the filter.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    /// Its place in the stream.
    pub(super) place: i64,
    /// Its sequence number as functions see it.
    pub(super) sequence_number: String,
    /// The item's partition key: records of one key are handled in order.
    pub(super) key: Bytes,
    /// When the item was written, in seconds since 1970.
    pub(super) created_at: i64,
    /// When it was read.
    pub(super) since: Instant,
    /// The record as functions see it.
    pub(super) record: Box<RawValue>,
}

/// The records between the place up to which all is done and the place up to which the stream was read.
#[derive(Debug)]
pub(super) struct Backlog {
    waiting: VecDeque<Waiting>,
    /// Keys that a running batch holds.
    busy: HashMap<Bytes, usize>,
    outstanding: BTreeSet<i64>,
    read_to: i64,
}

impl Backlog {
    /// A backlog that begins after a place in the stream.
    pub(super) fn after(place: i64) -> Self {
        Self { waiting: VecDeque::new(), busy: HashMap::new(), outstanding: BTreeSet::new(), read_to: place }
    }

    /// How many records wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// The place up to which the stream was read.
    pub(super) fn read_to(&self) -> i64 {
        self.read_to
    }

    /// Notes that the stream was read up to a place, and the records on the way that passed the filter.
    pub(super) fn extend(&mut self, records: Vec<Waiting>, read_to: i64) {
        self.outstanding.extend(records.iter().map(|record| record.place));
        self.waiting.extend(records);
        self.read_to = read_to;
    }

    /// The place up to which all is done.
    pub(super) fn done_to(&self) -> i64 {
        self.outstanding.first().map_or(self.read_to, |first| first - 1)
    }

    /// When the first record that could run was read, and whether a whole batch of them is here.
    pub(super) fn ready(&self, batch_size: usize) -> Option<(Instant, bool)> {
        let mut free = self.waiting.iter().filter(|record| !self.busy.contains_key(&record.key));
        let first = free.next()?;
        Some((first.since, free.nth(batch_size.saturating_sub(2)).is_some() || batch_size == 1))
    }

    /// Takes the next batch: in order, of keys that no running batch holds.
    pub(super) fn take(&mut self, batch_size: usize, most_bytes: usize) -> Vec<Waiting> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        let mut kept = VecDeque::with_capacity(self.waiting.len());
        let mut full = false;
        for record in self.waiting.drain(..) {
            full = full
                || batch.len() == batch_size
                || (!batch.is_empty() && bytes + record.record.get().len() > most_bytes);
            if full || self.busy.contains_key(&record.key) {
                kept.push_back(record);
            } else {
                bytes += record.record.get().len();
                batch.push(record);
            }
        }
        self.waiting = kept;
        for record in &batch {
            *self.busy.entry(record.key.clone()).or_default() += 1;
        }
        batch
    }

    /// Notes that a batch has come to its end.
    pub(super) fn finish(&mut self, batch: &[Waiting]) {
        for record in batch {
            self.outstanding.remove(&record.place);
            if let Some(count) = self.busy.get_mut(&record.key) {
                *count -= 1;
                if *count == 0 {
                    self.busy.remove(&record.key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(place: i64, key: &'static str) -> Waiting {
        Waiting {
            place,
            sequence_number: place.to_string(),
            key: Bytes::from(key),
            created_at: 0,
            since: Instant::now(),
            record: RawValue::from_string("1234567890".to_owned()).unwrap(),
        }
    }

    fn places(batch: &[Waiting]) -> Vec<i64> {
        batch.iter().map(|record| record.place).collect()
    }

    #[test]
    fn records_of_one_key_never_run_side_by_side() {
        let mut backlog = Backlog::after(0);
        backlog.extend(vec![waiting(1, "a"), waiting(2, "b"), waiting(3, "a"), waiting(4, "c")], 9);
        let first = backlog.take(2, 1_000);
        assert_eq!(places(&first), [1, 2]);
        let second = backlog.take(2, 1_000);
        assert_eq!(places(&second), [4]);
        assert!(backlog.ready(1).is_none() && backlog.take(2, 1_000).is_empty());
        backlog.finish(&second);
        assert_eq!(backlog.done_to(), 0);
        backlog.finish(&first);
        assert_eq!(backlog.done_to(), 2);
        let third = backlog.take(2, 1_000);
        assert_eq!(places(&third), [3]);
        backlog.finish(&third);
        assert_eq!((backlog.done_to(), backlog.len()), (9, 0));
    }

    #[test]
    fn a_batch_ends_at_its_size_in_bytes() {
        let mut backlog = Backlog::after(0);
        backlog.extend(vec![waiting(1, "a"), waiting(2, "a"), waiting(3, "a")], 3);
        assert_eq!(backlog.ready(3).map(|(_, full)| full), Some(true));
        assert_eq!(backlog.ready(4).map(|(_, full)| full), Some(false));
        assert_eq!(places(&backlog.take(10, 25)), [1, 2]);
    }
}
