//! The OpenAPI 3.1 document of everything over HTTP.
#![allow(
    clippy::indexing_slicing,
    reason = "fields are added to JSON objects that are made a few lines above"
)]

use std::collections::BTreeMap;

use parlance_domain::ids::{AttachmentId, ConversationId, MessageId, UserId, WebhookId};
use serde_json::{Map, Value, json};

use super::{
    http,
    operation::{Access, Answer, Operation},
    schemas::{self, Schemas},
    shape::Shape,
};
use crate::{
    error_code::ErrorCode,
    problem::{PROBLEM_JSON, Problem},
};

/// Whatever API Gateway itself answers: a path that does not exist, a body beyond its limits, a function that failed.
const GATEWAY: &str = "GatewayRefusal";

/// The document.
pub fn document() -> Value {
    let mut schemas = Schemas::default();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for operation in http::operations() {
        let described = described(&operation, &mut schemas);
        paths.entry(operation.path).or_default().insert(operation.method.to_lowercase(), described);
    }
    let mut components = schemas.finish();
    components.insert(
        GATEWAY.to_owned(),
        json!({
            "description": "A refusal by API Gateway itself, before any function was asked.",
            "type": "object",
            "properties": {"message": {"type": "string"}},
            "required": ["message"]
        }),
    );
    json!({
        "openapi": "3.1.0",
        "info": info(),
        "servers": [{"url": "http://127.0.0.1:8080", "description": "The local cloud."}],
        "tags": tags(),
        "paths": paths,
        "components": {
            "schemas": components,
            "headers": headers(),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                    "description": "A JWT of the configured issuer: HS256 with the shared secret, or a key of its key set."}
            }
        }
    })
}

fn info() -> Value {
    json!({
        "title": "Parlance over HTTP",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "Real-time messaging. What is said over sockets stands in `asyncapi.json` beside this document.\n\n\
            Paths are taken with and without the slash at the end. Bodies are JSON objects; fields that nobody knows are \
            passed over, here and by clients, and `null` is the same as absent. Whatever is not there or not the caller's \
            is 404 alike. Refusals are RFC 9457 problems; clients branch on their `code`.",
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    })
}

fn tags() -> Value {
    let mut names: Vec<&str> = http::operations().iter().map(tag).collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .map(|name| json!({"name": name, "description": format!("Operations on {name}.")}))
        .collect()
}

/// An operation's group: the first segment of its path below the prefix.
fn tag(operation: &Operation) -> &'static str {
    match operation.path.strip_prefix("/api/messaging/").and_then(|rest| rest.split('/').next()) {
        None | Some("limits" | "openapi.json" | "asyncapi.json") => "service",
        Some("ws") => "tickets",
        Some(resource) => resource,
    }
}

fn described(operation: &Operation, schemas: &mut Schemas) -> Value {
    let mut described = json!({
        "operationId": operation.name,
        "summary": operation.summary,
        "description": description(operation),
        "tags": [tag(operation)],
        "responses": responses(operation, schemas),
        "security": match operation.access {
            Access::Public => json!([]),
            Access::Caller | Access::Service => json!([{"bearer": []}]),
        },
        "x-rate-class": operation.rate.as_str(),
    });
    let parameters = parameters(operation);
    if !parameters.is_empty() {
        described["parameters"] = parameters.into();
    }
    if let Some(body) = &operation.body {
        described["requestBody"] =
            json!({"required": true, "content": {"application/json": {"schema": body.to_schema()}}});
        if let Some(form) = &operation.form {
            described["requestBody"]["content"]["multipart/form-data"] = json!({"schema": form.to_schema()});
        }
    }
    described
}

fn description(operation: &Operation) -> String {
    let whom = match operation.access {
        Access::Public => "For everybody.",
        Access::Caller => "For everybody with a good token.",
        Access::Service => "For tokens with the scope `messaging:service` alone.",
    };
    format!("{}. {whom}", operation.summary)
}

fn parameters(operation: &Operation) -> Vec<Value> {
    let mut parameters: Vec<Value> = operation
        .placeholders()
        .into_iter()
        .map(|(before, name)| {
            let (meaning, shape) = placeholder(before, name);
            json!({"name": name, "in": "path", "required": true, "description": meaning, "schema": shape.to_schema()})
        })
        .collect();
    for (name, is_required, schema) in operation.query.iter().flat_map(Shape::parameters) {
        let (meaning, schema) = apart(schema);
        parameters.push(json!({"name": name, "in": "query", "required": is_required, "description": meaning, "schema": schema}));
    }
    let mut header = |name: &str, meaning: &str, schema: Value| {
        parameters.push(json!({"name": name, "in": "header", "required": false, "description": meaning, "schema": schema}));
    };
    if operation.is_replayed {
        let key = json!({"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[ -~]*$"});
        header(
            "Idempotency-Key",
            "The same key with the same body gets the first answer again, for 24 h.",
            key,
        );
    }
    if operation.answers.contains_key(&304) {
        header("If-None-Match", "The versions that the client has.", json!({"type": "string"}));
    }
    if operation.is_conditional {
        header("If-Match", "The version that is to be changed.", json!({"type": "string"}));
    }
    parameters
}

/// A parameter's meaning stands beside its schema.
fn apart(mut schema: Value) -> (Value, Value) {
    let meaning = schema.as_object_mut().and_then(|schema| schema.remove("description")).unwrap_or_default();
    (meaning, schema)
}

/// What a placeholder stands for, by its name and the segment before it. An id that cannot exist is not there.
fn placeholder(before: &str, name: &str) -> (&'static str, Shape) {
    match (before, name) {
        ("conversations", "id") => ("The conversation.", Shape::id::<ConversationId>()),
        ("webhooks", "id") => ("The webhook.", Shape::id::<WebhookId>()),
        ("attachments", "id") => ("The attachment.", Shape::id::<AttachmentId>()),
        ("messages", "id") => ("The message.", Shape::id::<MessageId>()),
        ("users", "id") | (_, "user_id") => ("The user.", Shape::id::<UserId>()),
        ("ref", "type") => ("The other system's type of thing.", Shape::any_text()),
        (_, "id") => ("The thing's id.", Shape::any_text()),
        _ => ("What it is about.", Shape::any_text()),
    }
}

fn responses(operation: &Operation, schemas: &mut Schemas) -> Map<String, Value> {
    let mut responses = Map::new();
    for (status, answer) in &operation.answers {
        responses.insert(status.to_string(), success(operation, *status, answer, schemas));
    }
    let problem = schemas.refer(schemas::of::<Problem>);
    let mut codes_of: BTreeMap<u16, Vec<ErrorCode>> = BTreeMap::new();
    for code in operation.codes() {
        codes_of.entry(code.status()).or_default().push(code);
    }
    for (status, codes) in codes_of {
        responses.insert(status.to_string(), refusal(status, &codes, &problem));
    }
    responses.insert(
        "default".to_owned(),
        json!({
            "description": "A refusal by API Gateway itself.",
            "content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{GATEWAY}")}}}
        }),
    );
    responses
}

fn success(operation: &Operation, status: u16, answer: &Answer, schemas: &mut Schemas) -> Value {
    let meaning = match status {
        201 => "Created.",
        202 => "Accepted.",
        204 => "Done.",
        304 => "The client has this version already.",
        _ => "As asked.",
    };
    let mut response = json!({"description": meaning});
    if let Some(body) = answer.body {
        response["content"] = json!({"application/json": {"schema": schemas.refer(body)}});
    }
    let mut headers = Map::new();
    let mut header = |name: &str| {
        headers.insert(name.to_owned(), json!({"$ref": format!("#/components/headers/{name}")}));
    };
    if answer.has_etag {
        header("ETag");
    }
    if answer.has_location {
        header("Location");
    }
    if operation.is_replayed && status != 304 {
        header("Idempotency-Replayed");
    }
    if operation.access != Access::Public {
        header("RateLimit");
        header("RateLimit-Policy");
    }
    if !headers.is_empty() {
        response["headers"] = headers.into();
    }
    response
}

fn refusal(status: u16, codes: &[ErrorCode], problem: &Value) -> Value {
    let titles: Vec<String> =
        codes.iter().map(|code| format!("`{}`: {}.", code.as_str(), code.title())).collect();
    let names: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    let mut response = json!({
        "description": titles.join(" "),
        "content": {PROBLEM_JSON: {"schema": {
            "allOf": [problem, {"properties": {"code": {"enum": names}, "status": {"const": status}}, "required": ["type"]}]
        }}}
    });
    match status {
        401 => {
            response["headers"] =
                json!({"WWW-Authenticate": {"$ref": "#/components/headers/WWW-Authenticate"}});
        }
        429 => {
            response["headers"] = json!({"Retry-After": {"$ref": "#/components/headers/Retry-After"}});
        }
        _ => {}
    }
    response
}

fn headers() -> Value {
    let header = |meaning: &str, is_required: bool| json!({"description": meaning, "required": is_required, "schema": {"type": "string"}});
    json!({
        "ETag": header("The version of what is answered.", true),
        "Location": header("Where the new thing can be read.", false),
        "Idempotency-Replayed": header("`true` where an earlier request with the same key had this answer.", false),
        "RateLimit": header("How much is left of which allowance.", false),
        "RateLimit-Policy": header("The caller's allowances.", false),
        "Retry-After": header("How many seconds to wait.", true),
        "WWW-Authenticate": header("What credentials are wanted.", true)
    })
}
