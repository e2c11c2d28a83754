//! A table's stream: read when something was written, handed to the function in batches, remembered when done.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::backlog::{Backlog, Waiting};
use super::stream_batch::Batches;
use super::{Context, Error, StartingPosition, StreamMapping, filter};
use crate::dynamodb::StreamRecord;
use crate::faults::FaultName;

/// The most records of one read, as AWS has it.
const RECORDS_PER_READ: usize = 1_000;

/// Beyond this many waiting records reading pauses.
const MOST_WAITING: usize = 10_000;

/// What a function can be given in one call, less what surrounds the records.
const MOST_BATCH_BYTES: usize = 5_500_000;

/// The least time between two reads of a stream whose batches need not fill.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);

/// The most time that a record waits to be read.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// Reads one stream for one function.
pub(super) struct Reader {
    context: Arc<Context>,
    mapping: Arc<StreamMapping>,
    table: String,
    backlog: Backlog,
    kept: i64,
    /// The least time between two reads, so that many writes are read together.
    pause: Duration,
}

impl Reader {
    /// Finds the place at which to go on.
    pub(super) fn open(context: Arc<Context>, mapping: StreamMapping) -> Result<Self, Error> {
        let table =
            table(&mapping.stream_arn).ok_or_else(|| Error::NoSuchSource(mapping.stream_arn.clone()))?;
        let table = table.to_owned();
        let last = context.dynamodb.last_place(&table)?;
        let place = match context.places.get(&table, mapping.function.as_str())? {
            // Beyond the stream: it is another table's, from before the data were replaced.
            Some(place) if place <= last => place,
            _ if mapping.starting_position == StartingPosition::Latest => last,
            _ => 0,
        };
        let pause = (mapping.window / 4).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
        Ok(Self {
            context,
            mapping: Arc::new(mapping),
            table,
            backlog: Backlog::after(place),
            kept: place,
            pause,
        })
    }

    /// Reads and hands over until it is dropped.
    pub(super) async fn run(mut self) {
        let mut writes = self.context.dynamodb.writes();
        let batches = Arc::new(Batches::new(self.context.clone(), self.mapping.clone()));
        let mut running: JoinSet<Vec<Waiting>> = JoinSet::new();
        let (mut unread, mut next_read) = (true, Instant::now());
        loop {
            let room = self.backlog.len() < MOST_WAITING;
            if unread && room && next_read <= Instant::now() {
                writes.mark_unchanged();
                unread = self.read().await;
                next_read = Instant::now() + if unread { Duration::ZERO } else { self.pause };
            }
            while running.len() < self.mapping.parallel {
                let Some(batch) = self.next_batch() else { break };
                let batches = batches.clone();
                running.spawn(async move {
                    batches.handle(&batch).await;
                    batch
                });
            }
            let room = self.backlog.len() < MOST_WAITING;
            let batch_due = (running.len() < self.mapping.parallel).then(|| self.due()).flatten();
            let read_due = (unread && room).then_some(next_read);
            let due = batch_due.into_iter().chain(read_due).min();
            tokio::select! {
                changed = writes.changed(), if !unread => {
                    if changed.is_err() {
                        return;
                    }
                    unread = true;
                }
                Some(finished) = running.join_next() => self.finished(finished),
                () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
            }
            while let Some(finished) = running.try_join_next() {
                self.finished(finished);
            }
            self.keep_place();
        }
    }

    /// Reads what is new; says whether there may be more.
    async fn read(&mut self) -> bool {
        if let Some(hit) = self.context.faults.hit(FaultName::StreamLate) {
            tokio::time::sleep(hit.delay).await;
        }
        let (service, table, after) =
            (self.context.dynamodb.clone(), self.table.clone(), self.backlog.read_to());
        let read =
            tokio::task::spawn_blocking(move || service.stream_records(&table, after, RECORDS_PER_READ));
        let records = match read.await {
            Ok(Ok(records)) => records,
            Ok(Err(error)) => {
                tracing::error!(%error, table = self.table, "a stream cannot be read");
                tokio::time::sleep(Duration::from_millis(200)).await;
                return false;
            }
            Err(_) => return false,
        };
        let read_to = records.last().map_or(self.backlog.read_to(), |record| record.place);
        let more = records.len() == RECORDS_PER_READ;
        let waiting = records.iter().filter_map(|record| self.waiting(record)).collect();
        self.backlog.extend(waiting, read_to);
        more
    }

    /// The record as the function sees it, if the filter lets it pass.
    fn waiting(&self, record: &StreamRecord) -> Option<Waiting> {
        let keys: Value = serde_json::from_str(record.keys.get()).ok()?;
        let key = partition_key(&keys);
        if !self.passes(record, keys) {
            return None;
        }
        Some(Waiting {
            place: record.place,
            key,
            created_at: record.created_at,
            sequence_number: record.sequence_number(),
            since: Instant::now(),
            record: record.event(&self.mapping.stream_arn, &self.context.region).ok()?,
        })
    }

    /// Asks the filter; the images are read only if it looks at them.
    fn passes(&self, record: &StreamRecord, keys: Value) -> bool {
        let mut change = Map::from_iter([("Keys".to_owned(), keys)]);
        for (name, image) in [("NewImage", &record.new_image), ("OldImage", &record.old_image)] {
            if let Some(image) = image
                && self.mapping.filters.iter().any(|pattern| filter::mentions(pattern, name))
            {
                change.insert(name.to_owned(), serde_json::from_str(image.get()).unwrap_or_default());
            }
        }
        let event = json!({
            "eventName": record.event_name, "eventSource": "aws:dynamodb", "eventVersion": "1.1",
            "awsRegion": self.context.region, "eventSourceARN": self.mapping.stream_arn, "dynamodb": change,
        });
        filter::passes(&self.mapping.filters, &event)
    }

    fn next_batch(&mut self) -> Option<Vec<Waiting>> {
        let (since, full) = self.backlog.ready(self.mapping.batch_size)?;
        if !full && since + self.mapping.window > Instant::now() {
            return None;
        }
        let batch = self.backlog.take(self.mapping.batch_size, MOST_BATCH_BYTES);
        (!batch.is_empty()).then_some(batch)
    }

    /// When the batch that is filling has waited long enough.
    fn due(&self) -> Option<Instant> {
        let (since, _) = self.backlog.ready(self.mapping.batch_size)?;
        Some(since + self.mapping.window)
    }

    fn finished(&mut self, batch: Result<Vec<Waiting>, tokio::task::JoinError>) {
        match batch {
            Ok(batch) => self.backlog.finish(&batch),
            Err(error) => tracing::error!(%error, "a batch of stream records was given up"),
        }
    }

    fn keep_place(&mut self) {
        let done = self.backlog.done_to();
        if done == self.kept {
            return;
        }
        match self.context.places.set(&self.table, self.mapping.function.as_str(), done) {
            Ok(()) => self.kept = done,
            Err(error) => tracing::error!(%error, "the place in a stream cannot be kept"),
        }
    }
}

/// The table that a stream's ARN names.
pub(super) fn table(stream_arn: &str) -> Option<&str> {
    let (_, rest) = stream_arn.split_once(":table/")?;
    rest.split('/').next().filter(|table| !table.is_empty())
}

/// What decides the order of an item's records: its partition key. Which of the keys that is, is not known here; the
/// project's tables call it `pk`, and of others the first by name serves, since one key's records have it in common.
fn partition_key(keys: &Value) -> Bytes {
    let key = keys.get("pk").or_else(|| keys.as_object()?.values().next());
    key.map(|key| Bytes::from(key.to_string())).unwrap_or_default()
}
