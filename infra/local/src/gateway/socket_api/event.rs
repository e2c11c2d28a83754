//! The events that functions of the WebSocket API are given.

use std::fmt::Write as _;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::SocketApi;
use crate::gateway::clock;
use crate::gateway::connections::{Connection, connection_id};
use crate::gateway::socket::Ending;

/// The request that opens a connection.
pub(super) struct Opening<'a> {
    pub connection_id: &'a str,
    pub source_ip: &'a str,
    pub user_agent: &'a str,
    pub connected_at_ms: u64,
    pub headers: &'a std::collections::BTreeMap<String, Vec<String>>,
    pub query: &'a std::collections::BTreeMap<String, Vec<String>>,
}

impl SocketApi {
    /// What `requestContext` holds in every event of a connection, as members without braces.
    pub(super) fn lasting_context(
        &self,
        opening: &Opening<'_>,
        authorizer: Option<&Map<String, Value>>,
    ) -> String {
        let mut context = json!({
            "messageDirection": "IN",
            "stage": self.stage,
            "connectedAt": opening.connected_at_ms,
            "identity": { "sourceIp": opening.source_ip, "userAgent": opening.user_agent },
            "domainName": self.domain,
            "connectionId": opening.connection_id,
            "apiId": self.id,
        });
        if let (Some(authorizer), Some(context)) = (authorizer, context.as_object_mut()) {
            context.insert("authorizer".to_owned(), Value::Object(authorizer.clone()));
        }
        let text = context.to_string();
        text.get(1..text.len() - 1).unwrap_or_default().to_owned()
    }

    /// The event of the authorizer, or of `$connect` once the authorizer has allowed it.
    pub(super) fn opening_event(
        &self,
        opening: &Opening<'_>,
        context: &str,
        is_authorization: bool,
    ) -> Bytes {
        use crate::gateway::query::{all, last};
        let mut event = String::with_capacity(2_048);
        open_context(&mut event, "$connect", "CONNECT", context);
        event.push_str("},\"headers\":");
        let headers = (last(opening.headers), all(opening.headers));
        let _ = write!(event, "{},\"multiValueHeaders\":{}", headers.0, headers.1);
        if !opening.query.is_empty() || is_authorization {
            let query = (last(opening.query), all(opening.query));
            let _ = write!(
                event,
                ",\"queryStringParameters\":{},\"multiValueQueryStringParameters\":{}",
                query.0, query.1
            );
        }
        if is_authorization {
            let arn = self.method_arn("$connect");
            let _ = write!(
                event,
                ",\"type\":\"REQUEST\",\"methodArn\":{},\"stageVariables\":{{}}}}",
                Value::from(arn)
            );
        } else {
            event.push_str(",\"isBase64Encoded\":false}");
        }
        Bytes::from(event)
    }

    pub(super) fn method_arn(&self, route: &str) -> String {
        let account = crate::loopback::ACCOUNT;
        format!("arn:aws:execute-api:{}:{account}:{}/{}/{route}", self.region, self.id, self.stage)
    }
}

/// Writes the beginning of an event up to the end of what the connection's context holds; returns the request's id.
fn open_context(event: &mut String, route: &str, kind: &str, context: &str) -> Box<str> {
    let now = clock::epoch_ms();
    let request_id = connection_id();
    let (route, time) = (Value::from(route), clock::request_time(now));
    // Writing to a string cannot fail.
    let _ = write!(
        event,
        "{{\"requestContext\":{{\"routeKey\":{route},\"eventType\":\"{kind}\",\"requestId\":\"{request_id}\",\
         \"extendedRequestId\":\"{request_id}\",\"requestTime\":\"{time}\",\"requestTimeEpoch\":{now},{context}"
    );
    request_id
}

/// The event of a frame, and its request id.
pub(super) fn message(connection: &Connection, route: &str, body: &str) -> (Bytes, Box<str>) {
    let mut event = String::with_capacity(512 + connection.context.len() + body.len() * 2);
    let request_id = open_context(&mut event, route, "MESSAGE", &connection.context);
    let message_id = connection_id();
    let _ = write!(event, ",\"messageId\":\"{message_id}\"}},\"body\":");
    let mut event = event.into_bytes();
    // A string and a vector: neither can fail.
    let _ = serde_json::to_writer(&mut event, body);
    event.extend_from_slice(b",\"isBase64Encoded\":false}");
    (Bytes::from(event), request_id)
}

/// The event of a connection's end.
pub(super) fn disconnect(connection: &Connection, ending: &Ending) -> Bytes {
    let mut event = String::with_capacity(512 + connection.context.len());
    open_context(&mut event, "$disconnect", "DISCONNECT", &connection.context);
    let reason = Value::from(ending.reason.as_str());
    let _ = write!(
        event,
        ",\"disconnectStatusCode\":{},\"disconnectReason\":{reason}}},\"headers\":{{}},\"isBase64Encoded\":false}}",
        ending.code
    );
    Bytes::from(event)
}

/// API Gateway's own frame to a client.
pub(super) fn own_frame(message: &str, connection_id: &str, request_id: &str) -> String {
    json!({ "message": message, "connectionId": connection_id, "requestId": request_id }).to_string()
}
