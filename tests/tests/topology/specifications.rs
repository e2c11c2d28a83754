//! The specifications: what is committed is what the types say, and what the types say is what is routed.

use std::collections::BTreeSet;

use parlance_protocol::spec::{asyncapi, frames::client_frames, http::operations, openapi, rendered};
use serde_json::Value;

use crate::sources::{root, socket_handlers};
use crate::template::Template;

/// Holds a committed document to the generated one, or writes it where that is asked for.
fn is_committed(name: &str, document: &Value) {
    let path = root().join("docs").join(name);
    let generated = rendered(document);
    if std::env::var_os("WRITE_SPECIFICATIONS").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "docs/{name} is not what the types say; write it anew with\n    \
         WRITE_SPECIFICATIONS=1 cargo test --release --workspace --test topology -- specifications"
    );
}

#[test]
fn the_committed_openapi_is_what_the_types_say() {
    is_committed("openapi.json", &openapi::document());
}

#[test]
fn the_committed_asyncapi_is_what_the_types_say() {
    is_committed("asyncapi.json", &asyncapi::document());
}

#[test]
fn every_http_route_has_one_operation_and_every_operation_its_route() {
    let keys: Vec<String> = operations().iter().map(|operation| operation.key()).collect();
    let described: BTreeSet<String> = keys.iter().cloned().collect();
    assert_eq!(described.len(), keys.len(), "an operation is declared twice");
    let routes: BTreeSet<String> =
        Template::read().http_routes().into_keys().map(|(method, path)| format!("{method} {path}")).collect();
    assert_eq!(described, routes, "shared/protocol/src/spec/http on the left, template.yaml on the right");
}

#[test]
fn every_frame_has_its_handler_and_every_handler_its_frame() {
    let described: BTreeSet<String> = client_frames().iter().map(|frame| frame.kind.to_owned()).collect();
    let handled: BTreeSet<String> =
        socket_handlers().into_values().filter(|route| !route.starts_with('$')).collect();
    assert_eq!(
        described, handled,
        "shared/protocol/src/spec/frames.rs on the left, functions/src/ws on the right"
    );
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let operations = operations();
    let names: BTreeSet<&str> = operations.iter().map(|operation| operation.name).collect();
    assert_eq!(names.len(), operations.len());
}

#[test]
fn every_reference_leads_somewhere() {
    for document in [openapi::document(), asyncapi::document()] {
        let mut values = vec![&document];
        while let Some(value) = values.pop() {
            match value {
                Value::Object(fields) => {
                    if let Some(Value::String(reference)) = fields.get("$ref") {
                        let pointer = reference.strip_prefix('#').unwrap();
                        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
                    }
                    values.extend(fields.values());
                }
                Value::Array(items) => values.extend(items),
                _ => {}
            }
        }
    }
}
