//! `/_local/echo`: a WebSocket that sends back what it gets, through the same code as the API's sockets.
//!
//! With `?profile=rfc` the limits of AWS do not hold and binary frames are welcome, so that a conformance suite can run.

use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming as Body};
use hyper::{Request, Response, StatusCode};

use super::http_api::own;
use super::limits::Limits;
use super::socket::{Incoming, Kind, Reader, Sent, Socket};
use super::upgrade::Upgrade;

const RFC_MESSAGE_BYTES: usize = 64 * 1_024 * 1_024;

/// Answers the handshake and echoes until the end.
pub fn echo(mut request: Request<Body>, limits: &Arc<Limits>) -> Response<Full<Bytes>> {
    let upgrade = match Upgrade::of(&mut request) {
        Ok(upgrade) => upgrade,
        Err(status) => return own(status, status.canonical_reason().unwrap_or_default()),
    };
    let is_rfc = match request.uri().query() {
        Some("profile=rfc") => true,
        None | Some("" | "profile=aws") => false,
        Some(_) => return own(StatusCode::UNPROCESSABLE_ENTITY, "profile is aws or rfc"),
    };
    let answer = upgrade.answer(None);
    let limits = Arc::clone(limits);
    tokio::spawn(async move {
        let (frame_bytes, message_bytes) = if is_rfc {
            (RFC_MESSAGE_BYTES, RFC_MESSAGE_BYTES)
        } else {
            (limits.frame_bytes, limits.message_bytes)
        };
        let Ok((stream, early)) = upgrade.stream().await else { return };
        let backlog = if is_rfc { RFC_MESSAGE_BYTES } else { limits.backlog_bytes };
        let socket = Socket::new(backlog);
        if let Ok(reader) = Reader::attach(Arc::clone(&socket), stream, early, frame_bytes, message_bytes) {
            serve(reader, &socket, is_rfc).await;
        }
    });
    answer
}

async fn serve(mut reader: Reader, socket: &Socket, takes_binary: bool) {
    loop {
        let sent = match reader.next(true).await {
            Incoming::Text(text) => socket.send(Kind::Text, text.as_bytes()),
            Incoming::Binary(bytes) if takes_binary => socket.send(Kind::Binary, &bytes),
            Incoming::Binary(_) => {
                reader.close(1_003, "Binary frames are not supported").await;
                return;
            }
            Incoming::Sign | Incoming::Woken => continue,
            Incoming::Closed(_) => return,
        };
        if sent != Sent::Accepted {
            return;
        }
    }
}
