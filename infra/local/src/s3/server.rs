//! S3 on the wire: `s3s` behind the bucket's CORS rules, with AWS's words where a form breaks its policy.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::header::{self, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use s3s::Body;
use s3s::service::S3Service;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::cors;
use super::drain::Drainable;
use super::store::Store;
use crate::faults::{FaultName, Faults};
use crate::loopback;
use crate::usage::Usage;

/// Answers requests.
pub(super) struct Server {
    service: S3Service,
    store: Arc<Store>,
    faults: Faults,
    usage: Usage,
}

/// Serves connections until the token is cancelled.
pub(super) async fn serve(listener: TcpListener, server: Arc<Server>, stop: CancellationToken) {
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => return,
            stream = loopback::accept(&listener) => stream,
        };
        tokio::spawn(connection(stream, Arc::clone(&server), stop.clone()));
    }
}

async fn connection(stream: TcpStream, server: Arc<Server>, stop: CancellationToken) {
    let service = service_fn(move |request| {
        let server = Arc::clone(&server);
        async move { Ok::<_, Infallible>(server.answer(request).await) }
    });
    let serving = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        () = stop.cancelled() => {}
        ended = serving => if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        },
    }
}

impl Server {
    pub(super) fn new(service: S3Service, store: Arc<Store>, faults: Faults, usage: Usage) -> Self {
        Self { service, store, faults, usage }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path().trim_start_matches('/');
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        let rules = self.store.cors(bucket);
        let (method, origin) = (parts.method.clone(), parts.headers.get(header::ORIGIN).cloned());
        if method == Method::OPTIONS && parts.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
            return cors::preflight(&rules, &parts.headers);
        }
        let is_form = method == Method::POST && key.is_empty() && !parts.headers.contains_key("x-amz-date");
        let is_object = !key.is_empty();
        let bytes_in = body.size_hint().lower();
        let body = Drainable::new(body);
        let mut answer = if let Some(refused) = self.fault().await {
            refused
        } else {
            self.served(Request::from_parts(parts, Body::http_body(body.clone()))).await
        };
        if answer.status().is_client_error() || answer.status().is_server_error() {
            if is_form {
                answer = in_awss_words(answer).await;
            }
            body.drain().await;
        }
        if answer.status() == StatusCode::NOT_MODIFIED {
            *answer.body_mut() = Body::empty();
        }
        if let Some(origin) = &origin {
            cors::apply(&rules, origin, &method, answer.headers_mut());
        }
        let answer = with_request_id(answer);
        self.usage.object_request(&method, is_object, bytes_in, length(&answer));
        answer
    }

    async fn served(&self, request: Request<Body>) -> Response<Body> {
        let ends_upload = request.method() == Method::POST
            && request.uri().query().is_some_and(|query| query.contains("uploadId="));
        let service = self.service.clone();
        let serving = async move { service.call(request).await.map_err(|error| format!("{error:?}")) };
        // What S3 has begun to put together it puts together, whether or not anybody still waits for it.
        let served = if ends_upload {
            tokio::spawn(serving).await.unwrap_or_else(|error| Err(error.to_string()))
        } else {
            serving.await
        };
        served.unwrap_or_else(|error| {
            tracing::warn!(error, "a request could not be answered");
            status(StatusCode::INTERNAL_SERVER_ERROR)
        })
    }

    /// What is to go wrong with this request.
    async fn fault(&self) -> Option<Response<Body>> {
        if let Some(hit) = self.faults.hit(FaultName::S3Slow) {
            tokio::time::sleep(hit.delay).await;
        }
        while self.faults.hit(FaultName::S3Hang).is_some() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if self.faults.hit(FaultName::S3Throttle).is_some() {
            return Some(refusal(
                StatusCode::SERVICE_UNAVAILABLE,
                "SlowDown",
                "Please reduce your request rate.",
            ));
        }
        self.faults.hit(FaultName::S3Internal).map(|_| {
            let message = "We encountered an internal error. Please try again.";
            refusal(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message)
        })
    }
}

/// How long an answer's body is; one that flows has it in its header alone.
pub(crate) fn length(answer: &Response<Body>) -> u64 {
    let header = answer.headers().get(header::CONTENT_LENGTH);
    let header = header.and_then(|length| length.to_str().ok()?.parse().ok());
    header.unwrap_or_else(|| answer.body().size_hint().lower())
}

fn status(status: StatusCode) -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = status;
    answer
}

/// An error as S3 spells it; the message is escaped already.
fn refusal(code: StatusCode, name: &str, message: &str) -> Response<Body> {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{name}</Code><Message>{message}</Message></Error>"
    );
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = code;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    answer
}

/// A form that breaks its policy, or comes after its end, is denied: `s3s` calls the first an invalid document and the second a
/// request that has expired.
async fn in_awss_words(answer: Response<Body>) -> Response<Body> {
    let (parts, body) = answer.into_parts();
    let Ok(body) = body.collect().await else { return status(StatusCode::INTERNAL_SERVER_ERROR) };
    let body = body.to_bytes();
    let text = String::from_utf8_lossy(&body);
    let message = text.split_once("<Message>").and_then(|(_, rest)| rest.split_once("</Message>"));
    let message = message.map_or("", |(message, _)| message);
    let denied = if message == "Request has expired" {
        Some("Invalid according to Policy: Policy expired.".to_owned())
    } else if message.starts_with("Policy condition") || message.starts_with("Bucket in form field") {
        Some(format!("Invalid according to Policy: Policy Condition failed: {message}"))
    } else if message.starts_with("Each form field") {
        Some("Invalid according to Policy: Extra input fields".to_owned())
    } else {
        None
    };
    match denied {
        Some(message) => refusal(StatusCode::FORBIDDEN, "AccessDenied", &message),
        None => Response::from_parts(parts, Body::from(body)),
    }
}

fn with_request_id(mut answer: Response<Body>) -> Response<Body> {
    let id = format!("{:016X}", rand::random::<u64>());
    if let Ok(id) = HeaderValue::try_from(id) {
        answer.headers_mut().insert("x-amz-request-id", id);
    }
    answer
}
