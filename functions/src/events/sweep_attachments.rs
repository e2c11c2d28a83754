//! The timer queue of attachments, and the stream's removals of their rows: what does not end by itself is ended, what is over leaves no bytes.

use async_trait::async_trait;
use parlance_adapters::{dynamodb::removed_attachment, sqs::waiting_attachment};
use parlance_application::{
    attachments::{look_after::LookAfterAttachment, remove::RemoveObjects},
    ports::PortError,
};
use parlance_edge::{
    Function,
    telemetry::{self, Noted},
};
use serde_json::Value;

use super::batch::{Batch, Failure, Outcome, failure, text};

/// Looks after attachments.
pub struct SweepAttachments {
    look_after: LookAfterAttachment,
    remove: RemoveObjects,
}

/// A message of the timer queue that names no attachment.
#[derive(Debug, thiserror::Error)]
#[error("a message of the queue cannot be read")]
struct Unreadable;

impl SweepAttachments {
    /// Looks after them by one use case, and deletes their bytes by the other.
    pub const fn new(look_after: LookAfterAttachment, remove: RemoveObjects) -> Self {
        Self { look_after, remove }
    }

    async fn on_timer(&self, record: &Value) -> Option<Failure> {
        let name = text(record, "/messageId");
        let Some(id) = waiting_attachment(text(record, "/body")) else {
            return Some(failure(name, &Unreadable));
        };
        failed(name, self.look_after.execute(id).await)
    }

    async fn on_removal(&self, record: &Value) -> Option<Failure> {
        let name = text(record, "/dynamodb/SequenceNumber");
        failed(name, self.remove.execute(removed_attachment(record)?).await)
    }
}

fn failed(name: &str, outcome: Result<(), PortError>) -> Option<Failure> {
    outcome.err().map(|error| failure(name, &error))
}

#[async_trait]
impl Function for SweepAttachments {
    type Event = Batch;
    type Answer = Outcome;

    async fn call(&self, event: Batch) -> Result<Outcome, lambda_runtime::Error> {
        let mut failures = Vec::new();
        for record in &event.records {
            failures.extend(match text(record, "/eventSource") {
                "aws:sqs" => self.on_timer(record).await,
                _ => self.on_removal(record).await,
            });
        }
        telemetry::note(Noted::Items(event.records.len()));
        telemetry::note(Noted::Failed(failures.len()));
        Ok(Outcome { failures })
    }
}
