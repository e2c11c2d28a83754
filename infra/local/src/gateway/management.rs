//! `@connections`: what functions and relays post to clients through.
//!
//! Every delivery passes here, so this is a bare HTTP/1.1 server without router or JSON: look up, write, answer.

use std::io;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Collected, Full, Limited};
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
use super::connections::{Connection, Connections};
use super::limits::Limits;
use super::socket::Sent;
use crate::faults::{FaultName, Faults};
use crate::loopback;
use crate::usage::Usage;

/// The close code of a connection that a function deletes.
const NORMAL: u16 = 1_000;

type Answer = Response<Full<Bytes>>;

/// The operations on the connections of one stage.
pub struct Management {
    stage: String,
    connections: Arc<Connections>,
    limits: Arc<Limits>,
    faults: Faults,
    usage: Usage,
}

impl Management {
    /// For the connections of the stage of that name.
    pub fn new(
        stage: &str,
        connections: Arc<Connections>,
        limits: Arc<Limits>,
        faults: Faults,
        usage: Usage,
    ) -> Arc<Self> {
        Arc::new(Self { stage: stage.to_owned(), connections, limits, faults, usage })
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
                    async move { this.answer(request).await }
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

    /// An error ends the caller's connection without an answer.
    async fn answer(&self, request: Request<Incoming>) -> io::Result<Answer> {
        let Some(id) = self.connection_id(request.uri().path()) else {
            return Ok(refusal(StatusCode::FORBIDDEN, "ForbiddenException", "Forbidden"));
        };
        let Some(connection) = self.connections.find(&id) else { return Ok(gone()) };
        Ok(match *request.method() {
            Method::POST => {
                let body = match read(request.into_body(), self.limits.message_bytes).await {
                    Ok(body) => body,
                    Err(refused) => return Ok(refused),
                };
                if std::str::from_utf8(&body).is_err() {
                    return Ok(refusal(
                        StatusCode::BAD_REQUEST,
                        "BadRequestException",
                        "The data is not UTF-8",
                    ));
                }
                if let Some(faulty) = self.fail(&connection, &body).await? {
                    return Ok(faulty);
                }
                match connection.send(&body) {
                    Sent::Accepted => {
                        self.usage.frame_out(body.len());
                        Response::new(Full::default())
                    }
                    Sent::Full => too_slow(),
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
        })
    }

    /// What a fault that was asked for makes of a post; none lets it go on.
    async fn fail(&self, connection: &Connection, body: &[u8]) -> io::Result<Option<Answer>> {
        let hit = |name| self.faults.hit(name);
        if let Some(slow) = hit(FaultName::ConnectionsSlow) {
            tokio::time::sleep(slow.delay).await;
        }
        if hit(FaultName::ConnectionsReset).is_some() {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        if hit(FaultName::ConnectionsDuplicate).is_some() {
            connection.send(body);
        }
        Ok(if hit(FaultName::ConnectionsGone).is_some() {
            // API Gateway never calls an open connection gone, so it does not stay open.
            connection.cut();
            Some(gone())
        } else if hit(FaultName::ConnectionsLimit).is_some() {
            Some(too_slow())
        } else if hit(FaultName::ConnectionsDrop).is_some() {
            Some(Response::new(Full::default()))
        } else {
            None
        })
    }

    /// The id in `/{stage}/@connections/{id}`, decoded.
    fn connection_id(&self, path: &str) -> Option<String> {
        let rest = path.strip_prefix('/')?.strip_prefix(&self.stage)?.strip_prefix('/')?;
        let id = rest.strip_prefix("@connections/").or_else(|| rest.strip_prefix("%40connections/"))?;
        Some(percent_decode_str(id).decode_utf8().ok()?.into_owned()).filter(|id| !id.is_empty())
    }
}

async fn read(body: Incoming, most_bytes: usize) -> Result<Bytes, Answer> {
    let refused = |_| {
        let message = "Message length exceeds the limit";
        refusal(StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLargeException", message)
    };
    Limited::new(body, most_bytes).collect().await.map(Collected::to_bytes).map_err(refused)
}

fn too_slow() -> Answer {
    let message = "The client is reading too slowly";
    refusal(StatusCode::TOO_MANY_REQUESTS, "LimitExceededException", message)
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
