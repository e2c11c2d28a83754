//! The HTTP/1.1 server under the embedded services: keep-alive, small answers at once, a bound on bodies.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// The answer is lost on purpose: the connection closes instead.
#[derive(Debug, thiserror::Error)]
#[error("the answer was lost on purpose")]
pub struct Lost;

/// What a service answers with.
pub type Answer = Result<Response<Full<Bytes>>, Lost>;

/// Answers the requests of one service.
pub trait Handler: Send + Sync + 'static {
    /// The largest body that is read, in bytes.
    const MAXIMUM_BODY: usize;

    /// Answers one request.
    fn answer(&self, request: Request<Bytes>) -> impl Future<Output = Answer> + Send;
}

/// Serves connections until the token is cancelled.
pub async fn serve<H: Handler>(listener: TcpListener, handler: Arc<H>, stop: CancellationToken) {
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => return,
            stream = super::accept(&listener) => stream,
        };
        tokio::spawn(connection(stream, handler.clone(), stop.clone()));
    }
}

async fn connection<H: Handler>(stream: TcpStream, handler: Arc<H>, stop: CancellationToken) {
    let service = service_fn(move |request| {
        let handler = handler.clone();
        async move { whole(&*handler, request).await }
    });
    let serving = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        () = stop.cancelled() => {}
        ended = serving => if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        },
    }
}

/// Reads the whole body, then asks the handler.
async fn whole<H: Handler>(handler: &H, request: Request<Incoming>) -> Answer {
    let (parts, body) = request.into_parts();
    match Limited::new(body, H::MAXIMUM_BODY).collect().await {
        Ok(body) => handler.answer(Request::from_parts(parts, body.to_bytes())).await,
        Err(error) if error.is::<LengthLimitError>() => Ok(empty(StatusCode::PAYLOAD_TOO_LARGE)),
        Err(_) => Err(Lost),
    }
}

/// An answer without a body.
pub fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

/// An answer in one of AWS's JSON protocols.
pub fn json(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    if let Ok(id) = http::HeaderValue::try_from(ulid::Ulid::generate().to_string()) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}
