//! The specifications: every operation and frame, declared once, and the OpenAPI and AsyncAPI documents that follow from them.

pub mod asyncapi;
pub mod events;
pub mod frames;
pub mod http;
pub mod openapi;
pub mod operation;
pub mod schemas;
pub mod shape;

use serde_json::Value;

/// `message.created` as the name of a component: `MessageCreated`.
fn pascal(kind: &str) -> String {
    let mut name = String::with_capacity(kind.len());
    for word in kind.split(['.', '_']) {
        let mut letters = word.chars();
        name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}

/// A document as it is committed and served: the same text for the same types.
pub fn rendered(document: &Value) -> String {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}
