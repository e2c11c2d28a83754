//! The shape of what clients send, as JSON Schema: declared beside the reader that holds clients to it.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

/// A text without control characters.
const PRINTABLE: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";
/// The same, and not blank.
const PRINTABLE_NOT_BLANK: &str =
    r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$";

/// What one value may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape(Map<String, Value>);

impl Shape {
    fn of(keywords: Value) -> Self {
        match keywords {
            Value::Object(keywords) => Self(keywords),
            _ => Self(Map::new()),
        }
    }

    /// An object whose fields are yet to be named; others are passed over.
    pub fn object() -> Self {
        Self::of(json!({"type": "object", "properties": {}}))
    }

    /// Any JSON object, which is the client's own.
    pub fn any_object() -> Self {
        Self::of(json!({"type": "object"}))
    }

    /// A text of at most so many bytes of UTF-8; a text that has more characters has more bytes too.
    pub fn text(max_bytes: usize) -> Self {
        Self::of(json!({"type": "string", "maxLength": max_bytes}))
    }

    /// A text of any length.
    pub fn any_text() -> Self {
        Self::of(json!({"type": "string"}))
    }

    /// A text of 1 to so many bytes without control characters.
    pub fn printable(max_bytes: usize) -> Self {
        Self::of(json!({"type": "string", "minLength": 1, "maxLength": max_bytes, "pattern": PRINTABLE}))
    }

    /// A text of at most so many characters that is not blank and has no control characters.
    pub fn line(max_chars: usize) -> Self {
        Self::of(json!({"type": "string", "maxLength": max_chars, "pattern": PRINTABLE_NOT_BLANK}))
    }

    /// The bytes of a file.
    pub fn file() -> Self {
        Self::of(json!({"type": "string", "contentMediaType": "application/octet-stream"}))
    }

    /// An id, by its own grammar.
    pub fn id<T: JsonSchema>() -> Self {
        Self::of(T::json_schema(&mut SchemaGenerator::new(SchemaSettings::draft2020_12())).to_value())
    }

    /// One of a few names.
    pub fn name<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self::of(json!({"type": "string", "enum": names.into_iter().collect::<Vec<_>>()}))
    }

    /// A whole number from `least` on.
    pub fn number(least: u64) -> Self {
        Self::of(json!({"type": "integer", "minimum": least}))
    }

    /// A whole number from `least` to `most`.
    pub fn range(least: u64, most: u64) -> Self {
        Self::of(json!({"type": "integer", "minimum": least, "maximum": most}))
    }

    /// True or false.
    pub fn flag() -> Self {
        Self::of(json!({"type": "boolean"}))
    }

    /// A list of at most so many of these.
    pub fn list(of: Self, max: usize) -> Self {
        Self::of(json!({"type": "array", "maxItems": max, "items": Value::Object(of.0)}))
    }

    /// An object with such keys, whose values are these, at most so many.
    pub fn map(keys: Self, of: Self, max: usize) -> Self {
        Self::of(json!({
            "type": "object",
            "maxProperties": max,
            "propertyNames": Value::Object(keys.0),
            "additionalProperties": Value::Object(of.0),
        }))
    }

    /// What counts where the value is absent.
    #[must_use]
    pub fn or(mut self, default: impl Into<Value>) -> Self {
        self.0.insert("default".to_owned(), default.into());
        self
    }

    /// Holds a text to a regular expression.
    #[must_use]
    pub fn matching(mut self, pattern: &str) -> Self {
        self.0.insert("pattern".to_owned(), pattern.into());
        self
    }

    /// Holds a list to at least one item.
    #[must_use]
    pub fn not_empty(mut self) -> Self {
        self.0.insert("minItems".to_owned(), 1.into());
        self
    }

    /// A field that must be there.
    #[must_use]
    pub fn required(mut self, name: &str, meaning: &str, shape: Self) -> Self {
        let required = self.0.entry("required").or_insert_with(|| json!([]));
        if let Value::Array(required) = required {
            required.push(name.into());
        }
        self.field(name, meaning, shape)
    }

    /// A field that may be absent, and `null` is the same as that.
    #[must_use]
    pub fn optional(self, name: &str, meaning: &str, mut shape: Self) -> Self {
        if let Some(kind) = shape.0.get_mut("type") {
            *kind = json!([kind.take(), "null"]);
        }
        if let Some(Value::Array(names)) = shape.0.get_mut("enum") {
            names.push(Value::Null);
        }
        self.field(name, meaning, shape)
    }

    /// Holds an object to exactly one of these sets of fields; a field that is `null` is not there.
    #[must_use]
    pub fn either(mut self, sets: &[&[&str]]) -> Self {
        let there = |names: &&[&str]| {
            let not_null: Map<String, Value> =
                names.iter().map(|name| ((*name).to_owned(), json!({"not": {"type": "null"}}))).collect();
            json!({"required": names, "properties": not_null})
        };
        self.0.insert("oneOf".to_owned(), sets.iter().map(there).collect());
        self
    }

    fn field(mut self, name: &str, meaning: &str, mut shape: Self) -> Self {
        shape.0.insert("description".to_owned(), meaning.into());
        if let Some(Value::Object(fields)) = self.0.get_mut("properties") {
            fields.insert(name.to_owned(), shape.0.into());
        }
        self
    }

    /// As JSON Schema.
    pub fn to_schema(&self) -> Value {
        Value::Object(self.0.clone())
    }

    /// The fields of an object, whether each must be there, and its schema without `null`, as a query or a path has them.
    pub(super) fn parameters(&self) -> Vec<(String, bool, Value)> {
        let required = |name: &String| {
            let names = self.0.get("required").and_then(Value::as_array);
            names.is_some_and(|names| names.iter().any(|required| required == name.as_str()))
        };
        let fields = self.0.get("properties").and_then(Value::as_object);
        fields
            .into_iter()
            .flatten()
            .map(|(name, shape)| (name.clone(), required(name), without_null(shape)))
            .collect()
    }
}

fn without_null(shape: &Value) -> Value {
    let mut shape = shape.clone();
    if let Some(kind) = shape.get_mut("type")
        && let Some([only, _]) = kind.as_array().map(Vec::as_slice)
    {
        *kind = only.clone();
    }
    if let Some(Value::Array(names)) = shape.get_mut("enum") {
        names.retain(|name| !name.is_null());
    }
    shape
}
