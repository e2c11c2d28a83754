//! A function's events as `AWS::Serverless::Function` describes them in `Events`.

mod properties;

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use self::properties::{FilterCriteria, QueueProperties, ScheduleProperties, StreamProperties};
use super::filter;
use crate::lambda::FunctionName;

/// Why an event is not one that this service can deliver.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("event of {function}: {reason}")]
pub struct MappingError {
    /// The function whose event it is.
    pub function: String,
    /// What is wrong with it.
    pub reason: String,
}

/// One event of one function.
#[derive(Clone, Debug, PartialEq)]
pub enum EventMapping {
    /// `Type: DynamoDB`.
    Stream(StreamMapping),
    /// `Type: SQS`.
    Queue(QueueMapping),
    /// `Type: Schedule`.
    Schedule(ScheduleMapping),
}

/// Where reading a stream begins that was never read before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum StartingPosition {
    /// At its oldest record.
    #[default]
    #[serde(rename = "TRIM_HORIZON")]
    TrimHorizon,
    /// At what comes next.
    #[serde(rename = "LATEST")]
    Latest,
}

/// A table's stream calls a function.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamMapping {
    /// The function.
    pub function: FunctionName,
    /// The stream's ARN.
    pub stream_arn: String,
    /// The most records of one call.
    pub batch_size: usize,
    /// How long a batch may wait to fill.
    pub window: Duration,
    /// How many batches may run at once, none of them with a key of another.
    pub parallel: usize,
    /// Where reading begins the first time.
    pub starting_position: StartingPosition,
    /// The patterns of which a record must match one; all records when empty.
    pub filters: Vec<Value>,
    /// Whether a batch that failed is halved.
    pub bisect: bool,
    /// How often a failed batch is repeated; without end when absent.
    pub maximum_retries: Option<u32>,
    /// How old a record may be that is still delivered.
    pub maximum_record_age: Option<Duration>,
    /// Whether the function names what failed.
    pub reports_failures: bool,
    /// The ARN of the queue that hears of batches that failed for good.
    pub on_failure: Option<String>,
}

/// A queue calls a function.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueMapping {
    /// The function.
    pub function: FunctionName,
    /// The queue's ARN.
    pub queue_arn: String,
    /// The most messages of one call.
    pub batch_size: usize,
    /// How long a batch may wait to fill.
    pub window: Duration,
    /// The patterns of which a message must match one; all messages when empty.
    pub filters: Vec<Value>,
    /// Whether the function names what failed.
    pub reports_failures: bool,
    /// How many calls may run at once.
    pub maximum_concurrency: usize,
}

/// The clock calls a function.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleMapping {
    /// The function.
    pub function: FunctionName,
    /// The time between two calls.
    pub every: Duration,
    /// What the function is given instead of the scheduled event.
    pub input: Option<String>,
}

impl EventMapping {
    /// Reads one event of a function; `None` for one that is switched off.
    pub fn parse(
        function: &FunctionName,
        kind: &str,
        properties: &Value,
    ) -> Result<Option<Self>, MappingError> {
        let refuse = |reason: String| MappingError { function: function.to_string(), reason };
        match kind {
            "DynamoDB" => stream(function, from(properties).map_err(refuse)?).map_err(refuse),
            "SQS" => queue(function, from(properties).map_err(refuse)?).map_err(refuse),
            "Schedule" => schedule(function, from(properties).map_err(refuse)?).map_err(refuse),
            other => Err(refuse(format!("events of type {other} are not known here"))),
        }
    }
}

fn from<T: serde::de::DeserializeOwned>(properties: &Value) -> Result<T, String> {
    T::deserialize(properties).map_err(|error| error.to_string())
}

fn stream(function: &FunctionName, properties: StreamProperties) -> Result<Option<EventMapping>, String> {
    if properties.enabled == Some(false) {
        return Ok(None);
    }
    let (batch_size, window) =
        batch(properties.batch_size, properties.maximum_batching_window_in_seconds, 10_000)?;
    Ok(Some(EventMapping::Stream(StreamMapping {
        function: function.clone(),
        stream_arn: properties.stream,
        batch_size,
        window,
        parallel: properties.parallelization_factor.clamp(1, 10),
        starting_position: properties.starting_position,
        filters: filters(properties.filter_criteria)?,
        bisect: properties.bisect_batch_on_function_error,
        maximum_retries: properties.maximum_retry_attempts.and_then(|retries| u32::try_from(retries).ok()),
        maximum_record_age: properties
            .maximum_record_age_in_seconds
            .and_then(|seconds| u64::try_from(seconds).ok())
            .map(Duration::from_secs),
        reports_failures: !properties.function_response_types.is_empty(),
        on_failure: properties.destination_config.map(|config| config.on_failure.destination),
    })))
}

fn queue(function: &FunctionName, properties: QueueProperties) -> Result<Option<EventMapping>, String> {
    if properties.enabled == Some(false) {
        return Ok(None);
    }
    let (batch_size, window) =
        batch(properties.batch_size, properties.maximum_batching_window_in_seconds, 10_000)?;
    Ok(Some(EventMapping::Queue(QueueMapping {
        function: function.clone(),
        queue_arn: properties.queue,
        batch_size,
        window,
        filters: filters(properties.filter_criteria)?,
        reports_failures: !properties.function_response_types.is_empty(),
        maximum_concurrency: properties.scaling_config.map_or(5, |scaling| scaling.maximum_concurrency),
    })))
}

fn schedule(function: &FunctionName, properties: ScheduleProperties) -> Result<Option<EventMapping>, String> {
    if properties.enabled == Some(false) || properties.state.as_deref() == Some("DISABLED") {
        return Ok(None);
    }
    let every = rate(&properties.schedule)
        .ok_or_else(|| format!("{} is not a rate(…) of minutes, hours or days", properties.schedule))?;
    Ok(Some(EventMapping::Schedule(ScheduleMapping {
        function: function.clone(),
        every,
        input: properties.input,
    })))
}

fn batch(size: usize, window_seconds: u64, most: usize) -> Result<(usize, Duration), String> {
    if size == 0 || size > most {
        return Err(format!("BatchSize {size} is not between 1 and {most}"));
    }
    if window_seconds > 300 {
        return Err(format!("MaximumBatchingWindowInSeconds {window_seconds} is over 300"));
    }
    Ok((size, Duration::from_secs(window_seconds)))
}

fn filters(criteria: Option<FilterCriteria>) -> Result<Vec<Value>, String> {
    criteria
        .map(|criteria| criteria.filters)
        .unwrap_or_default()
        .iter()
        .map(|filter| {
            let pattern =
                serde_json::from_str(&filter.pattern).map_err(|error| format!("Pattern: {error}"))?;
            match filter::unknown_condition(&pattern) {
                Some(condition) => Err(format!("Pattern: the condition {condition} is not known here")),
                None => Ok(pattern),
            }
        })
        .collect()
}

/// `rate(5 minutes)` as a duration.
fn rate(expression: &str) -> Option<Duration> {
    let inner = expression.strip_prefix("rate(")?.strip_suffix(')')?;
    let (count, unit) = inner.split_once(' ')?;
    let count: u64 = count.parse().ok().filter(|count| *count > 0)?;
    let seconds = match (count, unit) {
        (1, "minute") | (2.., "minutes") => 60,
        (1, "hour") | (2.., "hours") => 3_600,
        (1, "day") | (2.., "days") => 86_400,
        _ => return None,
    };
    count.checked_mul(seconds).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(kind: &str, properties: &Value) -> Result<Option<EventMapping>, MappingError> {
        EventMapping::parse(&FunctionName::new("F"), kind, properties)
    }

    #[test]
    fn a_stream_event_of_the_template_is_read() {
        let Some(EventMapping::Stream(stream)) = parse(
            "DynamoDB",
            &json!({
                "Stream": "arn:stream", "StartingPosition": "TRIM_HORIZON", "BatchSize": 50,
                "BisectBatchOnFunctionError": true, "MaximumRetryAttempts": 3,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": "arn:queue"}},
                "FilterCriteria": {"Filters": [{"Pattern": "{\"eventName\":[\"INSERT\"]}"}]}
            }),
        )
        .unwrap() else {
            panic!("not a stream");
        };
        assert_eq!((stream.batch_size, stream.maximum_retries), (50, Some(3)));
        assert!(stream.bisect && stream.reports_failures);
        assert_eq!(stream.on_failure.as_deref(), Some("arn:queue"));
        assert_eq!(stream.filters, [json!({"eventName": ["INSERT"]})]);
    }

    #[test]
    fn rates_are_read_as_aws_reads_them() {
        assert_eq!(rate("rate(5 minutes)"), Some(Duration::from_mins(5)));
        assert_eq!(rate("rate(1 hour)"), Some(Duration::from_hours(1)));
        for wrong in ["rate(5 minute)", "rate(0 minutes)", "rate(1 hours)", "cron(0 * * * ? *)", "5 minutes"]
        {
            assert_eq!(rate(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_event_that_is_switched_off_is_none() {
        assert_eq!(parse("Schedule", &json!({"Schedule": "rate(1 day)", "Enabled": false})).unwrap(), None);
    }

    #[test]
    fn unknown_kinds_and_properties_are_refused_by_name() {
        assert!(parse("Kinesis", &json!({})).unwrap_err().reason.contains("Kinesis"));
        let error = parse("SQS", &json!({"Queue": "q", "Speed": 9})).unwrap_err();
        assert!(error.reason.contains("Speed"), "{error}");
    }
}
