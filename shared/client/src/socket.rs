//! One socket: its handshake, and the task that carries frames in both directions until it ends.

use std::{sync::Arc, time::Duration};

use futures::{SinkExt, StreamExt};
use http::HeaderValue;
use tokio::{net::TcpStream, sync::mpsc, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{Error, Message, client::IntoClientRequest, protocol::WebSocketConfig},
};

use crate::{
    api::{Api, ApiError},
    options::{Handshake, Options},
};

/// What a socket reports.
#[derive(Debug)]
pub(crate) enum SocketReport {
    /// The handshake is done: frames can be sent.
    Opened(mpsc::UnboundedSender<String>),
    /// A frame came.
    Frame(String),
    /// It is over, or never began, because of this.
    Closed(String),
}

/// Opens a socket and carries its frames. It ends when the sender of [`SocketReport::Opened`] is dropped, or when the other side ends it.
pub(crate) async fn run(options: Arc<Options>, api: Arc<Api>, report: impl Fn(SocketReport)) {
    let opened = match timeout(options.timeout * 2, open(&options, &api)).await {
        Ok(opened) => opened,
        Err(_) => Err("the handshake took too long".to_owned()),
    };
    match opened {
        Ok(stream) => {
            let (sender, outgoing) = mpsc::unbounded_channel();
            report(SocketReport::Opened(sender));
            let reason = carry(stream, outgoing, &report).await;
            report(SocketReport::Closed(reason));
        }
        Err(reason) => report(SocketReport::Closed(reason)),
    }
}

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn open(options: &Options, api: &Api) -> Result<Stream, String> {
    let mut address = options.http_address().map_err(|error| error.to_string())?;
    let scheme = if address.scheme() == "https" { "wss" } else { "ws" };
    address.set_scheme(scheme).map_err(|()| "the origin has no socket".to_owned())?;
    address.set_path("/ws/messaging/");
    let mut subprotocol = None;
    match options.handshake {
        Handshake::Ticket => {
            let ticket = api.ticket().await.map_err(|error: ApiError| error.to_string())?;
            address.query_pairs_mut().append_pair("ticket", &ticket);
        }
        Handshake::Subprotocol => {
            let token = options.token().await.map_err(|error| error.to_string())?;
            subprotocol = Some(format!("bearer, {token}"));
        }
    }
    // From here on nothing may be printed that holds the address or the request: both are credentials.
    let mut request = address.as_str().into_client_request().map_err(|_| "the origin is no address")?;
    if let Some(subprotocol) = subprotocol {
        let mut value = HeaderValue::from_str(&subprotocol).map_err(|_| "the token is no header")?;
        value.set_sensitive(true);
        request.headers_mut().insert("Sec-WebSocket-Protocol", value);
    }
    let config = WebSocketConfig::default().read_buffer_size(16 * 1024).max_message_size(Some(1 << 20));
    match connect_async_with_config(request, Some(config), true).await {
        Ok((stream, _)) => Ok(stream),
        Err(Error::Http(answer)) => Err(format!("the handshake was refused: {}", answer.status())),
        Err(error) => Err(format!("the handshake failed: {error}")),
    }
}

async fn carry(
    stream: Stream,
    mut outgoing: mpsc::UnboundedReceiver<String>,
    report: &impl Fn(SocketReport),
) -> String {
    let (mut sink, mut source) = stream.split();
    loop {
        tokio::select! {
            frame = outgoing.recv() => {
                let Some(frame) = frame else {
                    let _ = timeout(Duration::from_secs(1), sink.close()).await;
                    return "closed by this side".to_owned();
                };
                if let Err(error) = sink.send(Message::text(frame)).await {
                    return error.to_string();
                }
            }
            received = source.next() => match received {
                Some(Ok(Message::Text(text))) => report(SocketReport::Frame(text.to_string())),
                Some(Ok(Message::Close(frame))) => {
                    return frame.map_or_else(|| "closed".to_owned(), |frame| format!("closed with {}", frame.code));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return error.to_string(),
                None => return "the connection ended".to_owned(),
            },
        }
    }
}
