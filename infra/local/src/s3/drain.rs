//! A request's body that can still be read after its service has lost interest: a client that is refused while it sends reads the
//! answer only when it could send on.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};

/// How much of a refused body is read.
const MOST_BYTES: u64 = 1024 * 1024 * 1024;

/// For how long.
const LONGEST: Duration = Duration::from_secs(30);

/// A body that two hold: the service that reads it, and what drains it afterwards.
#[derive(Clone)]
pub(super) struct Drainable(Arc<Mutex<Incoming>>);

impl Drainable {
    pub(super) fn new(body: Incoming) -> Self {
        Self(Arc::new(Mutex::new(body)))
    }

    /// Reads what is left and throws it away.
    pub(super) async fn drain(mut self) {
        let all = async {
            let mut bytes = 0;
            while let Some(Ok(frame)) = self.frame().await {
                bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
                if bytes > MOST_BYTES {
                    return;
                }
            }
        };
        if tokio::time::timeout(LONGEST, all).await.is_err() {
            tracing::debug!("a refused body was not read to its end");
        }
    }
}

impl Body for Drainable {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let mut body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Pin::new(&mut *body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).size_hint()
    }
}
