//! The outside as use cases see it: small traits in the words of the caller.

pub mod attachments;
pub mod blocks;
pub mod cache;
pub mod connections;
pub mod conversations;
pub mod delivery;
pub mod environment;
pub mod event_bus;
pub mod idempotency;
pub mod identity;
pub mod inspection;
pub mod log;
pub mod people;
pub mod presence;
pub mod rates;
pub mod reads;
pub mod rows;
pub mod typing;
pub mod webhooks;

/// An outside that failed or did not answer in time. What was asked of it may have happened or not.
#[derive(Debug, thiserror::Error)]
#[error("{port} failed")]
pub struct PortError {
    /// Which port, for the log line.
    pub port: &'static str,
    /// What went wrong, never shown to clients.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl PortError {
    /// Wraps the cause.
    pub fn new(port: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { port, source: source.into() }
    }
}

/// What became of the replacement of a row's version by its next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replacing {
    /// It stands.
    Replaced,
    /// Somebody else changed or deleted it since it was read; nothing was written.
    Outdated,
}
