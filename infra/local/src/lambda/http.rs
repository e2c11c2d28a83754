//! Lambda's two HTTP interfaces on one listener: the Runtime API for the processes, Invoke for whoever calls functions.

use std::convert::Infallible;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use percent_encoding::percent_decode_str;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::function::{Function, Work};
use super::host::Lambda;
use super::{FunctionName, InvocationOutcome, Invoke as _, errors};
use crate::loopback;

/// The largest payload of a synchronous invocation, either way.
const SYNCHRONOUS_BYTES: usize = 6 * 1_024 * 1_024;
/// The largest payload of an asynchronous invocation.
const ASYNCHRONOUS_BYTES: usize = 1_024 * 1_024;

type Answer = Response<Full<Bytes>>;

/// Serves connections until told to stop.
pub(super) async fn serve(listener: TcpListener, lambda: Weak<Lambda>, stop: CancellationToken) {
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => return,
            stream = loopback::accept(&listener) => stream,
        };
        let (lambda, stop) = (lambda.clone(), stop.clone());
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let lambda = lambda.upgrade();
                async move {
                    Ok::<_, Infallible>(match lambda {
                        Some(lambda) => answer(&lambda, request).await,
                        None => empty(StatusCode::SERVICE_UNAVAILABLE),
                    })
                }
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(hyper_util::rt::TokioIo::new(stream), service);
            tokio::select! {
                () = stop.cancelled() => {}
                // A process that ends closes its connections without ceremony.
                _ = connection => {}
            }
        });
    }
}

async fn answer(lambda: &Arc<Lambda>, request: Request<Incoming>) -> Answer {
    let path = request.uri().path().to_owned();
    let mut segments = path.split('/').skip(1);
    match (segments.next(), segments.next(), segments.next()) {
        (Some("2015-03-31"), Some("functions"), Some(name)) => {
            if (segments.next(), segments.next()) != (Some("invocations"), None) {
                return empty(StatusCode::NOT_FOUND);
            }
            invoke(lambda, name, request).await
        }
        (Some(function), Some(environment), Some("2018-06-01")) => {
            let Some(function) = lambda.functions.get(&FunctionName::new(function)) else {
                return empty(StatusCode::NOT_FOUND);
            };
            let Ok(environment) = environment.parse() else { return empty(StatusCode::NOT_FOUND) };
            let rest: [Option<&str>; 4] =
                [segments.next(), segments.next(), segments.next(), segments.next()];
            match rest {
                [Some("runtime"), Some("invocation"), Some("next"), None]
                    if request.method() == Method::GET =>
                {
                    next(lambda, function, environment).await
                }
                [Some("runtime"), Some("invocation"), Some(request_id), Some("response")] => {
                    response(function, environment, request_id, request.into_body()).await
                }
                [Some("runtime"), Some("invocation"), Some(request_id), Some("error")] => {
                    let payload = collect(request.into_body()).await.unwrap_or_default();
                    accepted(function.answer(environment, request_id, errors::reported(payload)))
                }
                // The process ends after it, and its end is what counts.
                [Some("runtime"), Some("init"), Some("error"), None] => accepted(true),
                _ => empty(StatusCode::NOT_FOUND),
            }
        }
        _ => empty(StatusCode::NOT_FOUND),
    }
}

async fn next(lambda: &Lambda, function: &Function, environment: u64) -> Answer {
    let Some(poll) = function.poll(environment) else {
        // Nothing more comes for this process; it is held until it is killed.
        return std::future::pending().await;
    };
    let Ok(Work { request_id, deadline_epoch_ms, payload }) = poll.await else {
        return std::future::pending().await;
    };
    let arn = lambda.arn(function.settings.name.as_str());
    let trace = format!("Root=1-{}-{};Sampled=0", request_id.get(..8).unwrap_or_default(), "0".repeat(24));
    let mut answer = Response::new(Full::new(payload));
    let headers = answer.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert(
        "lambda-runtime-deadline-ms",
        HeaderValue::from(u64::try_from(deadline_epoch_ms).unwrap_or(u64::MAX)),
    );
    for (name, value) in [
        ("lambda-runtime-aws-request-id", &*request_id),
        ("lambda-runtime-invoked-function-arn", &arn),
        ("lambda-runtime-trace-id", &trace),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    answer
}

async fn response(function: &Function, environment: u64, request_id: &str, body: Incoming) -> Answer {
    let Ok(payload) = collect(body).await else {
        function.answer(environment, request_id, errors::answer_too_large(SYNCHRONOUS_BYTES));
        return empty(StatusCode::PAYLOAD_TOO_LARGE);
    };
    accepted(function.answer(environment, request_id, InvocationOutcome::Answered(payload)))
}

async fn invoke(lambda: &Arc<Lambda>, name: &str, request: Request<Incoming>) -> Answer {
    let name = percent_decode_str(name).decode_utf8_lossy().into_owned();
    // A name, a partial or a whole ARN, each with or without a version.
    let name = name.rsplit_once("function:").map_or(name.as_str(), |(_, name)| name);
    let function = FunctionName::new(name.split(':').next().unwrap_or_default());
    if !lambda.functions.contains_key(&function) {
        let message = format!("Function not found: {}", lambda.arn(function.as_str()));
        return refusal(StatusCode::NOT_FOUND, "ResourceNotFoundException", &message);
    }
    if request.method() != Method::POST {
        return empty(StatusCode::METHOD_NOT_ALLOWED);
    }
    let kind = request.headers().get("x-amz-invocation-type").cloned();
    let is_event = kind.as_ref().is_some_and(|kind| kind == "Event");
    let Ok(payload) = collect(request.into_body()).await else { return payload_too_large(SYNCHRONOUS_BYTES) };
    if is_event && payload.len() > ASYNCHRONOUS_BYTES {
        return payload_too_large(ASYNCHRONOUS_BYTES);
    }
    if serde_json::from_slice::<serde::de::IgnoredAny>(&payload).is_err() {
        let message = "Could not parse request body into json";
        return refusal(StatusCode::BAD_REQUEST, "InvalidRequestContentException", message);
    }
    match kind.as_ref().map(HeaderValue::as_bytes) {
        Some(b"Event") => {
            lambda.invoke_async(&function, "invoked asynchronously", payload);
            empty(StatusCode::ACCEPTED)
        }
        Some(b"DryRun") => empty(StatusCode::NO_CONTENT),
        _ => {
            let (payload, error) = match lambda.invoke(&function, "invoked", payload).await {
                InvocationOutcome::Answered(payload) => (payload, None),
                InvocationOutcome::FunctionError { kind, payload } => (payload, Some(kind)),
                InvocationOutcome::TimedOut { payload } => (payload, Some("Unhandled".to_owned())),
                InvocationOutcome::Unavailable { reason } => {
                    return refusal(StatusCode::INTERNAL_SERVER_ERROR, "ServiceException", &reason);
                }
            };
            let mut answer = Response::new(Full::new(payload));
            answer.headers_mut().insert("x-amz-executed-version", HeaderValue::from_static("$LATEST"));
            if let Some(error) = error.and_then(|error| HeaderValue::from_str(&error).ok()) {
                answer.headers_mut().insert("x-amz-function-error", error);
            }
            answer
        }
    }
}

impl Lambda {
    fn arn(&self, function: &str) -> String {
        function_arn(&self.region, function)
    }
}

/// The ARN of a function.
pub fn function_arn(region: &str, function: &str) -> String {
    format!("arn:aws:lambda:{region}:{}:function:{function}", loopback::ACCOUNT)
}

struct TooLarge;

async fn collect(body: Incoming) -> Result<Bytes, TooLarge> {
    match Limited::new(body, SYNCHRONOUS_BYTES).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(TooLarge),
        // Whoever sent it has gone, and nobody reads the answer.
        Err(_) => Ok(Bytes::new()),
    }
}

fn payload_too_large(most: usize) -> Answer {
    let message = format!("Request must be smaller than {most} bytes for the Invoke operation");
    refusal(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", &message)
}

fn refusal(status: StatusCode, kind: &'static str, message: &str) -> Answer {
    let mut answer = Response::new(Full::from(errors::refusal("User", message).to_string()));
    *answer.status_mut() = status;
    answer.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(kind));
    answer.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    answer
}

fn accepted(known: bool) -> Answer {
    empty(if known { StatusCode::ACCEPTED } else { StatusCode::BAD_REQUEST })
}

fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    answer
}
