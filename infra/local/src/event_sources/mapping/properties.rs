//! The properties of events as the template spells them; one that is not here is refused.

use serde::Deserialize;
use serde_json::Value;

use super::StartingPosition;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct StreamProperties {
    pub(super) stream: String,
    #[serde(default = "one_hundred")]
    pub(super) batch_size: usize,
    #[serde(default)]
    pub(super) maximum_batching_window_in_seconds: u64,
    pub(super) starting_position: StartingPosition,
    pub(super) filter_criteria: Option<FilterCriteria>,
    #[serde(default)]
    pub(super) bisect_batch_on_function_error: bool,
    pub(super) maximum_retry_attempts: Option<i64>,
    pub(super) maximum_record_age_in_seconds: Option<i64>,
    #[serde(default)]
    pub(super) function_response_types: Vec<FunctionResponseType>,
    pub(super) destination_config: Option<DestinationConfig>,
    pub(super) enabled: Option<bool>,
    #[serde(default = "one")]
    pub(super) parallelization_factor: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct QueueProperties {
    pub(super) queue: String,
    #[serde(default = "ten")]
    pub(super) batch_size: usize,
    #[serde(default)]
    pub(super) maximum_batching_window_in_seconds: u64,
    pub(super) filter_criteria: Option<FilterCriteria>,
    #[serde(default)]
    pub(super) function_response_types: Vec<FunctionResponseType>,
    pub(super) scaling_config: Option<ScalingConfig>,
    pub(super) enabled: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ScheduleProperties {
    pub(super) schedule: String,
    pub(super) input: Option<String>,
    pub(super) enabled: Option<bool>,
    pub(super) state: Option<String>,
    #[serde(rename = "Name")]
    _name: Option<String>,
    #[serde(rename = "Description")]
    _description: Option<String>,
    #[serde(rename = "RetryPolicy")]
    _retry: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct FilterCriteria {
    pub(super) filters: Vec<Filter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Filter {
    pub(super) pattern: String,
}

#[derive(Deserialize)]
pub(super) enum FunctionResponseType {
    ReportBatchItemFailures,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct DestinationConfig {
    pub(super) on_failure: Destination,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Destination {
    pub(super) destination: String,
    #[serde(rename = "Type")]
    _kind: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ScalingConfig {
    pub(super) maximum_concurrency: usize,
}

fn one() -> usize {
    1
}

fn one_hundred() -> usize {
    100
}

fn ten() -> usize {
    10
}
