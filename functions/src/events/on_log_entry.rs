//! The stream of the table `chat`, and the timer queue: entries that nobody delivered are delivered, all are put on the event bus.

use async_trait::async_trait;
use parlance_adapters::{
    dynamodb::{NewLogEntry, new_log_entry},
    sqs::waiting_entry,
};
use parlance_application::{
    delivery::{
        publish::PublishEvents,
        repair::{RepairEntries, StreamedEntry},
    },
    ports::PortError,
};
use parlance_edge::{
    Function,
    telemetry::{self, Noted},
};
use serde_json::Value;

use super::batch::{Batch, Failure, Outcome, failure, text};

/// Looks after entries.
pub struct OnLogEntry {
    repair: RepairEntries,
    publish: Option<PublishEvents>,
}

impl OnLogEntry {
    /// Looks after them by one use case, and publishes them by the other where there is a bus.
    pub const fn new(repair: RepairEntries, publish: Option<PublishEvents>) -> Self {
        Self { repair, publish }
    }

    /// Entries that were just written, each with the name of its record.
    async fn on_stream(&self, records: &[&Value]) -> Vec<Failure> {
        let mut failures = Vec::new();
        let (mut names, mut entries) = (Vec::new(), Vec::new());
        for record in records {
            let name = text(record, "/dynamodb/SequenceNumber");
            match new_log_entry(record) {
                Ok(Some(NewLogEntry { conversation, entry })) => {
                    names.push(name);
                    entries.push(StreamedEntry { conversation, entry });
                }
                Ok(None) => {}
                Err(error) => failures.push(failure(name, &error)),
            }
        }
        let (looked, published) = futures::join!(self.repair.on_stream(&entries), self.published(&entries));
        let failed = names.into_iter().zip(looked.into_iter().zip(published));
        failures.extend(failed.filter_map(|(name, (looked, published))| {
            looked.and(published).err().map(|error| failure(name, &error))
        }));
        failures
    }

    /// The timer brings entries that the stream has brought before, so they are published here alone.
    async fn published(&self, entries: &[StreamedEntry]) -> Vec<Result<(), PortError>> {
        match &self.publish {
            Some(publish) => publish.execute(entries).await,
            None => entries.iter().map(|_| Ok(())).collect(),
        }
    }

    /// One entry, two seconds after somebody looked at it too early.
    async fn on_timer(&self, record: &Value) -> Option<Failure> {
        let name = text(record, "/messageId");
        let Some((conversation, seq, look)) = waiting_entry(text(record, "/body")) else {
            return Some(failure(name, &Unreadable));
        };
        let looked: Result<(), PortError> = self.repair.on_timer(conversation, seq, look).await;
        looked.err().map(|error| failure(name, &error))
    }
}

#[async_trait]
impl Function for OnLogEntry {
    type Event = Batch;
    type Answer = Outcome;

    async fn call(&self, event: Batch) -> Result<Outcome, lambda_runtime::Error> {
        let (timed, streamed): (Vec<&Value>, Vec<&Value>) =
            event.records.iter().partition(|record| text(record, "/eventSource") == "aws:sqs");
        let mut failures = self.on_stream(&streamed).await;
        for record in timed {
            failures.extend(self.on_timer(record).await);
        }
        telemetry::note(Noted::Items(event.records.len()));
        telemetry::note(Noted::Failed(failures.len()));
        Ok(Outcome { failures })
    }
}

/// A message of the timer queue that names no entry.
#[derive(Debug, thiserror::Error)]
#[error("a message of the queue cannot be read")]
struct Unreadable;
