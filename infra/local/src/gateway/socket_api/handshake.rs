//! A WebSocket handshake: the authorizer, then `$connect`, and only then the answer 101.

use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::{Request, Response, StatusCode};
use serde_json::Value;

use super::SocketApi;
use super::authorizer::Decision;
use super::event::{Opening, own_frame};
use super::proxy_answer::ProxyAnswer;
use crate::gateway::connections::{Connection, connection_id};
use crate::gateway::socket::Socket;
use crate::gateway::upgrade::{self, Upgrade};
use crate::gateway::{clock, query};
use crate::lambda::InvocationOutcome;

/// A handshake as it reaches the API.
pub struct Handshake {
    /// The request.
    pub request: Request<Incoming>,
    /// Its query, rewritten.
    pub query: String,
    /// The client's address.
    pub source_ip: String,
    /// The port that the client spoke to.
    pub port: u16,
}

impl SocketApi {
    /// Answers a handshake; on 101 a task serves the connection until it ends.
    pub async fn connect(self: &Arc<Self>, mut handshake: Handshake) -> Response<Full<Bytes>> {
        if handshake.query.len() + handshake.request.uri().path().len() > self.limits.url_bytes {
            return refusal(StatusCode::URI_TOO_LONG, "URI Too Long");
        }
        let upgrade = match Upgrade::of(&mut handshake.request) {
            Ok(upgrade) => upgrade,
            Err(status) => return refusal(status, status.canonical_reason().unwrap_or_default()),
        };
        if !self.lets_in() {
            return refusal(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
        }
        match self.admit(&handshake).await {
            Ok((connection, protocol)) => {
                self.connections.insert(Arc::clone(&connection));
                self.usage.connection();
                let answer = upgrade.answer(protocol);
                tokio::spawn(Arc::clone(self).serve(connection, upgrade));
                answer
            }
            Err(refused) => refused,
        }
    }

    async fn admit(
        &self,
        handshake: &Handshake,
    ) -> Result<(Arc<Connection>, Option<HeaderValue>), Response<Full<Bytes>>> {
        let id = connection_id();
        let mut headers = query::grouped(query::headers(handshake.request.headers()));
        for (name, value) in [
            ("x-forwarded-for", handshake.source_ip.clone()),
            ("x-forwarded-port", handshake.port.to_string()),
            ("x-forwarded-proto", "http".to_owned()),
        ] {
            headers.insert(name.to_owned(), vec![value]);
        }
        let parameters = query::grouped(query::parameters(&handshake.query));
        let user_agent = handshake.request.headers().get(header::USER_AGENT);
        let user_agent =
            user_agent.map(|agent| String::from_utf8_lossy(agent.as_bytes())).unwrap_or_default();
        let opening = Opening {
            connection_id: &id,
            source_ip: &handshake.source_ip,
            user_agent: &user_agent,
            connected_at_ms: clock::epoch_ms(),
            headers: &headers,
            query: &parameters,
        };
        let mut context = self.lasting_context(&opening, None);
        if let Some(authorizer) = &self.authorizer {
            match self.authorize(authorizer, &opening, &context).await {
                Decision::Allowed(authorized) => context = self.lasting_context(&opening, Some(&authorized)),
                Decision::Unauthorized => return Err(refusal(StatusCode::UNAUTHORIZED, "Unauthorized")),
                Decision::Forbidden => return Err(refusal(StatusCode::FORBIDDEN, "Forbidden")),
                Decision::Failed => {
                    return Err(refusal(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error"));
                }
            }
        }
        let protocol = self.ask_connect(&opening, &context).await?;
        let socket = Socket::new(self.limits.backlog_bytes);
        let identity = (&*handshake.source_ip, &*user_agent);
        let connection = Connection::new(id.clone(), identity, opening.connected_at_ms, context, socket);
        Ok((connection, protocol))
    }

    /// Runs `$connect`, if there is such a route; answers with the subprotocol that it chose.
    async fn ask_connect(
        &self,
        opening: &Opening<'_>,
        context: &str,
    ) -> Result<Option<HeaderValue>, Response<Full<Bytes>>> {
        let Some(route) = self.routes.get("$connect") else { return Ok(None) };
        let event = self.opening_event(opening, context, false);
        let outcome = self.call(&route.function, &route.trigger, event, self.limits.integration).await;
        let failed = || {
            let body = own_frame("Internal server error", opening.connection_id, &connection_id());
            answer(StatusCode::BAD_GATEWAY, body)
        };
        let InvocationOutcome::Answered(payload) = outcome else { return Err(failed()) };
        let Some(proxied) = ProxyAnswer::read(&payload) else { return Err(failed()) };
        let Ok(status) = StatusCode::from_u16(proxied.status_code) else { return Err(failed()) };
        if !status.is_success() {
            return Err(refusal(status, status.canonical_reason().unwrap_or_default()));
        }
        let protocol =
            proxied.header(upgrade::PROTOCOL).and_then(|protocol| HeaderValue::from_str(protocol).ok());
        Ok(protocol)
    }
}

fn refusal(status: StatusCode, message: &str) -> Response<Full<Bytes>> {
    answer(status, format!("{{\"message\":{}}}", Value::from(message)))
}

fn answer(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::from(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
