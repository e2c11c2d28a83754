//! A queue: messages in batches to the function; what it handled is deleted, the rest comes back by itself.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::{Context, QueueMapping, filter};
use crate::lambda::InvocationOutcome;
use crate::sqs::{QueueSpec, Received, system_attributes};

/// How long one look at the queue waits for a message.
const LONG_POLL: Duration = Duration::from_secs(20);

/// The most messages of one look, as SQS has it.
const MESSAGES_PER_LOOK: usize = 10;

/// Receives and calls until it is dropped.
pub(super) async fn run(context: Arc<Context>, mapping: QueueMapping, queue: Arc<QueueSpec>) {
    let mapping = Arc::new(mapping);
    let slots = Arc::new(Semaphore::new(mapping.maximum_concurrency.max(1)));
    let mut calls = tokio::task::JoinSet::new();
    loop {
        let Ok(slot) = slots.clone().acquire_owned().await else { return };
        let batch = gather(&context, &mapping, &queue).await;
        while calls.try_join_next().is_some() {}
        if batch.is_empty() {
            continue;
        }
        let (context, mapping, queue) = (context.clone(), mapping.clone(), queue.clone());
        calls.spawn(async move {
            handle(&context, &mapping, &queue, batch).await;
            drop(slot);
        });
    }
}

/// Waits for a first message, and then for the batch to fill or its window to close.
async fn gather(context: &Context, mapping: &QueueMapping, queue: &QueueSpec) -> Vec<Received> {
    let mut batch = Vec::new();
    let mut closes: Option<Instant> = None;
    while batch.len() < mapping.batch_size {
        let wait = closes.map_or(LONG_POLL, |closes| closes.saturating_duration_since(Instant::now()));
        let most = (mapping.batch_size - batch.len()).min(MESSAGES_PER_LOOK);
        let hidden_for = Duration::from_secs(u64::from(queue.visibility_timeout));
        match context.queues.receive(queue, most, hidden_for, wait).await {
            Ok(received) if received.is_empty() => break,
            Ok(received) => {
                batch.extend(received.into_iter().filter(|message| wanted(context, mapping, queue, message)));
            }
            Err(_) => {
                tokio::time::sleep(Duration::from_secs(1)).await;
                break;
            }
        }
        closes.get_or_insert_with(|| Instant::now() + mapping.window);
    }
    batch
}

/// Deletes a message that no filter lets pass, as AWS does.
fn wanted(context: &Context, mapping: &QueueMapping, queue: &QueueSpec, message: &Received) -> bool {
    let passes =
        mapping.filters.is_empty() || filter::passes(&mapping.filters, &filter::queue_message(&message.body));
    if !passes {
        delete(context, queue, message);
    }
    passes
}

async fn handle(context: &Context, mapping: &QueueMapping, queue: &QueueSpec, batch: Vec<Received>) {
    let records: Vec<Value> = batch.iter().map(|message| record(context, mapping, message)).collect();
    let payload = Bytes::from(json!({ "Records": records }).to_string());
    let trigger = format!("queue {}", queue.name);
    let failed = match context.invoke.invoke(&mapping.function, &trigger, payload).await {
        InvocationOutcome::Answered(answer) if mapping.reports_failures => failures(&answer, &batch),
        InvocationOutcome::Answered(_) => Some(HashSet::new()),
        InvocationOutcome::FunctionError { .. }
        | InvocationOutcome::TimedOut { .. }
        | InvocationOutcome::Unavailable { .. } => None,
    };
    let Some(failed) = failed else {
        tracing::warn!(trigger, messages = batch.len(), "a batch failed and comes back");
        return;
    };
    for message in batch.iter().filter(|message| !failed.contains(&message.message_id)) {
        delete(context, queue, message);
    }
}

fn delete(context: &Context, queue: &QueueSpec, message: &Received) {
    if let Err(refusal) = context.queues.delete(queue, &message.receipt_handle) {
        tracing::error!(
            queue = queue.name,
            reason = refusal.message(),
            "a handled message stays in its queue"
        );
    }
}

/// The ids that the function reports as failed; `None` when its report cannot be read, which fails them all.
fn failures(answer: &[u8], batch: &[Received]) -> Option<HashSet<String>> {
    if answer.is_empty() || answer == b"null" {
        return Some(HashSet::new());
    }
    let report: Value = serde_json::from_slice(answer).ok()?;
    let failed = match report.as_object()?.get("batchItemFailures") {
        None | Some(Value::Null) => return Some(HashSet::new()),
        Some(failed) => failed.as_array()?,
    };
    failed
        .iter()
        .map(|failure| {
            let id = failure.get("itemIdentifier")?.as_str()?;
            batch.iter().any(|message| message.message_id == id).then(|| id.to_owned())
        })
        .collect()
}

/// A message as functions see it.
fn record(context: &Context, mapping: &QueueMapping, message: &Received) -> Value {
    let attributes: Map<String, Value> =
        system_attributes(message).into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let message_attributes: Map<String, Value> = message
        .attributes
        .iter()
        .map(|(name, attribute)| {
            let attribute = json!({
                "stringValue": attribute.string_value,
                "binaryValue": attribute.binary_value,
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": attribute.data_type,
            });
            (name.clone(), attribute)
        })
        .collect();
    json!({
        "messageId": message.message_id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": attributes,
        "messageAttributes": message_attributes,
        "md5OfBody": crate::sqs::digest_of_body(&message.body),
        "eventSource": "aws:sqs",
        "eventSourceARN": mapping.queue_arn,
        "awsRegion": context.region,
    })
}
