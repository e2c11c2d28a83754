//! Batches of streams and queues: records in, and out the names of those that have to come again.

use parlance_edge::telemetry;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Records of a stream, or messages of a queue.
#[derive(Deserialize)]
pub struct Batch {
    #[serde(rename = "Records")]
    pub(super) records: Vec<Value>,
}

/// Which records have to come again; of a stream, everything from the first of them on.
#[derive(Debug, Serialize)]
pub struct Outcome {
    #[serde(rename = "batchItemFailures")]
    pub(super) failures: Vec<Failure>,
}

/// One record that has to come again.
#[derive(Debug, Serialize)]
pub struct Failure {
    #[serde(rename = "itemIdentifier")]
    pub(super) item: String,
}

/// The text at that place of a record, empty where there is none.
pub(super) fn text<'a>(record: &'a Value, pointer: &str) -> &'a str {
    record.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A record that has to come again because something went wrong.
pub(super) fn failure(name: &str, error: &(dyn std::error::Error + 'static)) -> Failure {
    tracing::warn!(record.id = name, error = telemetry::causes(error), "a record has to come again");
    Failure { item: name.to_owned() }
}
