//! The specifications: what is committed is what the types say, and what the types say is what is routed.

use std::collections::BTreeSet;

use parlance_protocol::spec::{
    asyncapi, events::SERVER_EVENTS, frames::client_frames, http::operations, openapi, operation::Operation,
    rendered,
};
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
    let keys: Vec<String> = operations().iter().map(Operation::key).collect();
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

/// The rows of docs/contract.md: what is proven, by which test, in which file.
fn proofs() -> Vec<(String, String, String)> {
    let page = std::fs::read_to_string(root().join("docs/contract.md")).unwrap();
    let rows = page.lines().filter_map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [what, _, test, file] = cells.as_slice() else { return None };
        let test = test.strip_prefix('`')?.strip_suffix('`')?;
        let (_, file) = file.split_once("](../")?;
        Some(((*what).to_owned(), test.to_owned(), file.trim_end_matches(')').to_owned()))
    });
    rows.collect()
}

#[test]
fn every_proof_of_the_contract_is_a_test() {
    let proofs = proofs();
    assert!(proofs.len() > 30, "the page cannot be read any more");
    for (what, test, file) in proofs {
        let source = std::fs::read_to_string(root().join(&file)).unwrap_or_default();
        let is_test = source.lines().collect::<Vec<_>>().windows(3).any(|lines| {
            let is_named = |line: &str| line.contains(&format!("fn {test}("));
            lines[0].contains("test]") && (is_named(lines[1]) || is_named(lines[2]))
        });
        assert!(is_test, "{what}: {file} has no test {test}");
    }
}

#[test]
fn everything_that_the_specifications_name_has_its_proof() {
    let proven: BTreeSet<String> = proofs().into_iter().map(|(what, ..)| what).collect();
    let http = operations().into_iter().map(|operation| format!("{} {}", operation.method, operation.path));
    let frames = client_frames().into_iter().map(|frame| frame.kind.to_owned());
    let events = SERVER_EVENTS.into_iter().map(|event| event.kind.to_owned());
    for named in http.chain(frames).chain(events) {
        assert!(proven.contains(&format!("`{named}`")), "docs/contract.md has no row for {named}");
    }
}
