//! Where a call to a memory twin may wait, fail, or lose its answer.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;

/// What sort of outside a call goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outside {
    /// A read of the table.
    TableRead,
    /// A write of one item.
    TableWrite,
    /// A write of several.
    TableTransaction,
    /// Anything of Redis.
    Redis,
    /// A post to a socket.
    Post,
    /// An invocation of another function, or a message to a queue.
    Invoke,
}

/// What happens to one try of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// It is carried out and answered.
    Through,
    /// It never arrives.
    RequestLost,
    /// It is carried out, and the answer is lost.
    AnswerLost,
    /// It is taken for lost, and carried out some time later.
    Late,
}

/// Decides what happens to calls.
#[async_trait]
pub trait Gate: Send + Sync {
    /// Waits as long as the call takes to arrive, and says what becomes of it.
    async fn pass(&self, outside: Outside) -> Passage;

    /// Whether transactions are applied item by item, by somebody else, while others read.
    fn splits_transactions(&self) -> bool;
}

/// Lets everything through at once and counts it.
#[derive(Debug, Default)]
pub struct CountingGate {
    counts: [AtomicUsize; 6],
}

/// How often each sort of outside was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Calls {
    /// Reads of the table.
    pub reads: usize,
    /// Writes of one item.
    pub writes: usize,
    /// Writes of several.
    pub transactions: usize,
    /// Round trips to Redis.
    pub redis: usize,
    /// Posts to sockets.
    pub posts: usize,
    /// Invocations and messages to queues.
    pub invocations: usize,
}

impl CountingGate {
    /// The calls since the last time.
    pub fn take(&self) -> Calls {
        let [reads, writes, transactions, redis, posts, invocations] =
            self.counts.each_ref().map(|count| count.swap(0, Ordering::Relaxed));
        Calls { reads, writes, transactions, redis, posts, invocations }
    }
}

#[async_trait]
impl Gate for CountingGate {
    async fn pass(&self, outside: Outside) -> Passage {
        self.counts[outside as usize].fetch_add(1, Ordering::Relaxed);
        Passage::Through
    }

    fn splits_transactions(&self) -> bool {
        false
    }
}

/// Lets everything through at once.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenGate;

#[async_trait]
impl Gate for OpenGate {
    async fn pass(&self, _: Outside) -> Passage {
        Passage::Through
    }

    fn splits_transactions(&self) -> bool {
        false
    }
}
