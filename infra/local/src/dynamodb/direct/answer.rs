//! An answer of DynamoDB, spliced from texts that are JSON already.

use super::request::Capacity;
use super::{Served, Table};

/// An answer in the making.
pub(super) struct Answer(String);

impl Answer {
    pub(super) fn new() -> Self {
        Self("{".to_owned())
    }

    pub(super) fn member(&mut self, name: &str, json: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.extend(["\"", name, "\":", json]);
    }

    pub(super) fn served(mut self, table: &Table, units: f64, capacity: Capacity) -> Served {
        if capacity == Capacity::Total {
            let consumed = serde_json::json!({ "TableName": table.name, "CapacityUnits": units });
            self.member("ConsumedCapacity", &consumed.to_string());
        }
        self.0.push('}');
        Served { body: self.0.into_bytes(), table: table.name.clone(), units }
    }
}
