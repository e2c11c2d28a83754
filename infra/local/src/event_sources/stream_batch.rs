//! One batch of stream records: the call, what failed of it, halving, repeating, and setting aside.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::backlog::Waiting;
use super::{Context, StreamMapping};
use crate::faults::FaultName;
use crate::lambda::InvocationOutcome;
use crate::sqs::Outgoing;

/// The wait before the first repetition; it doubles from there.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The longest wait between repetitions.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Calls the function for batches.
pub(super) struct Batches {
    context: Arc<Context>,
    mapping: Arc<StreamMapping>,
    trigger: String,
}

/// What a call did for its records.
enum Handled {
    /// All of them.
    All,
    /// Those before this one.
    Before(usize),
    /// None, as far as one can know.
    Nothing {
        /// `Unhandled` and its like.
        error: String,
    },
}

/// Why records were set aside.
#[derive(Clone, Copy)]
enum Condition {
    RetriesExhausted,
    TooOld,
}

/// What a function is called with.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Payload<'a> {
    records: Vec<&'a RawValue>,
}

/// The answer of a function that reports what failed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    batch_item_failures: Option<Vec<Failure>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: Option<String>,
}

impl Batches {
    /// Calls the function of the mapping.
    pub(super) fn new(context: Arc<Context>, mapping: Arc<StreamMapping>) -> Self {
        let trigger = format!("stream {}", super::stream::table(&mapping.stream_arn).unwrap_or_default());
        Self { context, mapping, trigger }
    }

    /// Handles a batch to its end: done, or set aside.
    pub(super) async fn handle(&self, batch: &[Waiting]) {
        // Halves of a failed batch stand in line in the order of their records, each with its own repetitions.
        let mut line = VecDeque::from([(batch, 0_u32)]);
        while let Some((records, attempts)) = line.pop_front() {
            let records = self.young(records);
            if records.is_empty() {
                continue;
            }
            let rest = match self.call(records).await {
                Handled::All => continue,
                Handled::Before(place) => records.get(place..).unwrap_or_default(),
                Handled::Nothing { error } => {
                    tracing::warn!(trigger = self.trigger, error, records = records.len(), "a batch failed");
                    records
                }
            };
            // Where some of the batch was handled, the rest begins anew.
            let attempts = if rest.len() < records.len() { 0 } else { attempts + 1 };
            if self.mapping.bisect && rest.len() > 1 {
                let (first, second) = rest.split_at(rest.len() / 2);
                line.push_front((second, attempts.saturating_sub(1)));
                line.push_front((first, attempts.saturating_sub(1)));
            } else if self.mapping.maximum_retries.is_some_and(|most| attempts > most) {
                self.set_aside(rest, Condition::RetriesExhausted, attempts);
                continue;
            } else {
                line.push_front((rest, attempts));
            }
            tokio::time::sleep(pause(attempts)).await;
        }
    }

    /// Sets aside the records that are too old, and answers with the others.
    fn young<'a>(&self, records: &'a [Waiting]) -> &'a [Waiting] {
        let Some(age) = self.mapping.maximum_record_age else { return records };
        let oldest = seconds(now().saturating_sub(age));
        let old = records.iter().take_while(|record| record.created_at < oldest).count();
        let (old, young) = records.split_at(old);
        if !old.is_empty() {
            self.set_aside(old, Condition::TooOld, 0);
        }
        young
    }

    async fn call(&self, records: &[Waiting]) -> Handled {
        let faults = &self.context.faults;
        let mut events: Vec<&RawValue> = records.iter().map(|record| &*record.record).collect();
        if faults.hit(FaultName::StreamShuffle).is_some() {
            events.shuffle(&mut rand::rng());
        }
        let payload = Bytes::from(serde_json::to_vec(&Payload { records: events }).unwrap_or_default());
        let function = &self.mapping.function;
        if faults.hit(FaultName::StreamTwice).is_some() {
            self.context.invoke.invoke(function, &self.trigger, payload.clone()).await;
        }
        match self.context.invoke.invoke(function, &self.trigger, payload).await {
            InvocationOutcome::Answered(answer) if self.mapping.reports_failures => {
                reported(&answer, records)
            }
            InvocationOutcome::Answered(_) => Handled::All,
            InvocationOutcome::FunctionError { kind, .. } => Handled::Nothing { error: kind },
            InvocationOutcome::TimedOut { .. } => Handled::Nothing { error: "timed out".into() },
            InvocationOutcome::Unavailable { reason } => Handled::Nothing { error: reason },
        }
    }

    /// Tells the destination of failures about records that are not tried again.
    fn set_aside(&self, records: &[Waiting], condition: Condition, attempts: u32) {
        tracing::error!(trigger = self.trigger, records = records.len(), "stream records were set aside");
        let Some(destination) = &self.mapping.on_failure else { return };
        let body = self.failure(records, condition, attempts).to_string();
        let message = Outgoing { body, attributes: BTreeMap::default(), delay: Duration::ZERO };
        let queues = &self.context.queues;
        let sent = queues.by_arn(destination).and_then(|queue| queues.send(&queue, &message));
        if let Err(refusal) = sent {
            tracing::error!(destination, reason = refusal.message(), "the destination of failures refused");
        }
    }

    /// What AWS tells a destination: where the records stand, not what they hold.
    fn failure(&self, records: &[Waiting], condition: Condition, attempts: u32) -> Value {
        let (first, last) = (records.first(), records.last());
        let sequence = |record: Option<&Waiting>| record.map(|record| record.sequence_number.clone());
        let arrival = |record: Option<&Waiting>| record.and_then(|record| rfc3339(record.created_at));
        json!({
            "requestContext": {
                "requestId": ulid::Ulid::generate().to_string(),
                "functionArn": format!(
                    "arn:aws:lambda:{}:{}:function:{}",
                    self.context.region, crate::loopback::ACCOUNT, self.mapping.function
                ),
                "condition": match condition {
                    Condition::RetriesExhausted => "RetryAttemptsExhausted",
                    Condition::TooOld => "RecordAgeExceeded",
                },
                "approximateInvokeCount": attempts,
            },
            "responseContext": {
                "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled",
            },
            "version": "1.0",
            "timestamp": rfc3339(seconds(now())),
            "DDBStreamBatchInfo": {
                "shardId": "shardId-00000001",
                "startSequenceNumber": sequence(first),
                "endSequenceNumber": sequence(last),
                "approximateArrivalOfFirstRecord": arrival(first),
                "approximateArrivalOfLastRecord": arrival(last),
                "batchSize": records.len(),
                "streamArn": self.mapping.stream_arn,
            },
        })
    }
}

/// Reads which records failed: everything from the lowest of them on is repeated; what cannot be read fails them all.
fn reported(answer: &[u8], records: &[Waiting]) -> Handled {
    let wrong = || Handled::Nothing { error: "the function's report cannot be read".into() };
    if answer.is_empty() || answer == b"null" {
        return Handled::All;
    }
    let Ok(report) = serde_json::from_slice::<Report>(answer) else { return wrong() };
    let mut lowest = None;
    for failure in report.batch_item_failures.unwrap_or_default() {
        let place = failure
            .item_identifier
            .and_then(|identifier| records.iter().position(|record| record.sequence_number == identifier));
        let Some(place) = place else { return wrong() };
        lowest = Some(lowest.map_or(place, |lowest: usize| lowest.min(place)));
    }
    match lowest {
        None => Handled::All,
        Some(0) => Handled::Nothing { error: "reported by the function".into() },
        Some(place) => Handled::Before(place),
    }
}

fn pause(attempts: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << attempts.saturating_sub(1).min(10)).min(LONGEST_PAUSE)
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn seconds(since: Duration) -> i64 {
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

fn rfc3339(seconds: i64) -> Option<String> {
    crate::loopback::rfc3339(Duration::from_secs(u64::try_from(seconds).ok()?))
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    fn records() -> Vec<Waiting> {
        (1..=3)
            .map(|place| Waiting {
                place,
                sequence_number: format!("s{place}"),
                key: Bytes::new(),
                created_at: 0,
                since: Instant::now(),
                record: RawValue::NULL.to_owned(),
            })
            .collect()
    }

    #[test]
    fn everything_from_the_lowest_failure_on_is_repeated() {
        let failed = |json: &str| match reported(json.as_bytes(), &records()) {
            Handled::All => None,
            Handled::Before(place) => Some(place),
            Handled::Nothing { .. } => Some(0),
        };
        assert_eq!(failed(r#"{"batchItemFailures":[]}"#), None);
        assert_eq!(failed("null"), None);
        assert_eq!(failed("{}"), None);
        assert_eq!(
            failed(r#"{"batchItemFailures":[{"itemIdentifier":"s3"},{"itemIdentifier":"s2"}]}"#),
            Some(1)
        );
        assert_eq!(failed(r#"{"batchItemFailures":[{"itemIdentifier":"unknown"}]}"#), Some(0));
        assert_eq!(failed(r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#), Some(0));
        assert_eq!(failed(r#""done""#), Some(0));
    }

    #[test]
    fn pauses_grow_up_to_a_bound() {
        assert_eq!(pause(1), FIRST_PAUSE);
        assert_eq!(pause(2), FIRST_PAUSE * 2);
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }
}
