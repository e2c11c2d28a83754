//! A refusal: the same thing as an RFC 9457 `application/problem+json` body and as the `error` of a nack.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct};

use crate::error_code::ErrorCode;

/// The media type of a refusal over HTTP.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// What is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FieldError {
    /// Where, as a JSON pointer into the body (or a frame's `data`); of a query parameter `/name`.
    pub pointer: String,
    /// What would have been valid.
    pub message: String,
}

/// Why a request is refused. It shows only what its maker put into it: never a cause from inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What clients branch on.
    pub code: ErrorCode,
    /// This occurrence, for a person to read.
    pub detail: String,
    /// What is wrong with which field.
    pub errors: Vec<FieldError>,
    /// How long to wait before trying again.
    pub retry_after_ms: Option<u64>,
}

impl Problem {
    /// A refusal with nothing to say about single fields.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), retry_after_ms: None }
    }

    /// A refusal because of these fields.
    pub fn validation(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [FieldError { pointer, message }] => format!("{}: {message}", pointer.trim_start_matches('/')),
            errors => format!("{} fields are not valid", errors.len()),
        };
        Self { code: ErrorCode::ValidationFailed, detail, errors, retry_after_ms: None }
    }

    /// A refusal because of one field.
    pub fn invalid(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self::validation(vec![FieldError { pointer: pointer.into(), message: message.into() }])
    }

    /// A refusal because the body is no JSON, or none that can be read.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(ErrorCode::Malformed, detail)
    }

    /// The answer to everything that is not there or not the caller's.
    pub fn not_found() -> Self {
        Self::new(ErrorCode::NotFound, "not there, or not yours")
    }

    /// A refusal for now: the same request may be made again after a pause.
    pub fn retry_after(code: ErrorCode, detail: impl Into<String>, retry_after_ms: u64) -> Self {
        Self { retry_after_ms: Some(retry_after_ms), ..Self::new(code, detail) }
    }

    /// Whether the same request may succeed later without being changed: by its code, or because it says after which pause.
    pub const fn is_retryable(&self) -> bool {
        self.code.is_retryable() || self.retry_after_ms.is_some()
    }

    /// The whole seconds of a `Retry-After` header, rounded up.
    pub fn retry_after_secs(&self) -> Option<u64> {
        self.retry_after_ms.map(|millis| millis.div_ceil(1000))
    }

    /// The body of an HTTP answer of type [`PROBLEM_JSON`].
    pub fn to_problem_json(&self) -> Vec<u8> {
        serde_json::to_vec(&OverHttp(self)).unwrap_or_default()
    }

    fn write_fields<S: SerializeStruct>(&self, fields: &mut S) -> Result<(), S::Error> {
        fields.serialize_field("code", &self.code)?;
        fields.serialize_field("status", &self.code.status())?;
        fields.serialize_field("title", self.code.title())?;
        fields.serialize_field("detail", &self.detail)?;
        fields.serialize_field("retryable", &self.is_retryable())?;
        if let Some(millis) = &self.retry_after_ms {
            fields.serialize_field("retry_after_ms", millis)?;
        }
        if !self.errors.is_empty() {
            fields.serialize_field("errors", &self.errors)?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.detail)
    }
}

impl std::error::Error for Problem {}

/// As the `error` of a nack.
impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Problem", 7)?;
        self.write_fields(&mut fields)?;
        fields.end()
    }
}

/// What [`Problem`] is written as; `type` is left out of a nack.
impl JsonSchema for Problem {
    fn schema_name() -> Cow<'static, str> {
        "Problem".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (code, error) = (generator.subschema_for::<ErrorCode>(), generator.subschema_for::<FieldError>());
        json_schema!({
            "description": "Why a request is refused: an RFC 9457 problem over HTTP, the `error` of a nack on a socket.",
            "type": "object",
            "properties": {
                "type": {"description": "The code as a URN; over HTTP only.", "type": "string", "pattern": "^urn:parlance:problem:"},
                "code": code,
                "status": {"description": "The HTTP status, on a socket too.", "type": "integer", "minimum": 400, "maximum": 599},
                "title": {"description": "What the code means.", "type": "string"},
                "detail": {"description": "This occurrence, for a person to read.", "type": "string"},
                "retryable": {"description": "Whether the same request may succeed later.", "type": "boolean"},
                "retry_after_ms": {"description": "How long to wait before trying again.", "type": "integer", "minimum": 0},
                "errors": {"description": "What is wrong with which field.", "type": "array", "minItems": 1, "items": error}
            },
            "required": ["code", "status", "title", "detail", "retryable"]
        })
    }
}

struct OverHttp<'a>(&'a Problem);

impl Serialize for OverHttp<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Problem", 8)?;
        fields.serialize_field("type", &format_args!("urn:parlance:problem:{}", self.0.code.as_str()))?;
        self.0.write_fields(&mut fields)?;
        fields.end()
    }
}

/// A refusal as a client reads it: of a newer server the code may be one that it does not know.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReceivedProblem {
    /// The code's name.
    pub code: String,
    /// The HTTP status.
    #[serde(default)]
    pub status: u16,
    /// For a person to read.
    #[serde(default)]
    pub detail: String,
    /// Whether the same request may succeed later.
    #[serde(default)]
    pub retryable: bool,
    /// How long to wait before trying again.
    #[serde(default)]
    pub retry_after_ms: Option<u64>,
    /// What is wrong with which field.
    #[serde(default)]
    pub errors: Vec<FieldError>,
}

impl ReceivedProblem {
    /// Whether it is this code.
    pub fn is(&self, code: ErrorCode) -> bool {
        self.code == code.as_str()
    }
}

impl fmt::Display for ReceivedProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_over_http() {
        let bodies: Vec<serde_json::Value> = ErrorCode::ALL
            .iter()
            .map(|code| serde_json::from_slice(&Problem::new(*code, "why").to_problem_json()).unwrap())
            .collect();
        insta::assert_json_snapshot!(bodies);
    }

    #[test]
    fn a_refusal_says_which_fields_and_how_long_to_wait() {
        insta::assert_json_snapshot!(Problem::invalid("/content", "a text"));
        let limited = Problem::retry_after(ErrorCode::RateLimited, "slow down", 1_200);
        assert_eq!(limited.retry_after_secs(), Some(2));
        insta::assert_json_snapshot!(limited);
    }

    #[test]
    fn a_client_reads_what_was_written_and_codes_that_it_does_not_know() {
        let written = Problem::retry_after(ErrorCode::Unavailable, "later", 50);
        let read: ReceivedProblem = serde_json::from_slice(&written.to_problem_json()).unwrap();
        assert!(read.is(ErrorCode::Unavailable) && read.retryable && read.retry_after_ms == Some(50));
        let newer: ReceivedProblem = serde_json::from_str(r#"{"code":"of_tomorrow"}"#).unwrap();
        assert!(!newer.retryable);
    }
}
