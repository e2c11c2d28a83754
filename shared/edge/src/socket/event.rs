//! What API Gateway hands over for a WebSocket: as much of its event as is read here.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// An event of a route, `$connect` and `$disconnect` included, or a question to the authorizer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SocketEvent {
    /// The authorizer's question carries the resource that it is to allow.
    #[serde(default)]
    pub method_arn: Option<String>,
    /// Present at the handshake only.
    #[serde(default)]
    pub headers: Option<HashMap<String, String>>,
    /// Present at the handshake only.
    #[serde(default)]
    pub query_string_parameters: Option<HashMap<String, String>>,
    /// Where the event comes from.
    pub request_context: SocketContext,
    /// The frame.
    #[serde(default)]
    pub body: Option<String>,
    /// Whether the frame is encoded; text frames are not.
    #[serde(default)]
    pub is_base64_encoded: bool,
}

/// Where an event of a WebSocket comes from.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SocketContext {
    /// API Gateway's id of the socket.
    pub connection_id: String,
    /// The route that was selected.
    #[serde(default)]
    pub route_key: Option<String>,
    /// What the authorizer said at the handshake. API Gateway adds fields of its own, not all of them texts.
    #[serde(default)]
    pub authorizer: Option<HashMap<String, serde_json::Value>>,
    /// Why the socket was closed, as a close code; `$disconnect` only.
    #[serde(default)]
    pub disconnect_status_code: Option<i64>,
}

impl SocketEvent {
    /// A header of the handshake, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let headers = self.headers.as_ref()?;
        headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// A query parameter of the handshake.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query_string_parameters.as_ref()?.get(name).map(String::as_str)
    }
}

/// What API Gateway takes as the answer of a route. With a route response, the body becomes a frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SocketAnswer {
    /// The status; what a handshake is refused with.
    pub status_code: u16,
    /// The headers of a handshake's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<HashMap<&'static str, &'static str>>,
    /// The frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

impl SocketAnswer {
    /// A status and nothing else.
    pub const fn status(status_code: u16) -> Self {
        Self { status_code, headers: None, body: None }
    }

    /// A frame.
    pub const fn frame(body: String) -> Self {
        Self { status_code: 200, headers: None, body: Some(body) }
    }
}
