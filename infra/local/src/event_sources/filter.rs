//! Patterns: which events a function is called for, or a rule of EventBridge sends on.

use serde_json::{Map, Value};

/// Says whether an event passes: it matches one of the patterns, or there are none.
pub(crate) fn passes(patterns: &[Value], event: &Value) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| matches_pattern(pattern, Some(event)))
}

/// Says whether a pattern looks at a field of this name anywhere.
pub(super) fn mentions(pattern: &Value, field: &str) -> bool {
    match pattern {
        Value::Object(fields) => fields.iter().any(|(name, part)| name == field || mentions(part, field)),
        Value::Array(rules) => rules.iter().any(|rule| mentions(rule, field)),
        _ => false,
    }
}

/// The first condition of a pattern that is not known here.
pub(crate) fn unknown_condition(pattern: &Value) -> Option<String> {
    match pattern {
        Value::Object(fields) => fields.iter().find_map(|(name, part)| {
            if name == "$or" {
                part.as_array()
                    .map_or_else(|| Some(name.clone()), |parts| parts.iter().find_map(unknown_condition))
            } else {
                unknown_condition(part)
            }
        }),
        Value::Array(rules) => rules.iter().find_map(unknown_rule),
        other => Some(other.to_string()),
    }
}

fn unknown_rule(rule: &Value) -> Option<String> {
    const KNOWN: [&str; 6] = ["prefix", "suffix", "exists", "numeric", "anything-but", "equals-ignore-case"];
    match rule {
        Value::Object(rule) => rule.keys().find(|name| !KNOWN.contains(&name.as_str())).cloned(),
        Value::Array(_) => Some(rule.to_string()),
        _ => None,
    }
}

fn matches_pattern(pattern: &Value, event: Option<&Value>) -> bool {
    match pattern {
        Value::Object(fields) => fields.iter().all(|(name, part)| {
            if name == "$or" {
                return part
                    .as_array()
                    .is_some_and(|parts| parts.iter().any(|part| matches_pattern(part, event)));
            }
            matches_pattern(part, event.and_then(|event| event.get(name)))
        }),
        Value::Array(rules) => rules.iter().any(|rule| matches_field(rule, event)),
        _ => false,
    }
}

/// A field that holds several values matches when one of them does.
fn matches_field(rule: &Value, field: Option<&Value>) -> bool {
    match field {
        Some(Value::Array(values)) => values.iter().any(|value| matches_rule(rule, Some(value))),
        field => matches_rule(rule, field),
    }
}

fn matches_rule(rule: &Value, field: Option<&Value>) -> bool {
    match rule {
        Value::Object(rule) => {
            !rule.is_empty() && rule.iter().all(|(name, wanted)| holds(name, wanted, field))
        }
        exact => field == Some(exact),
    }
}

fn holds(name: &str, wanted: &Value, field: Option<&Value>) -> bool {
    let text = field.and_then(Value::as_str);
    match name {
        "prefix" => wanted.as_str().zip(text).is_some_and(|(wanted, text)| text.starts_with(wanted)),
        "suffix" => wanted.as_str().zip(text).is_some_and(|(wanted, text)| text.ends_with(wanted)),
        "equals-ignore-case" => {
            wanted.as_str().zip(text).is_some_and(|(wanted, text)| text.eq_ignore_ascii_case(wanted))
        }
        // Only leaves exist in this sense.
        "exists" => wanted.as_bool() == Some(field.is_some_and(|field| !field.is_object())),
        "anything-but" => field.is_some_and(|field| !excluded(wanted, field)),
        "numeric" => {
            number(field).zip(wanted.as_array()).is_some_and(|(number, rules)| numeric(rules, number))
        }
        _ => false,
    }
}

fn excluded(wanted: &Value, field: &Value) -> bool {
    match wanted {
        Value::Array(values) => values.contains(field),
        Value::Object(rule) => rule.iter().all(|(name, wanted)| holds(name, wanted, Some(field))),
        value => value == field,
    }
}

/// DynamoDB writes numbers as text.
fn number(field: Option<&Value>) -> Option<f64> {
    match field? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// Pairs of a comparison and its number, all of which hold.
#[expect(clippy::float_cmp, reason = "`=` in a pattern means the very number")]
fn numeric(rules: &[Value], number: f64) -> bool {
    let (pairs, rest) = rules.as_chunks::<2>();
    rest.is_empty()
        && !pairs.is_empty()
        && pairs.iter().all(|[comparison, limit]| match (comparison.as_str(), limit.as_f64()) {
            (Some("="), Some(limit)) => number == limit,
            (Some("<"), Some(limit)) => number < limit,
            (Some("<="), Some(limit)) => number <= limit,
            (Some(">"), Some(limit)) => number > limit,
            (Some(">="), Some(limit)) => number >= limit,
            _ => false,
        })
}

/// A queue's message as patterns see it: its body is JSON if it can be read so.
pub(super) fn queue_message(body: &str) -> Value {
    let body = serde_json::from_str(body).unwrap_or_else(|_| body.into());
    Value::Object(Map::from_iter([("body".to_owned(), body)]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn inserted_log_entries_pass_and_nothing_else() {
        let pattern =
            [json!({"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": {"S": [{"prefix": "M#"}]}}}})];
        let event =
            |name: &str, sk: &str| json!({"eventName": name, "dynamodb": {"Keys": {"sk": {"S": sk}}}});
        assert!(passes(&pattern, &event("INSERT", "M#000000000001")));
        assert!(!passes(&pattern, &event("MODIFY", "M#000000000001")));
        assert!(!passes(&pattern, &event("INSERT", "U#alice")));
        assert!(!passes(&pattern, &json!({"eventName": "INSERT"})));
        assert!(passes(&[], &json!({})));
    }

    #[test]
    fn numbers_are_compared_also_where_they_are_text() {
        let pattern = json!({"n": {"N": [{"numeric": [">", 3, "<=", 5]}]}});
        assert!(matches_pattern(&pattern, Some(&json!({"n": {"N": "4"}}))));
        assert!(!matches_pattern(&pattern, Some(&json!({"n": {"N": "6"}}))));
        assert!(!matches_pattern(&pattern, Some(&json!({"n": {"N": "four"}}))));
    }

    #[test]
    fn absence_and_exclusion_can_be_asked_for() {
        let absent = json!({"ttl": {"N": [{"exists": false}]}});
        assert!(matches_pattern(&absent, Some(&json!({}))));
        assert!(!matches_pattern(&absent, Some(&json!({"ttl": {"N": "1"}}))));
        let other = json!({"kind": [{"anything-but": ["a", "b"]}]});
        assert!(matches_pattern(&other, Some(&json!({"kind": "c"}))));
        assert!(!matches_pattern(&other, Some(&json!({"kind": "a"}))));
        assert!(!matches_pattern(&other, Some(&json!({}))));
    }

    #[test]
    fn a_condition_that_is_not_known_is_named() {
        assert_eq!(unknown_condition(&json!({"a": [{"cidr": "10.0.0.0/8"}]})), Some("cidr".into()));
        assert_eq!(unknown_condition(&json!({"a": {"b": [1, null, {"exists": true}]}})), None);
    }
}
