//! The wire: DynamoDB's protocol over HTTP, and the seam at which faults strike.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio_util::sync::CancellationToken;

use super::answer;
use super::dispatch::{self, Kind, Outcome};
use super::engine::Engine;
use crate::faults::{FaultName, Faults};
use crate::loopback::http::{Answer, Handler, Lost};
use crate::usage::Usage;

/// Answers requests: those for items here, all others by the engine's own server behind this one.
pub(super) struct Server {
    engine: Arc<Engine>,
    faults: Faults,
    usage: Usage,
    behind: Client<HttpConnector, Full<Bytes>>,
    authority: String,
}

impl Server {
    /// Starts the engine's own server on a port that nobody is told.
    pub(super) async fn start(
        engine: Arc<Engine>,
        faults: Faults,
        usage: Usage,
        stop: CancellationToken,
    ) -> std::io::Result<Self> {
        let listener = crate::loopback::bind(0).await?;
        let authority = listener.local_addr()?.to_string();
        let database = engine.writer().clone();
        tokio::spawn(async move {
            let served =
                dynoxide::server::serve_with_shutdown(listener, database, stop.cancelled_owned()).await;
            if let Err(error) = served {
                tracing::error!(%error, "the server behind DynamoDB ended");
            }
        });
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let behind = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { engine, faults, usage, behind, authority })
    }

    /// The one way to a result; faults stand around it.
    async fn call(&self, operation: &str, request: &Request<Bytes>) -> Answer {
        let kind = dispatch::kind(operation);
        if kind != Kind::Other {
            match dispatch::run(&self.engine, &self.usage, operation, request.body()) {
                Outcome::Done(body) => return Ok(answer::done(body)),
                Outcome::Refused { status, body } => return Ok(answer::refused(status, body)),
                Outcome::Malformed => {}
            }
        }
        let answer = self.forward(request).await?;
        if changes_tables(operation)
            && let Err(error) = self.engine.tables_changed()
        {
            tracing::error!(%error, "the tables could not be read again");
        }
        if kind != Kind::Read {
            self.engine.written();
        }
        Ok(answer)
    }

    async fn forward(&self, request: &Request<Bytes>) -> Answer {
        let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let mut forwarded = Request::builder()
            .method(request.method())
            .uri(format!("http://{}{path}", self.authority))
            .body(Full::new(request.body().clone()))
            .map_err(|_| Lost)?;
        for (name, value) in request.headers() {
            if name != http::header::HOST && name != http::header::TRANSFER_ENCODING {
                forwarded.headers_mut().append(name, value.clone());
            }
        }
        let (parts, body) = self.behind.request(forwarded).await.map_err(|_| Lost)?.into_parts();
        let body = body.collect().await.map_err(|_| Lost)?.to_bytes();
        Ok(Response::from_parts(parts, Full::new(body)))
    }

    /// What stands in the way of a request before it is applied.
    async fn before(&self, operation: &str, body: &[u8]) -> Option<Response<Full<Bytes>>> {
        if let Some(hit) = self.faults.hit(FaultName::DynamodbSlow) {
            tokio::time::sleep(hit.delay).await;
        }
        if self.faults.hit(FaultName::DynamodbHang).is_some() {
            std::future::pending::<()>().await;
        }
        if self.faults.hit(FaultName::DynamodbUnprocessed).is_some()
            && let Some(answer) = answer::unprocessed(operation, body)
        {
            return Some(answer);
        }
        let transaction = matches!(operation, "TransactWriteItems" | "TransactGetItems");
        if transaction && self.faults.hit(FaultName::DynamodbConflict).is_some() {
            return Some(answer::canceled_by_conflict(parts(body)));
        }
        if transaction && self.faults.hit(FaultName::DynamodbThrottle).is_some() {
            return Some(answer::canceled_by_throttling(parts(body)));
        }
        let writes = matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem");
        [FaultName::DynamodbThrottle, FaultName::DynamodbConflict, FaultName::DynamodbInternal]
            .into_iter()
            .filter(|name| self.faults.hit(*name).is_some())
            .find_map(|name| answer::fault(name, writes))
    }
}

impl Handler for Server {
    const MAXIMUM_BODY: usize = 16 * 1024 * 1024;

    async fn answer(&self, request: Request<Bytes>) -> Answer {
        let Some(operation) = operation(request.method(), request.headers()) else {
            return self.forward(&request).await;
        };
        if let Some(answer) = self.before(operation, request.body()).await {
            return Ok(answer);
        }
        let writes = dispatch::kind(operation) == Kind::Write;
        if writes && self.faults.hit(FaultName::DynamodbDuplicate).is_some() {
            // An attempt that the caller never heard of comes first.
            self.call(operation, &request).await?;
        }
        let answer = self.call(operation, &request).await?;
        if self.faults.hit(FaultName::DynamodbLostReply).is_some() {
            return Err(Lost);
        }
        Ok(answer)
    }
}

/// The operation of a well-formed, signed request.
fn operation<'a>(method: &Method, headers: &'a HeaderMap) -> Option<&'a str> {
    let json = headers.get(http::header::CONTENT_TYPE)?.as_bytes() == b"application/x-amz-json-1.0";
    let signed = headers.contains_key(http::header::AUTHORIZATION);
    let (_, operation) = headers.get("x-amz-target")?.to_str().ok()?.split_once('.')?;
    (json && signed && method == Method::POST).then_some(operation)
}

fn changes_tables(operation: &str) -> bool {
    matches!(operation, "CreateTable" | "UpdateTable" | "DeleteTable" | "UpdateTimeToLive")
}

/// How many parts a transaction has.
fn parts(body: &[u8]) -> usize {
    serde_json::from_slice::<serde_json::Value>(body)
        .ok()
        .and_then(|request| request.get("TransactItems")?.as_array().map(Vec::len))
        .unwrap_or(1)
}
