//! The specifications as judges: every answer and every frame of the tests is held to them, closed against fields that they do not name.

mod broken;
mod http;
mod sockets;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

pub use self::broken::{broken, queries};
pub use self::http::Http;
pub use self::sockets::Sockets;

/// Schemas of one document, each compiled when it is first asked for.
struct Schemas {
    components: Value,
    compiled: Mutex<HashMap<String, Arc<Validator>>>,
}

impl Schemas {
    /// The schemas that a document has among its components.
    fn of(document: &Value) -> Self {
        let components = closed(&document["components"]["schemas"]);
        Self { components: json!({"schemas": components}), compiled: Mutex::default() }
    }

    /// Holds a value to a schema, which `key` names; says everything that is wrong.
    fn hold(&self, key: &str, schema: &Value, value: &Value) -> Result<(), String> {
        let validator = self.compiled(key, schema);
        let wrong: Vec<String> = validator
            .iter_errors(value)
            .take(5)
            .map(|error| format!("at {:?}: {error}", error.instance_path().as_str()))
            .collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
    }

    fn compiled(&self, key: &str, schema: &Value) -> Arc<Validator> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let compile = || {
            let mut root = closed(schema);
            root["components"] = self.components.clone();
            Arc::new(validator(&root))
        };
        Arc::clone(compiled.entry(key.to_owned()).or_insert_with(compile))
    }
}

/// Compiles one schema.
pub fn validator(schema: &Value) -> Validator {
    jsonschema::options().with_draft(Draft::Draft202012).offline().build(schema).unwrap()
}

/// The same schema, of whose objects nothing is accepted that it does not name. Clients pass over such fields; a test does not.
fn closed(schema: &Value) -> Value {
    match schema {
        Value::Object(keywords) => {
            let mut closed: Map<String, Value> =
                keywords.iter().map(|(name, value)| (name.clone(), closed_within(name, value))).collect();
            let names_fields = keywords.get("properties").is_some_and(|fields| fields != &json!({}));
            if keywords.get("type") == Some(&json!("object")) && names_fields {
                closed.entry("additionalProperties").or_insert(Value::Bool(false));
            }
            Value::Object(closed)
        }
        Value::Array(schemas) => schemas.iter().map(closed).collect(),
        other => other.clone(),
    }
}

/// What stands below a keyword: values of `const` and `enum` are no schemas.
fn closed_within(keyword: &str, value: &Value) -> Value {
    if matches!(keyword, "const" | "enum" | "default") { value.clone() } else { closed(value) }
}
