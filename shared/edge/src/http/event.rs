//! What API Gateway hands over for HTTP (payload format 2.0), as much of it as is read here, and what it takes as the answer.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// A request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpEvent {
    /// The route that was selected: a method and a path with placeholders.
    pub route_key: String,
    /// The query as it was sent.
    #[serde(default)]
    pub raw_query_string: String,
    /// Headers, their names in lower case.
    #[serde(default)]
    pub headers: HashMap<String, String>,
    /// What the placeholders stand for, decoded.
    #[serde(default)]
    pub path_parameters: Option<HashMap<String, String>>,
    /// The body.
    #[serde(default)]
    pub body: Option<String>,
    /// Whether the body is encoded in base64.
    #[serde(default)]
    pub is_base64_encoded: bool,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpAnswer {
    /// The status.
    pub status_code: u16,
    /// The headers.
    pub headers: HashMap<&'static str, String>,
    /// The body.
    pub body: String,
    /// Always false: every body is text.
    pub is_base64_encoded: bool,
}
