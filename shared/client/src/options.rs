//! What a client is told at its start: where the system is, and how it proves who it is.

use std::{fmt, future::Future, path::PathBuf, sync::Arc, time::Duration};

use futures::future::{BoxFuture, FutureExt};
use url::Url;

/// How a client connects.
#[derive(Clone)]
pub struct Options {
    /// The one origin that serves everything, for example `https://chat.example.com`.
    pub origin: String,
    /// How a socket proves who opens it.
    pub handshake: Handshake,
    /// How long a request over HTTP, a handshake or an answer to `session.start` may take.
    pub timeout: Duration,
    pub(crate) outbox: Option<PathBuf>,
    token: TokenSource,
}

type TokenSource = Arc<dyn Fn() -> BoxFuture<'static, Result<String, TokenError>> + Send + Sync>;

/// How a socket proves who opens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Handshake {
    /// A single-use ticket in the address, for which the token was spent over HTTP: a long-lived token stands in no access log.
    #[default]
    Ticket,
    /// The token as a subprotocol (`bearer, <token>`): one round trip less.
    Subprotocol,
}

/// The application could not give a token just now; the client asks again later.
#[derive(Debug, Clone, thiserror::Error)]
#[error("no token: {0}")]
pub struct TokenError(pub String);

/// The origin is no `http://` or `https://` address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the address of an origin")]
pub struct InvalidOrigin(pub String);

impl Options {
    /// Connects with one token, until it expires.
    pub fn new(origin: impl Into<String>, token: impl Into<String>) -> Self {
        let token = token.into();
        Self::with_tokens(origin, move || {
            let token = token.clone();
            async move { Ok(token) }
        })
    }

    /// Connects with tokens that `provider` gives: it is asked before each handshake and each request, and should hold on to a token while it is valid.
    pub fn with_tokens<F, T>(origin: impl Into<String>, provider: F) -> Self
    where
        F: Fn() -> T + Send + Sync + 'static,
        T: Future<Output = Result<String, TokenError>> + Send + 'static,
    {
        Self {
            origin: origin.into(),
            handshake: Handshake::default(),
            timeout: Duration::from_secs(10),
            outbox: None,
            token: Arc::new(move || provider().boxed()),
        }
    }

    /// Keeps messages that are not yet known to be stored in a file. Without one they end with the program.
    ///
    /// The next program that names the file sends what it finds there, once: it reads on from where each message was written, and tells
    /// what happened since as events. A file is for one user, and for one program at a time.
    #[must_use]
    pub fn with_outbox(mut self, path: impl Into<PathBuf>) -> Self {
        self.outbox = Some(path.into());
        self
    }

    pub(crate) async fn token(&self) -> Result<String, TokenError> {
        (self.token)().await
    }

    pub(crate) fn http_address(&self) -> Result<Url, InvalidOrigin> {
        Url::parse(&self.origin)
            .ok()
            .filter(|origin| matches!(origin.scheme(), "http" | "https") && origin.has_host())
            .ok_or_else(|| InvalidOrigin(self.origin.clone()))
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("origin", &self.origin).finish_non_exhaustive()
    }
}
