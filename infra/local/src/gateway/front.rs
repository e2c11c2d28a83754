//! The one origin: HTTP, sockets and `/_local/…` on one port, as behind a CDN.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use s3s::Body;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::cdn::{self, Rewritten};
use super::http_api::{HttpApi, own};
use super::limits::Limits;
use super::local::Local;
use super::media::{self, Media};
use super::socket_api::{Handshake, SocketApi};
use super::{echo, upgrade};

/// What stands behind the origin.
pub struct Front {
    /// The HTTP API, if the template has one.
    pub http: Option<HttpApi>,
    /// The WebSocket API, if the template has one.
    pub sockets: Option<Arc<SocketApi>>,
    /// The files that are served, if the template has addresses of theirs signed.
    pub media: Option<Media>,
    /// What tests and people ask the local cloud itself.
    pub local: Local,
    /// The limits.
    pub limits: Arc<Limits>,
}

impl Front {
    /// Serves connections until told to stop.
    pub async fn serve(self: Arc<Self>, listener: TcpListener, stop: CancellationToken) {
        let port = listener.local_addr().map_or(0, |address| address.port());
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Most likely no file descriptor is free: some will be, soon.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                    continue;
                }
            };
            if stream.set_nodelay(true).is_err() {
                continue;
            }
            let (this, stop) = (Arc::clone(&self), stop.clone());
            tokio::spawn(async move {
                let service = service_fn(|request| {
                    let this = Arc::clone(&this);
                    async move { Ok::<_, Infallible>(this.file_or_answer(request, peer, port).await) }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .timer(TokioTimer::new())
                    .serve_connection(TokioIo::new(stream), service)
                    .with_upgrades();
                tokio::select! {
                    () = stop.cancelled() => {}
                    // A client that goes away is none of our business.
                    _ = connection => {}
                }
            });
        }
    }

    /// Files flow, everything else is answered at once.
    async fn file_or_answer(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
        port: u16,
    ) -> Response<Body> {
        match &self.media {
            Some(media) if request.uri().path().starts_with(media::PREFIX) => media.answer(&request).await,
            _ => self.answer(request, peer, port).await.map(Body::http_body),
        }
    }

    async fn answer(&self, request: Request<Incoming>, peer: SocketAddr, port: u16) -> Response<Full<Bytes>> {
        let path = request.uri().path();
        let query = request.uri().query().unwrap_or_default();
        if path == "/_local/echo" {
            return echo::echo(request, &self.limits);
        }
        if path.starts_with("/_local/") {
            return self.local.answer(request).await;
        }
        let source_ip = peer.ip().to_string();
        let rewritten = cdn::rewrite(path, query);
        match rewritten {
            Rewritten::Socket { query } => self.connect(Handshake { request, query, source_ip, port }).await,
            Rewritten::Http { path } if self.is_stage(&path) && upgrade::is_asked_for(request.headers()) => {
                let query = query.to_owned();
                self.connect(Handshake { request, query, source_ip, port }).await
            }
            Rewritten::Http { path } => match &self.http {
                Some(http) => http.answer(request, &path, &source_ip).await,
                None => own(StatusCode::NOT_FOUND, "Not Found"),
            },
        }
    }

    fn is_stage(&self, path: &str) -> bool {
        self.sockets.as_ref().is_some_and(|sockets| path.strip_prefix('/') == Some(sockets.stage()))
    }

    async fn connect(&self, handshake: Handshake) -> Response<Full<Bytes>> {
        match &self.sockets {
            Some(sockets) if *handshake.request.method() == Method::GET => sockets.connect(handshake).await,
            _ => own(StatusCode::FORBIDDEN, "Forbidden"),
        }
    }
}
