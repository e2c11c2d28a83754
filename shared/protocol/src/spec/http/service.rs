//! What can be asked of the service itself.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{health::Health, limits::Limits, spec::operation::Operation};

/// A specification, whose own schema is its standard's.
struct Document;

impl JsonSchema for Document {
    fn schema_name() -> Cow<'static, str> {
        "Specification".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"description": "A specification.", "type": "object"})
    }
}

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/healthz", "health", "Says that the service is there")
            .public()
            .answers::<Health>(200),
        Operation::get("/api/messaging/limits/", "readLimits", "How large things may be")
            .public()
            .answers::<Limits>(200)
            .versioned(),
        Operation::get(
            "/api/messaging/openapi.json",
            "readOpenApi",
            "What can be asked over HTTP, as OpenAPI 3.1",
        )
        .public()
        .answers::<Document>(200)
        .versioned(),
        Operation::get(
            "/api/messaging/asyncapi.json",
            "readAsyncApi",
            "What is said over sockets, as AsyncAPI 3",
        )
        .public()
        .answers::<Document>(200)
        .versioned(),
    ]
}
