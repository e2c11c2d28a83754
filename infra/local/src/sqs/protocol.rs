//! SQS on the wire: the operations of AWS JSON 1.0, and the one place that every request passes.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::QueueSpec;
use super::attributes::{Attributes, digest, digest_of_body};
use super::batch::{self, Entry};
use super::queues::{Queues, visibility};
use super::refusal::Refusal;
use super::store::{Outgoing, Received};
use crate::faults::Faults;
use crate::loopback::http::{Answer, Handler, json as answer};
use crate::usage::Usage;

const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

/// The longest delay of a message: 15 minutes.
const LONGEST_DELAY_SECONDS: i64 = 900;

/// Answers requests.
pub(super) struct Server {
    queues: Arc<Queues>,
    _faults: Faults,
    usage: Usage,
}

impl Server {
    /// Answers for these queues.
    pub(super) fn new(queues: Arc<Queues>, faults: Faults, usage: Usage) -> Self {
        Self { queues, _faults: faults, usage }
    }

    async fn call(&self, operation: &str, body: &[u8]) -> Result<Value, Refusal> {
        let queues = &self.queues;
        match operation {
            "SendMessage" => {
                let request: OnQueue<Send> = read(body)?;
                let queue = queues.by_url(&request.queue_url)?;
                send(queues, &queue, &request.rest)
            }
            "SendMessageBatch" => send_batch(queues, &read(body)?),
            "ReceiveMessage" => receive(queues, read(body)?).await,
            "DeleteMessage" => {
                let request: OnQueue<Receipt> = read(body)?;
                let queue = queues.by_url(&request.queue_url)?;
                queues.delete(&queue, &request.rest.receipt_handle)?;
                Ok(json!({}))
            }
            "DeleteMessageBatch" => {
                let request: OnQueue<Entries<Identified<Receipt>>> = read(body)?;
                let queue = queues.by_url(&request.queue_url)?;
                batch::run(&request.rest.entries, |entry| {
                    queues.delete(&queue, &entry.rest.receipt_handle).map(|()| json!({}))
                })
            }
            "ChangeMessageVisibility" => {
                let request: OnQueue<Visibility> = read(body)?;
                let queue = queues.by_url(&request.queue_url)?;
                let rest = &request.rest;
                queues.hide(&queue, &rest.receipt_handle, rest.visibility_timeout)?;
                Ok(json!({}))
            }
            "ChangeMessageVisibilityBatch" => {
                let request: OnQueue<Entries<Identified<Visibility>>> = read(body)?;
                let queue = queues.by_url(&request.queue_url)?;
                batch::run(&request.rest.entries, |entry| {
                    let rest = &entry.rest;
                    queues.hide(&queue, &rest.receipt_handle, rest.visibility_timeout).map(|()| json!({}))
                })
            }
            "GetQueueUrl" => {
                let request: Named = read(body)?;
                let queue = queues.by_name(&request.queue_name)?;
                Ok(json!({ "QueueUrl": queues.url(&queue.name) }))
            }
            "GetQueueAttributes" => attributes(queues, &read(body)?),
            "PurgeQueue" => {
                let request: OnQueue<Nothing> = read(body)?;
                queues.purge(&*queues.by_url(&request.queue_url)?)?;
                Ok(json!({}))
            }
            other => Err(Refusal::UnknownOperation(other.to_owned())),
        }
    }
}

impl Handler for Server {
    const MAXIMUM_BODY: usize = 4 * 1024 * 1024;

    async fn answer(&self, request: Request<Bytes>) -> Answer {
        self.usage.queue_request();
        let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
        let operation = target.and_then(|target| target.strip_prefix("AmazonSQS.")).unwrap_or_default();
        match self.call(operation, request.body()).await {
            Ok(body) => Ok(answer(StatusCode::OK, CONTENT_TYPE, body.to_string())),
            Err(refusal) => {
                let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
                let mut response = answer(status, CONTENT_TYPE, refusal.body().to_string());
                let fault = if status.is_server_error() { "Receiver" } else { "Sender" };
                if let Ok(value) = HeaderValue::try_from(format!("{};{fault}", refusal.query_name())) {
                    response.headers_mut().insert("x-amzn-query-error", value);
                }
                Ok(response)
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OnQueue<T> {
    queue_url: String,
    #[serde(flatten)]
    rest: T,
}

#[derive(Deserialize)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    queue_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entries<E> {
    #[serde(default = "Vec::new")]
    entries: Vec<E>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Identified<T> {
    id: String,
    #[serde(flatten)]
    rest: T,
}

impl<T> Entry for Identified<T> {
    fn id(&self) -> &str {
        &self.id
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Send {
    message_body: String,
    delay_seconds: Option<i64>,
    #[serde(default)]
    message_attributes: Attributes,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Receipt {
    receipt_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Visibility {
    receipt_handle: String,
    visibility_timeout: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Receive {
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttributeNames {
    #[serde(default)]
    attribute_names: Vec<String>,
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::Unreadable(error.to_string()))
}

/// Checks a number against its range.
fn within(name: &str, value: i64, least: i64, most: i64) -> Result<u64, Refusal> {
    u64::try_from(value).ok().filter(|_| (least..=most).contains(&value)).ok_or_else(|| {
        Refusal::InvalidParameter(format!(
            "Value {value} for parameter {name} is invalid. Reason: Must be between {least} and {most}, if provided."
        ))
    })
}

fn send(queues: &Queues, queue: &QueueSpec, message: &Send) -> Result<Value, Refusal> {
    let delay = message.delay_seconds.unwrap_or_else(|| i64::from(queue.delay_seconds));
    let delay = within("DelaySeconds", delay, 0, LONGEST_DELAY_SECONDS)?;
    let outgoing = Outgoing {
        body: message.message_body.clone(),
        attributes: message.message_attributes.clone(),
        delay: Duration::from_secs(delay),
    };
    let id = queues.send(queue, &outgoing)?;
    let mut sent = json!({ "MessageId": id, "MD5OfMessageBody": digest_of_body(&outgoing.body) });
    if let (Some(digest), Some(sent)) = (digest(&outgoing.attributes), sent.as_object_mut()) {
        sent.insert("MD5OfMessageAttributes".into(), digest.into());
    }
    Ok(sent)
}

fn send_batch(queues: &Queues, request: &OnQueue<Entries<Identified<Send>>>) -> Result<Value, Refusal> {
    let queue = queues.by_url(&request.queue_url)?;
    let entries = &request.rest.entries;
    if entries.iter().map(|entry| entry.rest.message_body.len()).sum::<usize>() > queue.maximum_bytes {
        return Err(Refusal::BatchTooLong);
    }
    batch::run(entries, |entry| send(queues, &queue, &entry.rest))
}

async fn receive(queues: &Queues, request: OnQueue<Receive>) -> Result<Value, Refusal> {
    let queue = queues.by_url(&request.queue_url)?;
    let wanted = request.rest;
    let most = within("MaxNumberOfMessages", wanted.max_number_of_messages.unwrap_or(1), 1, 10)?;
    let wait = wanted.wait_time_seconds.unwrap_or_else(|| i64::from(queue.wait_seconds));
    let wait = Duration::from_secs(within("WaitTimeSeconds", wait, 0, 20)?);
    let hidden_for =
        visibility(wanted.visibility_timeout.unwrap_or_else(|| i64::from(queue.visibility_timeout)))?;
    let most = usize::try_from(most).unwrap_or(10);
    let received = queues.receive(&queue, most, hidden_for, wait).await?;
    if received.is_empty() {
        return Ok(json!({}));
    }
    let messages: Vec<Value> = received.iter().map(|message| spelled(message, &wanted)).collect();
    Ok(json!({ "Messages": messages }))
}

fn spelled(message: &Received, wanted: &Receive) -> Value {
    let mut spelled = Map::new();
    spelled.insert("MessageId".into(), message.message_id.clone().into());
    spelled.insert("ReceiptHandle".into(), message.receipt_handle.clone().into());
    spelled.insert("MD5OfBody".into(), digest_of_body(&message.body).into());
    spelled.insert("Body".into(), message.body.clone().into());
    let names = || wanted.attribute_names.iter().chain(&wanted.message_system_attribute_names);
    let system: Map<String, Value> = system_attributes(message)
        .into_iter()
        .filter(|(name, _)| names().any(|wanted| wanted == "All" || wanted == name))
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    if !system.is_empty() {
        spelled.insert("Attributes".into(), system.into());
    }
    let attributes: Attributes = message
        .attributes
        .iter()
        .filter(|(name, _)| wanted.message_attribute_names.iter().any(|wanted| matches_name(wanted, name)))
        .map(|(name, attribute)| (name.clone(), attribute.clone()))
        .collect();
    if let Some(digest) = digest(&attributes) {
        spelled.insert("MD5OfMessageAttributes".into(), digest.into());
        spelled.insert("MessageAttributes".into(), json!(attributes));
    }
    spelled.into()
}

/// `All`, `.*`, a name, or the beginning of one before `.*`.
fn matches_name(wanted: &str, name: &str) -> bool {
    wanted == "All"
        || wanted == name
        || wanted.strip_suffix(".*").is_some_and(|begin| name.starts_with(begin))
}

/// What SQS itself says about a message.
pub(crate) fn system_attributes(message: &Received) -> [(&'static str, String); 4] {
    [
        ("SenderId", crate::loopback::ACCOUNT.to_owned()),
        ("SentTimestamp", message.sent_at.to_string()),
        ("ApproximateReceiveCount", message.receive_count.to_string()),
        ("ApproximateFirstReceiveTimestamp", message.first_received_at.to_string()),
    ]
}

fn attributes(queues: &Queues, request: &OnQueue<AttributeNames>) -> Result<Value, Refusal> {
    let queue = queues.by_url(&request.queue_url)?;
    let counts = queues.counts(&queue)?;
    let mut all = vec![
        ("QueueArn", queues.arn(&queue.name)),
        ("ApproximateNumberOfMessages", counts.visible.to_string()),
        ("ApproximateNumberOfMessagesNotVisible", counts.in_flight.to_string()),
        ("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string()),
        ("DelaySeconds", queue.delay_seconds.to_string()),
        ("VisibilityTimeout", queue.visibility_timeout.to_string()),
        ("MessageRetentionPeriod", queue.retention_seconds.to_string()),
        ("ReceiveMessageWaitTimeSeconds", queue.wait_seconds.to_string()),
        ("MaximumMessageSize", queue.maximum_bytes.to_string()),
    ];
    if let Some(redrive) = &queue.redrive {
        let policy = json!({
            "deadLetterTargetArn": redrive.dead_letter_target_arn,
            "maxReceiveCount": redrive.max_receive_count,
        });
        all.push(("RedrivePolicy", policy.to_string()));
    }
    let wanted = &request.rest.attribute_names;
    let attributes: Map<String, Value> = all
        .into_iter()
        .filter(|(name, _)| wanted.iter().any(|wanted| wanted == "All" || wanted == name))
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    Ok(if attributes.is_empty() { json!({}) } else { json!({ "Attributes": attributes }) })
}
