//! Rules: which events of which bus go where, as `AWS::Events::Rule` and SAM's `EventBridgeRule` describe it.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::event_sources::{passes, unknown_condition};
use crate::lambda::FunctionName;

/// The bus of a rule that names none, and of AWS's own events.
pub(super) const DEFAULT_BUS: &str = "default";

/// Why a rule is not one that this service can follow.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct RuleError {
    /// What is wrong with it.
    pub reason: String,
}

fn refuse(reason: impl Into<String>) -> RuleError {
    RuleError { reason: reason.into() }
}

/// One rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSpec {
    /// Its name.
    pub name: String,
    /// Whose events it looks at.
    pub bus: String,
    /// What an event has to match.
    pub pattern: Value,
    /// Where matching events go.
    pub targets: Vec<TargetSpec>,
}

/// Where a rule sends events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetSpec {
    /// What takes them.
    pub destination: Destination,
    /// How often a failed delivery is repeated.
    pub maximum_retries: u32,
    /// How old an event may be that is still delivered.
    pub maximum_age: Duration,
    /// The ARN of the queue that takes what could not be delivered.
    pub dead_letter_arn: Option<String>,
}

/// What takes events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A function, asynchronously.
    Function(FunctionName),
    /// A queue, by its ARN.
    Queue(String),
}

impl RuleSpec {
    /// Reads the properties of an `AWS::Events::Rule`; `None` for one that is switched off.
    pub fn parse(logical_id: &str, properties: &Value) -> Result<Option<Self>, RuleError> {
        let rule = RuleProperties::deserialize(properties).map_err(|error| refuse(error.to_string()))?;
        let targets = rule.targets.into_iter().map(target).collect::<Result<_, _>>()?;
        Self::new(logical_id, rule.event_bus_name, rule.event_pattern, rule.state.as_deref(), targets)
    }

    /// Reads the properties of a function's event of type `EventBridgeRule`; `None` for one that is switched off.
    pub fn of_function(
        function: &FunctionName,
        event_id: &str,
        properties: &Value,
    ) -> Result<Option<Self>, RuleError> {
        let event = EventProperties::deserialize(properties).map_err(|error| refuse(error.to_string()))?;
        let destination = Destination::Function(function.clone());
        let targets = vec![TargetSpec::new(destination, event.retry_policy, event.dead_letter_config)];
        Self::new(
            &format!("{function}{event_id}"),
            event.event_bus_name,
            event.pattern,
            event.state.as_deref(),
            targets,
        )
    }

    fn new(
        name: &str,
        bus: Option<String>,
        pattern: Value,
        state: Option<&str>,
        targets: Vec<TargetSpec>,
    ) -> Result<Option<Self>, RuleError> {
        match state {
            None | Some("ENABLED") => {}
            Some("DISABLED") => return Ok(None),
            Some(other) => return Err(refuse(format!("State: {other} is not supported"))),
        }
        if !pattern.is_object() {
            return Err(refuse("EventPattern is no object"));
        }
        if let Some(condition) = unknown_condition(&pattern) {
            return Err(refuse(format!("EventPattern: the condition {condition} is not known here")));
        }
        let bus = bus.unwrap_or_else(|| DEFAULT_BUS.to_owned());
        Ok(Some(Self { name: name.to_owned(), bus: bus_name(&bus).to_owned(), pattern, targets }))
    }

    /// Whether an event of that bus is one for this rule.
    pub(super) fn matches(&self, bus: &str, event: &Value) -> bool {
        self.bus == bus && passes(std::slice::from_ref(&self.pattern), event)
    }
}

impl TargetSpec {
    fn new(
        destination: Destination,
        retries: Option<RetryPolicy>,
        dead_letters: Option<DeadLetters>,
    ) -> Self {
        let retries = retries.unwrap_or_default();
        Self {
            destination,
            maximum_retries: retries.maximum_retry_attempts,
            maximum_age: Duration::from_secs(retries.maximum_event_age_in_seconds),
            dead_letter_arn: dead_letters.map(|letters| letters.arn),
        }
    }
}

/// The name of a bus that is named by name or ARN.
pub(super) fn bus_name(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

fn target(target: TargetProperties) -> Result<TargetSpec, RuleError> {
    let destination = match target.arn.split(':').nth(2) {
        Some("lambda") => {
            Destination::Function(FunctionName::new(target.arn.rsplit(':').next().unwrap_or_default()))
        }
        Some("sqs") => Destination::Queue(target.arn),
        _ => return Err(refuse(format!("Targets: {} is neither a function nor a queue", target.arn))),
    };
    Ok(TargetSpec::new(destination, target.retry_policy, target.dead_letter_config))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RuleProperties {
    event_bus_name: Option<String>,
    event_pattern: Value,
    state: Option<String>,
    #[serde(default)]
    targets: Vec<TargetProperties>,
    #[serde(rename = "Name")]
    _name: Option<String>,
    #[serde(rename = "Description")]
    _description: Option<String>,
    #[serde(rename = "Tags")]
    _tags: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TargetProperties {
    #[serde(rename = "Id")]
    _id: String,
    arn: String,
    retry_policy: Option<RetryPolicy>,
    dead_letter_config: Option<DeadLetters>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct EventProperties {
    event_bus_name: Option<String>,
    pattern: Value,
    state: Option<String>,
    retry_policy: Option<RetryPolicy>,
    dead_letter_config: Option<DeadLetters>,
    #[serde(rename = "RuleName")]
    _name: Option<String>,
    #[serde(rename = "Target")]
    _target: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeadLetters {
    arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RetryPolicy {
    #[serde(default = "all_retries")]
    maximum_retry_attempts: u32,
    #[serde(default = "one_day")]
    maximum_event_age_in_seconds: u64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { maximum_retry_attempts: all_retries(), maximum_event_age_in_seconds: one_day() }
    }
}

fn all_retries() -> u32 {
    185
}

fn one_day() -> u64 {
    86_400
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rule_of_the_template_is_read_and_matches_its_buss_events_alone() {
        let rule = RuleSpec::parse(
            "Rule",
            &json!({
                "EventBusName": "arn:aws:events:us-east-1:000000000000:event-bus/Bus",
                "EventPattern": {"source": ["parlance"], "detail-type": [{"prefix": "message."}]},
                "Targets": [
                    {"Id": "queue", "Arn": "arn:aws:sqs:us-east-1:000000000000:Queue",
                     "RetryPolicy": {"MaximumRetryAttempts": 3}, "DeadLetterConfig": {"Arn": "arn:dead"}},
                    {"Id": "function", "Arn": "arn:aws:lambda:us-east-1:000000000000:function:F"}
                ]
            }),
        );
        let rule = rule.unwrap().unwrap();
        assert_eq!(rule.bus, "Bus");
        assert_eq!(rule.targets[0].maximum_retries, 3);
        assert_eq!(rule.targets[0].maximum_age, Duration::from_hours(24));
        assert_eq!(rule.targets[1].destination, Destination::Function(FunctionName::new("F")));
        let event = json!({"source": "parlance", "detail-type": "message.created"});
        assert!(rule.matches("Bus", &event) && !rule.matches("default", &event));
        assert!(!rule.matches("Bus", &json!({"source": "parlance", "detail-type": "participant.added"})));
    }

    #[test]
    fn an_event_of_a_function_is_a_rule_and_one_that_is_switched_off_is_none() {
        let function = FunctionName::new("F");
        let read = |properties: Value| RuleSpec::of_function(&function, "Events", &properties);
        let rule = read(json!({"Pattern": {"source": ["a"]}})).unwrap().unwrap();
        assert_eq!((rule.name.as_str(), rule.bus.as_str()), ("FEvents", "default"));
        assert_eq!(read(json!({"Pattern": {"source": ["a"]}, "State": "DISABLED"})).unwrap(), None);
    }

    #[test]
    fn what_is_not_understood_is_refused_by_name() {
        let with = |name: &str, value: Value| {
            let mut rule = json!({"EventPattern": {"source": ["a"]}, "Targets": []});
            rule[name] = value;
            RuleSpec::parse("Rule", &rule).unwrap_err().reason
        };
        let arn = "arn:aws:sqs:us-east-1:000000000000:Queue";
        for (name, value, named) in [
            ("ScheduleExpression", json!("rate(1 day)"), "ScheduleExpression"),
            ("Targets", json!([{"Id": "1", "Arn": arn, "InputPath": "$.detail"}]), "InputPath"),
            ("Targets", json!([{"Id": "1", "Arn": "arn:aws:sns:us-east-1:000000000000:topic"}]), "sns"),
            ("EventPattern", json!({"source": [{"wildcard": "a*"}]}), "wildcard"),
            ("State", json!("SLEEPING"), "SLEEPING"),
        ] {
            assert!(with(name, value).contains(named), "{named}");
        }
    }
}
