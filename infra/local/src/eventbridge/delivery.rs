//! How an event gets to a rule's target: repeated with growing pauses, and at last set aside.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::rule::{Destination, TargetSpec};
use crate::lambda::Invoke;
use crate::sqs::{self, Outgoing, Queues};

/// The pause after a first failure; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// The ways to targets.
#[derive(Clone)]
pub struct Targets {
    invoke: Arc<dyn Invoke>,
    queues: Arc<Queues>,
}

impl Targets {
    /// Functions are reached by the one, queues by the other.
    pub fn new(invoke: Arc<dyn Invoke>, sqs: &sqs::Running) -> Self {
        Self { invoke, queues: Arc::clone(sqs.queues()) }
    }

    /// Delivers an event, as long as the target's policy allows.
    pub(super) async fn deliver(&self, rule: &str, target: &TargetSpec, event: Bytes) {
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        for _ in 0..=target.maximum_retries {
            let Err(reason) = self.attempt(rule, &target.destination, &event) else { return };
            if begun.elapsed() + pause > target.maximum_age {
                break;
            }
            tracing::warn!(rule, reason, "an event could not be delivered and is tried again");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        let set_aside = target.dead_letter_arn.as_ref().map(|arn| self.send(arn, &event));
        if let Some(Ok(())) = set_aside {
            tracing::warn!(rule, "an event could not be delivered and was set aside");
        } else {
            tracing::error!(rule, "an event could not be delivered and is lost");
        }
    }

    fn attempt(&self, rule: &str, destination: &Destination, event: &Bytes) -> Result<(), String> {
        match destination {
            Destination::Function(function) => {
                self.invoke.invoke_async(function, &format!("rule {rule}"), event.clone());
                Ok(())
            }
            Destination::Queue(arn) => self.send(arn, event),
        }
    }

    fn send(&self, arn: &str, event: &Bytes) -> Result<(), String> {
        let body = String::from_utf8_lossy(event).into_owned();
        let message = Outgoing { body, attributes: sqs::Attributes::default(), delay: Duration::ZERO };
        let sent = self.queues.by_arn(arn).and_then(|queue| self.queues.send(&queue, &message));
        sent.map(drop).map_err(|refusal| refusal.message())
    }
}
