//! The timer queue of presence, and the schedule: people are looked at who came, or whose grace is over.

use async_trait::async_trait;
use parlance_adapters::sqs::waiting_look;
use parlance_application::presence::look::LookAtPresence;
use parlance_edge::{
    Function,
    telemetry::{self, Noted},
};
use serde::{Deserialize, Serialize};

/// Looks at people.
pub struct OnPresenceTimer {
    look: LookAtPresence,
}

/// Messages of the queue, or none of them: the schedule.
#[derive(Deserialize)]
pub struct Batch {
    #[serde(rename = "Records", default)]
    records: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "messageId")]
    id: String,
    body: String,
}

/// Which messages have to come again.
#[derive(Debug, Serialize)]
pub struct Outcome {
    #[serde(rename = "batchItemFailures")]
    failures: Vec<Failure>,
}

#[derive(Debug, Serialize)]
struct Failure {
    #[serde(rename = "itemIdentifier")]
    item: String,
}

/// A message of the queue that names nobody.
#[derive(Debug, thiserror::Error)]
#[error("a message of the queue cannot be read")]
struct Unreadable;

impl OnPresenceTimer {
    /// Looks at them by this use case.
    pub const fn new(look: LookAtPresence) -> Self {
        Self { look }
    }

    async fn on_queue(&self, messages: &[Message]) -> Vec<Failure> {
        let (mut failures, mut named, mut looks) = (Vec::new(), Vec::new(), Vec::new());
        for message in messages {
            match waiting_look(&message.body) {
                Some(look) => {
                    named.push(message);
                    looks.push(look);
                }
                None => failures.push(failure(message, &Unreadable)),
            }
        }
        let looked = named.into_iter().zip(self.look.execute(&looks).await);
        failures.extend(looked.filter_map(|(message, looked)| Some(failure(message, &looked.err()?))));
        failures
    }
}

#[async_trait]
impl Function for OnPresenceTimer {
    type Event = Batch;
    type Answer = Outcome;

    async fn call(&self, event: Batch) -> Result<Outcome, lambda_runtime::Error> {
        if event.records.is_empty() {
            telemetry::note(Noted::Items(self.look.sweep().await?));
            return Ok(Outcome { failures: Vec::new() });
        }
        let failures = self.on_queue(&event.records).await;
        telemetry::note(Noted::Items(event.records.len()));
        telemetry::note(Noted::Failed(failures.len()));
        Ok(Outcome { failures })
    }
}

fn failure(message: &Message, error: &(dyn std::error::Error + 'static)) -> Failure {
    tracing::warn!(record.id = message.id, error = telemetry::causes(error), "a look has to come again");
    Failure { item: message.id.clone() }
}
