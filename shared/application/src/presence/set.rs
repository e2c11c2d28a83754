//! Somebody says how he wants to be seen.

use std::sync::Arc;

use parlance_domain::{ids::UserId, presence::PresenceChoice};

use super::announce::PresenceAnnouncer;
use crate::ports::{PortError, environment::Clock, presence::PresenceRepository};

/// Keeps what people choose.
#[derive(Clone)]
pub struct SetPresence {
    records: Arc<dyn PresenceRepository>,
    announcer: PresenceAnnouncer,
    clock: Arc<dyn Clock>,
}

impl SetPresence {
    /// Keeps it over these ports.
    pub fn new(
        records: Arc<dyn PresenceRepository>,
        announcer: PresenceAnnouncer,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { records, announcer, clock }
    }

    /// Keeps the choice, which outlives the user's sockets, and tells those who watch him.
    pub async fn execute(&self, user: &UserId, choice: &PresenceChoice) -> Result<(), PortError> {
        self.records.choose(user, choice, self.clock.now()).await?;
        self.announcer.settle(user, None).await
    }
}
