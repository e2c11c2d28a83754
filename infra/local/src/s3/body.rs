//! A body that is measured and checked while it flows: what does not match its checksums ends in an error before it is kept.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use data_encoding::BASE64;
use futures::Stream;
use s3s::checksum::ChecksumHasher;
use s3s::dto::StreamingBlob;
use s3s::stream::ByteStream;
use s3s::{S3Error, S3ErrorCode, S3Result, StdError, TrailingHeaders, s3_error};

use super::checksum::{Algorithm, Value, value_of};

/// What a body is to match.
#[derive(Default)]
pub(super) struct Expectation {
    md5: Option<[u8; 16]>,
    algorithm: Option<Algorithm>,
    /// Absent where it follows the body.
    value: Option<String>,
    trailers: Option<TrailingHeaders>,
}

impl Expectation {
    /// From what the request carries; `trailing` is the algorithm of a checksum that follows the body.
    pub(super) fn new(
        md5: Option<&str>,
        given: Option<Value>,
        trailing: Option<Algorithm>,
        trailers: Option<TrailingHeaders>,
    ) -> S3Result<Self> {
        let md5 = md5.map(|text| {
            let digest = BASE64.decode(text.as_bytes()).ok().and_then(|digest| digest.try_into().ok());
            digest.ok_or_else(|| s3_error!(InvalidDigest, "The Content-MD5 you specified was invalid."))
        });
        let (algorithm, value) = match given {
            Some((algorithm, value)) => (Some(algorithm), Some(value)),
            None => (trailing, None),
        };
        Ok(Self { md5: md5.transpose()?, algorithm, value, trailers })
    }

    /// How the body's checksum is made, if it has one.
    pub(super) const fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm
    }
}

/// What was seen of a body.
#[derive(Clone, Default)]
pub(super) struct Seen(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    size: u64,
    checksum: Option<Value>,
    mismatch: Option<String>,
}

impl Seen {
    /// Its size so far in bytes.
    pub(super) fn size(&self) -> u64 {
        self.state(|state| state.size)
    }

    /// Its checksum, once it has ended.
    pub(super) fn checksum(&self) -> Option<Value> {
        self.state(|state| state.checksum.clone())
    }

    /// The error to answer with: the mismatch that ended the body, or what else was met.
    pub(super) fn explain(&self, error: S3Error) -> S3Error {
        match self.state(|state| state.mismatch.clone()) {
            Some(message) => S3Error::with_message(S3ErrorCode::BadDigest, message),
            None => error,
        }
    }

    fn state<T>(&self, read: impl FnOnce(&mut State) -> T) -> T {
        read(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Checks a body while it is read.
pub(super) fn checked(body: StreamingBlob, expectation: Expectation) -> (StreamingBlob, Seen) {
    let seen = Seen::default();
    let running = Running {
        md5: expectation.md5.map(|_| md5::Context::new()),
        checksum: expectation.algorithm.map(Algorithm::hasher),
        expectation,
    };
    let checked = Checked { body, running: Some(running), seen: seen.clone() };
    (StreamingBlob::new(checked), seen)
}

struct Checked {
    body: StreamingBlob,
    running: Option<Running>,
    seen: Seen,
}

struct Running {
    md5: Option<md5::Context>,
    checksum: Option<ChecksumHasher>,
    expectation: Expectation,
}

impl Running {
    fn update(&mut self, bytes: &[u8]) {
        if let Some(md5) = &mut self.md5 {
            md5.consume(bytes);
        }
        if let Some(checksum) = &mut self.checksum {
            checksum.update(bytes);
        }
    }

    /// The body's checksum, or what is wrong.
    fn end(self) -> Result<Option<Value>, String> {
        let is_other = |md5: md5::Context| Some(md5.compute().0) != self.expectation.md5;
        if self.md5.is_some_and(is_other) {
            return Err("The Content-MD5 you specified did not match what we received.".to_owned());
        }
        let (Some(algorithm), Some(hasher)) = (self.expectation.algorithm, self.checksum) else {
            return Ok(None);
        };
        let trailer = |trailers: &TrailingHeaders| {
            let read = trailers.read(|headers| headers.get(algorithm.header()).cloned())??;
            read.to_str().ok().map(str::to_owned)
        };
        let wanted = self.expectation.value.or_else(|| trailer(self.expectation.trailers.as_ref()?));
        let made = value_of(hasher);
        match made {
            Some(made) if wanted.as_ref() == Some(&made) => Ok(Some((algorithm, made))),
            _ => Err(format!(
                "The {} you specified did not match the calculated checksum.",
                algorithm.as_str()
            )),
        }
    }
}

impl Stream for Checked {
    type Item = Result<Bytes, StdError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.body).poll_next(context);
        match &polled {
            Poll::Ready(Some(Ok(bytes))) => {
                this.seen.state(|state| state.size += bytes.len() as u64);
                if let Some(running) = &mut this.running {
                    running.update(bytes);
                }
            }
            Poll::Ready(None) => {
                if let Some(running) = this.running.take() {
                    match running.end() {
                        Ok(checksum) => this.seen.state(|state| state.checksum = checksum),
                        Err(mismatch) => {
                            this.seen.state(|state| state.mismatch = Some(mismatch.clone()));
                            return Poll::Ready(Some(Err(mismatch.into())));
                        }
                    }
                }
            }
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
    }
}

impl ByteStream for Checked {}
