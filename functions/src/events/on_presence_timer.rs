//! The timer queue of presence, and the schedule: people are looked at who came, or whose grace is over, and senders are told of sockets
//! of which they could not be told before.

use async_trait::async_trait;
use parlance_adapters::sqs::PresenceErrand;
use parlance_application::{connections::announce::AnnounceConnections, presence::look::LookAtPresence};
use parlance_edge::{
    Function,
    telemetry::{self, Noted},
};
use serde::{Deserialize, Serialize};

/// Looks at people, and announces sockets.
pub struct OnPresenceTimer {
    look: LookAtPresence,
    announce: AnnounceConnections,
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

/// A message of the queue that asks for nothing known.
#[derive(Debug, thiserror::Error)]
#[error("a message of the queue cannot be read")]
struct Unreadable;

impl OnPresenceTimer {
    /// Does it by these use cases.
    pub const fn new(look: LookAtPresence, announce: AnnounceConnections) -> Self {
        Self { look, announce }
    }

    async fn on_queue(&self, messages: &[Message]) -> Vec<Failure> {
        let mut failures = Vec::new();
        let (mut looks, mut look_messages) = (Vec::new(), Vec::new());
        let (mut sockets, mut socket_messages) = (Vec::new(), Vec::new());
        for message in messages {
            match PresenceErrand::parse(&message.body) {
                Some(PresenceErrand::Look(user, left_at)) => {
                    looks.push((user, left_at));
                    look_messages.push(message);
                }
                Some(PresenceErrand::Announce(socket)) => {
                    sockets.push(socket);
                    socket_messages.push(message);
                }
                None => failures.push(failure(message, &Unreadable)),
            }
        }
        let (looked, announced) = futures::join!(self.look.execute(&looks), self.announce.execute(&sockets));
        let done = look_messages.into_iter().zip(looked).chain(socket_messages.into_iter().zip(announced));
        failures.extend(done.filter_map(|(message, done)| Some(failure(message, &done.err()?))));
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
    tracing::warn!(record.id = message.id, error = telemetry::causes(error), "a message has to come again");
    Failure { item: message.id.clone() }
}
