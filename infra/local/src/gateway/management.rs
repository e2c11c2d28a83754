//! `@connections`: what functions and relays post to clients through.
//!
//! Every delivery passes here, so this is a bare HTTP/1.1 server without router or JSON: look up, write, answer.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::clock;
use super::connections::Connections;
use super::limits::Limits;
use super::socket::Sent;
use crate::loopback;

/// The close code of a connection that a function deletes.
const NORMAL: u16 = 1_000;

type Answer = Response<Full<Bytes>>;

/// The operations on the connections of one stage.
pub struct Management {
    stage: String,
    connections: Arc<Connections>,
    limits: Arc<Limits>,
}

impl Management {
    /// For the connections of the stage of that name.
    pub fn new(stage: &str, connections: Arc<Connections>, limits: Arc<Limits>) -> Arc<Self> {
        Arc::new(Self { stage: stage.to_owned(), connections, limits })
    }

    /// Serves connections until told to stop.
    pub async fn serve(self: Arc<Self>, listener: TcpListener, stop: CancellationToken) {
        loop {
            let stream = tokio::select! {
                () = stop.cancelled() => return,
                stream = loopback::accept(&listener) => stream,
            };
            let (this, stop) = (Arc::clone(&self), stop.clone());
            tokio::spawn(async move {
                let service = service_fn(|request| {
                    let this = Arc::clone(&this);
                    async move { Ok::<_, Infallible>(this.answer(request).await) }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::select! {
                    () = stop.cancelled() => {}
                    // A caller that goes away is none of our business.
                    _ = connection => {}
                }
            });
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let Some(id) = self.connection_id(request.uri().path()) else {
            return refusal(StatusCode::FORBIDDEN, "ForbiddenException", "Forbidden");
        };
        let Some(connection) = self.connections.find(&id) else { return gone() };
        match *request.method() {
            Method::POST => {
                let body = match read(request.into_body(), self.limits.message_bytes).await {
                    Ok(body) => body,
                    Err(refused) => return refused,
                };
                if std::str::from_utf8(&body).is_err() {
                    return refusal(StatusCode::BAD_REQUEST, "BadRequestException", "The data is not UTF-8");
                }
                match connection.send(&body) {
                    Sent::Accepted => Response::new(Full::default()),
                    Sent::Full => refusal(
                        StatusCode::TOO_MANY_REQUESTS,
                        "LimitExceededException",
                        "The client is reading too slowly",
                    ),
                    Sent::Closed => gone(),
                }
            }
            Method::GET => {
                let body = json!({
                    "connectedAt": clock::rfc3339(connection.connected_at_ms),
                    "identity": { "sourceIp": connection.source_ip, "userAgent": connection.user_agent },
                    "lastActiveAt": clock::rfc3339(connection.last_active_epoch_ms()),
                });
                let mut answer = Response::new(Full::from(body.to_string()));
                answer
                    .headers_mut()
                    .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
                answer
            }
            Method::DELETE => {
                self.connections.remove(&id);
                connection.close(NORMAL);
                let mut answer = Response::new(Full::default());
                *answer.status_mut() = StatusCode::NO_CONTENT;
                answer
            }
            _ => refusal(StatusCode::FORBIDDEN, "ForbiddenException", "Forbidden"),
        }
    }

    /// The id in `/{stage}/@connections/{id}`, decoded.
    fn connection_id(&self, path: &str) -> Option<String> {
        let rest = path.strip_prefix('/')?.strip_prefix(&self.stage)?.strip_prefix('/')?;
        let id = rest.strip_prefix("@connections/").or_else(|| rest.strip_prefix("%40connections/"))?;
        Some(percent_decode_str(id).decode_utf8().ok()?.into_owned()).filter(|id| !id.is_empty())
    }
}

async fn read(body: Incoming, most_bytes: usize) -> Result<Bytes, Answer> {
    match Limited::new(body, most_bytes).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(_) => {
            let message = "Message length exceeds the limit";
            Err(refusal(StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLargeException", message))
        }
    }
}

fn gone() -> Answer {
    refusal(StatusCode::GONE, "GoneException", "Gone")
}

fn refusal(status: StatusCode, kind: &'static str, message: &str) -> Answer {
    let mut answer = Response::new(Full::from(json!({ "message": message }).to_string()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert("x-amzn-errortype", HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
