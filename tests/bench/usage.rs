//! What the local cloud counted: DynamoDB's units, Redis's commands, invocations, frames.

use serde_json::Value;

use crate::{Failure, cloud::Cloud, report::Figures};

/// The counters at one moment.
#[derive(Debug, Default)]
pub struct Usage(Value);

impl Usage {
    /// Reads them.
    pub async fn read(cloud: &Cloud) -> Result<Self, Failure> {
        let address = format!("{}/_local/usage", cloud.origin);
        Ok(Self(reqwest::get(address).await?.error_for_status()?.json().await?))
    }

    /// Adds what was used since `before`, divided by `count`, under names that end in `per`.
    pub fn report(&self, before: &Self, figures: &mut Figures, per: &str, count: f64) {
        let mut put = |name: String, now: f64, then: f64| {
            if now > then {
                figures.insert(format!("{name}_{per}"), (now - then) / count);
            }
        };
        for units in ["read_units", "write_units"] {
            put(format!("dynamodb_{units}"), self.of_tables(None, units), before.of_tables(None, units));
        }
        for operation in self.operations() {
            let counted = |usage: &Self| usage.of_tables(Some(&operation), "requests");
            put(format!("dynamodb_requests.{operation}"), counted(self), counted(before));
        }
        for (name, pointer) in [
            ("redis_round_trips", "/redis/round_trips"),
            ("http_requests", "/http/requests"),
            ("frames_in", "/sockets/frames_in"),
            ("frames_out", "/sockets/frames_out"),
            ("frame_units_out", "/sockets/units_out"),
        ] {
            put(name.to_owned(), self.number(pointer), before.number(pointer));
        }
        let commands = self.0.pointer("/redis/commands").and_then(Value::as_object);
        for command in commands.into_iter().flat_map(|commands| commands.keys()) {
            let pointer = format!("/redis/commands/{command}");
            put(format!("redis_commands.{command}"), self.number(&pointer), before.number(&pointer));
        }
        let functions = self.0.pointer("/functions").and_then(Value::as_object);
        for function in functions.into_iter().flat_map(|functions| functions.keys()) {
            let pointer = format!("/functions/{function}/invocations");
            put(format!("invocations.{function}"), self.number(&pointer), before.number(&pointer));
        }
    }

    fn number(&self, pointer: &str) -> f64 {
        self.0.pointer(pointer).and_then(Value::as_f64).unwrap_or_default()
    }

    fn consumed(&self) -> impl Iterator<Item = (&String, &Value)> {
        let tables = self.0.pointer("/dynamodb").and_then(Value::as_object);
        tables.into_iter().flat_map(|tables| tables.values()).filter_map(Value::as_object).flatten()
    }

    fn operations(&self) -> std::collections::BTreeSet<String> {
        self.consumed().map(|(operation, _)| operation.clone()).collect()
    }

    fn of_tables(&self, operation: Option<&str>, what: &str) -> f64 {
        self.consumed()
            .filter(|(name, _)| operation.is_none_or(|operation| operation == *name))
            .filter_map(|(_, consumed)| consumed.get(what)?.as_f64())
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_used_between_two_readings_is_told_per_message() {
        let usage = |puts: u32, gets: u32| {
            Usage(json!({
                "dynamodb": {"chat": {"PutItem": {"requests": puts, "read_units": 0.0, "write_units": puts}}},
                "redis": {"round_trips": gets, "commands": {"get": gets}},
                "functions": {"Send": {"invocations": puts}},
                "sockets": {"frames_in": puts, "frames_out": 4 * puts},
            }))
        };
        let mut figures = Figures::new();
        usage(30, 50).report(&usage(10, 10), &mut figures, "per_send", 20.0);
        assert_eq!(figures.get("dynamodb_write_units_per_send"), Some(&1.0));
        assert_eq!(figures.get("dynamodb_requests.PutItem_per_send"), Some(&1.0));
        assert_eq!(figures.get("redis_commands.get_per_send"), Some(&2.0));
        assert_eq!(figures.get("frames_out_per_send"), Some(&4.0));
        assert_eq!(figures.get("invocations.Send_per_send"), Some(&1.0));
        assert_eq!(figures.get("dynamodb_read_units_per_send"), None);
    }
}
