//! A queue as an `AWS::SQS::Queue` resource describes it.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Why a resource is not a queue that this service can hold.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("Properties: {reason}")]
pub struct QueueSpecError {
    /// What is wrong with it.
    pub reason: String,
}

/// Where a message goes that was received too often.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Redrive {
    /// The dead-letter queue's ARN.
    pub dead_letter_target_arn: String,
    /// How often a message may be received.
    #[serde(deserialize_with = "number")]
    pub max_receive_count: u32,
}

/// The properties of a queue, intrinsic functions resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSpec {
    /// Its name.
    pub name: String,
    /// The delay of a message that names none, in seconds.
    pub delay_seconds: u32,
    /// How long a received message stays hidden, in seconds.
    pub visibility_timeout: u32,
    /// How long a message is kept, in seconds.
    pub retention_seconds: u32,
    /// The wait of a receive call that names none, in seconds.
    pub wait_seconds: u32,
    /// The largest message, in bytes.
    pub maximum_bytes: usize,
    /// Where messages go that were received too often.
    pub redrive: Option<Redrive>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    queue_name: Option<String>,
    #[serde(default, deserialize_with = "number")]
    delay_seconds: u32,
    #[serde(default = "half_a_minute", deserialize_with = "number")]
    visibility_timeout: u32,
    #[serde(default = "four_days", deserialize_with = "number")]
    message_retention_period: u32,
    #[serde(default, deserialize_with = "number")]
    receive_message_wait_time_seconds: u32,
    #[serde(default = "one_mebibyte", deserialize_with = "number")]
    maximum_message_size: u32,
    redrive_policy: Option<Redrive>,
    #[serde(rename = "SqsManagedSseEnabled")]
    _managed_encryption: Option<Value>,
    #[serde(rename = "KmsMasterKeyId")]
    _key: Option<Value>,
    #[serde(rename = "RedriveAllowPolicy")]
    _allow: Option<Value>,
    #[serde(rename = "Tags")]
    _tags: Option<Value>,
}

fn half_a_minute() -> u32 {
    30
}

fn four_days() -> u32 {
    345_600
}

fn one_mebibyte() -> u32 {
    1_048_576
}

/// `CloudFormation` takes numbers as strings too.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Plain(u32),
        Text(String),
    }
    match Number::deserialize(deserializer)? {
        Number::Plain(number) => Ok(number),
        Number::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}

impl QueueSpec {
    /// Reads the resource's properties; the name is `default_name` where the resource leaves it to `CloudFormation`.
    pub fn parse(default_name: &str, properties: &Value) -> Result<Self, QueueSpecError> {
        let properties: Properties = serde_json::from_value(properties.clone())
            .map_err(|error| QueueSpecError { reason: error.to_string() })?;
        Ok(Self {
            name: properties.queue_name.unwrap_or_else(|| default_name.to_owned()),
            delay_seconds: properties.delay_seconds,
            visibility_timeout: properties.visibility_timeout,
            retention_seconds: properties.message_retention_period,
            wait_seconds: properties.receive_message_wait_time_seconds,
            maximum_bytes: properties.maximum_message_size as usize,
            redrive: properties.redrive_policy,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_queue_of_the_template_is_read() {
        let spec = QueueSpec::parse(
            "stack-LogEntryQueue",
            &json!({
                "VisibilityTimeout": "90",
                "RedrivePolicy": {"deadLetterTargetArn": "arn:aws:sqs:r:0:dead", "maxReceiveCount": 3}
            }),
        )
        .unwrap();
        assert_eq!(spec.name, "stack-LogEntryQueue");
        assert_eq!(spec.visibility_timeout, 90);
        assert_eq!(spec.redrive.unwrap().max_receive_count, 3);
    }

    #[test]
    fn a_property_that_is_not_understood_is_refused_by_name() {
        let error = QueueSpec::parse("q", &json!({"FifoQueue": true})).unwrap_err();
        assert!(error.reason.contains("FifoQueue"), "{error}");
    }
}
