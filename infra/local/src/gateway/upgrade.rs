//! The HTTP side of a WebSocket handshake (RFC 6455, section 4.2).

use std::io;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// The header in which client and server agree on a subprotocol.
pub const PROTOCOL: &str = "sec-websocket-protocol";

/// A request that may be answered with 101.
pub struct Upgrade {
    accept: HeaderValue,
    on_upgrade: OnUpgrade,
}

/// Whether a request asks for a WebSocket at all.
pub fn is_asked_for(headers: &HeaderMap) -> bool {
    contains(headers, &header::UPGRADE, "websocket")
}

fn contains(headers: &HeaderMap, name: &HeaderName, wanted: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(wanted))
}

impl Upgrade {
    /// Checks the request's form; the error is the status to refuse with.
    pub fn of(request: &mut Request<Incoming>) -> Result<Self, StatusCode> {
        let headers = request.headers();
        let is_version_13 = headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
        if request.method() != Method::GET
            || !is_asked_for(headers)
            || !contains(headers, &header::CONNECTION, "upgrade")
        {
            return Err(StatusCode::BAD_REQUEST);
        }
        if !is_version_13 {
            return Err(StatusCode::UPGRADE_REQUIRED);
        }
        let key = headers.get(header::SEC_WEBSOCKET_KEY).ok_or(StatusCode::BAD_REQUEST)?;
        let accept = derive_accept_key(key.as_bytes());
        let accept = HeaderValue::from_str(&accept).map_err(|_| StatusCode::BAD_REQUEST)?;
        Ok(Self { accept, on_upgrade: hyper::upgrade::on(request) })
    }

    /// The answer 101.
    pub fn answer(&self, protocol: Option<HeaderValue>) -> Response<Full<Bytes>> {
        let mut answer = Response::new(Full::default());
        *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = answer.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, self.accept.clone());
        if let Some(protocol) = protocol {
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
        }
        answer
    }

    /// Waits until the answer has gone out; gives the stream, and what the client has sent on it already.
    pub async fn stream(self) -> io::Result<(TcpStream, Bytes)> {
        let upgraded = self.on_upgrade.await.map_err(io::Error::other)?;
        let parts = upgraded
            .downcast::<TokioIo<TcpStream>>()
            .map_err(|_| io::Error::other("the connection is no plain TCP stream"))?;
        Ok((parts.io.into_inner(), parts.read_buf))
    }
}
