//! Posting to sockets through API Gateway's connection management.

mod signer;

use std::{error::Error, time::Duration};

use async_trait::async_trait;
use aws_credential_types::provider::SharedCredentialsProvider;
use bytes::Bytes;
use http::{Method, Request, StatusCode, Uri, header::CONTENT_TYPE};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use parlance_application::ports::{
    PortError,
    connections::ConnectionProbe,
    delivery::{ConnectionPoster, Posted},
};
use parlance_domain::ids::ConnectionId;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use self::signer::Signer;
use crate::aws::POOL_IDLE_TIMEOUT;

/// A post takes no longer: what hangs is tried again by its lane, or left to the client's `sync`.
const DEADLINE: Duration = Duration::from_secs(1);

/// What stands for itself in a path.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Posts over one pool of connections. It signs for itself (docs/adr/0006).
pub struct ManagementPoster {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    /// The endpoint with its stage, without a slash at its end.
    endpoint: String,
    signer: Signer,
}

/// A post that did not get an answer.
#[derive(Debug, thiserror::Error)]
enum PostError {
    #[error("the request cannot be built")]
    Request(#[source] Box<dyn Error + Send + Sync>),
    #[error("no answer in time")]
    TimedOut,
    #[error("the connection failed")]
    Connection(#[source] Box<dyn Error + Send + Sync>),
}

impl ManagementPoster {
    /// Posts to this endpoint, whose path is the stage.
    pub fn new(endpoint: &Url, region: &str, credentials: SharedCredentialsProvider) -> Self {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(DEADLINE));
        let tls = HttpsConnectorBuilder::new().with_webpki_roots();
        let tls = if endpoint.scheme() == "https" { tls.https_only() } else { tls.https_or_http() };
        let connector = tls.enable_http1().wrap_connector(connector);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .build(connector);
        let endpoint = endpoint.as_str().trim_end_matches('/').to_owned();
        Self { client, endpoint, signer: Signer::new(region, credentials) }
    }

    /// Opens a connection ahead of the first post.
    pub async fn prewarm(&self) {
        let Ok(nobody) = ConnectionId::parse("-") else { return };
        if let Err(error) = self.call(Method::GET, &nobody, Bytes::new()).await {
            tracing::debug!(error = &error as &dyn Error, "not connected ahead");
        }
    }

    async fn call(
        &self,
        method: Method,
        connection: &ConnectionId,
        body: Bytes,
    ) -> Result<StatusCode, PostError> {
        let exchange = async {
            let id = utf8_percent_encode(connection.as_str(), ENCODED);
            let uri = format!("{}/@connections/{id}", self.endpoint);
            let headers = self.signer.sign(&method, &uri, &body).await.map_err(PostError::Request)?;
            let uri: Uri = uri.parse().map_err(|error| PostError::Request(Box::new(error)))?;
            let mut request = Request::builder().method(method).uri(uri);
            if !body.is_empty() {
                request = request.header(CONTENT_TYPE, "application/octet-stream");
            }
            for (name, value) in headers {
                request = request.header(name, value);
            }
            let request =
                request.body(Full::new(body)).map_err(|error| PostError::Request(Box::new(error)))?;
            let failed = |error| PostError::Connection(Box::new(error));
            let answer = self.client.request(request).await.map_err(failed)?;
            let status = answer.status();
            // Read to its end, so that the connection can be used again.
            answer.into_body().collect().await.map_err(|error| PostError::Connection(Box::new(error)))?;
            Ok(status)
        };
        tokio::time::timeout(DEADLINE, exchange).await.map_err(|_| PostError::TimedOut)?
    }
}

#[async_trait]
impl ConnectionPoster for ManagementPoster {
    async fn post(&self, connection: &ConnectionId, frame: &[u8]) -> Posted {
        match self.call(Method::POST, connection, Bytes::copy_from_slice(frame)).await {
            Ok(status) => outcome(status, frame.len()),
            Err(error) => {
                tracing::debug!(error = &error as &dyn Error, "a post failed");
                Posted::Failed
            }
        }
    }

    async fn close(&self, connection: &ConnectionId) -> Result<(), PortError> {
        match self.call(Method::DELETE, connection, Bytes::new()).await {
            Ok(status) if status.is_success() || status == StatusCode::GONE => Ok(()),
            Ok(status) => Err(PortError::new("connections", format!("a socket was not closed: {status}"))),
            Err(error) => Err(PortError::new("connections", error)),
        }
    }
}

#[async_trait]
impl ConnectionProbe for ManagementPoster {
    async fn is_gone(&self, connection: &ConnectionId) -> Result<bool, PortError> {
        match self.call(Method::GET, connection, Bytes::new()).await {
            Ok(status) if status.is_success() => Ok(false),
            Ok(StatusCode::GONE) => Ok(true),
            Ok(status) => {
                Err(PortError::new("connections", format!("a socket was not found out about: {status}")))
            }
            Err(error) => Err(PortError::new("connections", error)),
        }
    }
}

fn outcome(status: StatusCode, bytes: usize) -> Posted {
    match status {
        status if status.is_success() => Posted::Delivered,
        StatusCode::GONE => Posted::Gone,
        StatusCode::TOO_MANY_REQUESTS => Posted::Throttled,
        status if status.is_client_error() => {
            tracing::error!(status = status.as_u16(), bytes, "a frame was refused");
            Posted::Refused
        }
        _ => Posted::Failed,
    }
}
