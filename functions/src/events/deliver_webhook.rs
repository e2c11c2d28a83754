//! The queues of webhooks: events of the bus become deliveries, and each delivery is attempted until its receiver has it.

use async_trait::async_trait;
use futures::future::join_all;
use parlance_adapters::{eventbridge::bus_event, sqs::waiting_delivery};
use parlance_application::webhooks::{
    deliver::{Attempted, DeliverWebhook as Attempt},
    dispatch::{BusEvent, DispatchEvents},
};
use parlance_edge::{
    Function,
    telemetry::{self, Noted},
};
use serde_json::Value;

use super::batch::{Batch, Failure, Outcome, failure, text};

/// Dispatches events and attempts deliveries.
pub struct DeliverWebhook {
    dispatch: DispatchEvents,
    attempt: Attempt,
}

/// A message that is neither an event of ours nor a delivery.
#[derive(Debug, thiserror::Error)]
#[error("a message of the queue cannot be read")]
struct Unreadable;

impl DeliverWebhook {
    /// Dispatches by one use case, attempts by the other.
    pub const fn new(dispatch: DispatchEvents, attempt: Attempt) -> Self {
        Self { dispatch, attempt }
    }

    async fn on_events(&self, events: Vec<(&str, BusEvent)>) -> Vec<Failure> {
        let (names, events): (Vec<&str>, Vec<BusEvent>) = events.into_iter().unzip();
        if events.is_empty() {
            return Vec::new();
        }
        let dispatched = self.dispatch.execute(&events).await;
        let failed = names.into_iter().zip(dispatched);
        failed.filter_map(|(name, outcome)| outcome.err().map(|error| failure(name, &error))).collect()
    }

    async fn on_delivery(&self, record: &Value) -> Option<Failure> {
        let name = text(record, "/messageId");
        let Some(delivery) = waiting_delivery(text(record, "/body")) else {
            return Some(failure(name, &Unreadable));
        };
        let attempt = text(record, "/attributes/ApproximateReceiveCount").parse().unwrap_or(1);
        let attempted = self.attempt.execute(&delivery, attempt, text(record, "/receiptHandle")).await;
        tracing::info!(
            webhook.id = %delivery.webhook, delivery.id = delivery.id, attempt, outcome = ?attempted.as_ref().ok(),
            "attempted"
        );
        match attempted {
            Ok(Attempted::Delivered | Attempted::Dropped) => None,
            // The queue keeps it: it comes back after its pause, or is set aside.
            Ok(Attempted::Postponed(_) | Attempted::GivenUp(_)) => Some(Failure { item: name.to_owned() }),
            Err(error) => Some(failure(name, &error)),
        }
    }
}

#[async_trait]
impl Function for DeliverWebhook {
    type Event = Batch;
    type Answer = Outcome;

    async fn call(&self, batch: Batch) -> Result<Outcome, lambda_runtime::Error> {
        let (mut events, mut deliveries) = (Vec::new(), Vec::new());
        for record in &batch.records {
            match bus_event(text(record, "/body")) {
                Some(event) => events.push((text(record, "/messageId"), event)),
                None => deliveries.push(record),
            }
        }
        let attempts = join_all(deliveries.into_iter().map(|record| self.on_delivery(record)));
        let (mut failures, attempts) = futures::join!(self.on_events(events), attempts);
        failures.extend(attempts.into_iter().flatten());
        telemetry::note(Noted::Items(batch.records.len()));
        telemetry::note(Noted::Failed(failures.len()));
        Ok(Outcome { failures })
    }
}
