//! The event bus, from which other systems take what happened.

use async_trait::async_trait;
use parlance_domain::event::PublishedEvent;

use super::PortError;

/// Puts events where other systems take them from: at least once, in no order.
#[async_trait]
pub trait EventBus: Send + Sync {
    /// Puts events, in as few calls as their number and size allow. For each, in their order: `Ok` once the bus has it, or why it
    /// has to be put again; the bus may have it even then.
    async fn put(&self, events: &[PublishedEvent]) -> Vec<Result<(), PortError>>;
}
