//! How often something was done of late: counters over two windows, shared by all processes where they can be.

use std::time::Duration;

use async_trait::async_trait;
use parlance_domain::{
    ids::{ConnectionId, ConversationId, UserId},
    time::Timestamp,
};

use crate::limits::rates::RateClass;

/// Counts requests. Nothing here fails: counters that are out of reach answer `None`, within their deadline.
#[async_trait]
pub trait RateCounters: Send + Sync {
    /// Counts one more at each counter, in one round trip, and tells where each stands since.
    async fn count(&self, counting: &Counting) -> Option<Vec<Count>>;

    /// Takes back what a request had counted that was refused: only what was done counts.
    async fn take_back(&self, counting: &Counting);

    /// Whether there are such counters at all; a stack without them never has an answer, and one with them misses it.
    fn are_shared(&self) -> bool {
        true
    }
}

/// What one request counts against, and when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counting {
    /// The counters; none where nothing is to be counted.
    pub counters: Vec<Counter>,
    /// By the caller's clock.
    pub at: Timestamp,
}

impl Counting {
    /// Counts nothing.
    pub fn nothing() -> Self {
        Self::default()
    }
}

/// Something that is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Counter {
    /// What a user asks for, by its class.
    User(UserId, RateClass),
    /// What is sent into a conversation, by all its members.
    Conversation(ConversationId),
    /// Frames of one socket that were refused for coming too fast.
    Refusals(ConnectionId),
}

impl Counter {
    /// How long one of its two windows is.
    pub const fn window(&self) -> Duration {
        match self {
            Self::User(..) | Self::Conversation(_) => Duration::from_secs(1),
            Self::Refusals(_) => Duration::from_secs(10),
        }
    }

    /// The number of the window that a point in time falls into.
    pub fn window_at(&self, at: Timestamp) -> u64 {
        at.as_millis() / self.window_millis()
    }

    /// How much of that window has passed, in milliseconds.
    pub fn elapsed_millis(&self, at: Timestamp) -> u64 {
        at.as_millis() % self.window_millis()
    }

    /// [`Counter::window`] in milliseconds.
    pub fn window_millis(&self) -> u64 {
        u64::try_from(self.window().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Where a counter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// What the window before this one counted.
    pub previous: u64,
    /// What this one has counted, the present request included.
    pub current: u64,
}
