//! What requests with a key of the client's were answered: a retry gets the first answer, and the thing is done once.

use std::time::Duration;

use async_trait::async_trait;
use parlance_domain::{
    ids::{ClientMessageId, UserId},
    time::Timestamp,
};

use super::PortError;

/// How long an answer is kept.
pub const KEPT_FOR: Duration = Duration::from_hours(24);

/// The largest body that is kept. An item of the table has 400 KB at most.
pub const MAX_KEPT_BYTES: usize = 256 * 1024;

/// Keeps the answers of requests by their keys.
///
/// Of any number of attempts at once one begins. An attempt that never ends holds the key until its lease is over, then the same request may
/// begin again; what has begun anew is not overwritten by an attempt that was taken for dead. After [`KEPT_FOR`] a key is new.
#[async_trait]
pub trait IdempotencyRepository: Send + Sync {
    /// Begins a request, unless it has begun already.
    async fn begin(&self, attempt: &Attempt) -> Result<Begun, PortError>;

    /// Keeps the answer of the attempt that has begun.
    async fn finish(&self, attempt: &Attempt, answer: &KeptAnswer) -> Result<(), PortError>;

    /// Lets the same request begin again: nothing came of this attempt.
    async fn abandon(&self, attempt: &Attempt) -> Result<(), PortError>;
}

/// One attempt at a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// What all attempts at the request have in common.
    pub key: RequestKey,
    /// A digest of what is asked: the same key may not stand for two requests.
    pub fingerprint: [u8; 32],
    /// What tells this attempt from others.
    pub nonce: [u8; 16],
    /// When it was made.
    pub at: Timestamp,
    /// Until when nobody else begins.
    pub lease_until: Timestamp,
}

/// A client's name for a request, within its user and route.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestKey {
    /// Who asks.
    pub user: UserId,
    /// The route, as the template has it.
    pub route: &'static str,
    /// The client's own key, of the same form as its ids of messages.
    pub key: ClientMessageId,
}

/// What became of an attempt to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// This one is to do it.
    Begun,
    /// Another attempt is at it.
    Running,
    /// It was done, and answered so.
    Answered(KeptAnswer),
    /// The key stands for another request.
    OtherRequest,
}

/// An answer as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The status.
    pub status: u16,
    /// The body; `None` where it was larger than [`MAX_KEPT_BYTES`].
    pub body: Option<String>,
    /// The version of what is answered.
    pub etag: Option<String>,
    /// Where the new thing can be read.
    pub location: Option<String>,
}

/// Sixteen bytes that a request shares with its retries and with no other. What it creates has its id from them, so that a retry finds what an
/// attempt created whose answer nobody kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestSeed(pub [u8; 16]);
