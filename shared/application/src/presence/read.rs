//! Somebody asks how others are.

use parlance_domain::{ids::UserId, signal::Presence};

use super::{acquaintances::Acquaintances, sight::PresenceSight};
use crate::ports::PortError;

/// Tells people how their acquaintances are.
#[derive(Clone)]
pub struct ReadPresence {
    acquaintances: Acquaintances,
    sight: PresenceSight,
}

impl ReadPresence {
    /// Tells it over these.
    pub const fn new(acquaintances: Acquaintances, sight: PresenceSight) -> Self {
        Self { acquaintances, sight }
    }

    /// How those of `others` are who share a conversation with the user; the rest are left out.
    pub async fn execute(
        &self,
        user: &UserId,
        others: &[UserId],
    ) -> Result<Vec<(UserId, Presence)>, PortError> {
        let known = self.acquaintances.among(user, others).await?;
        self.sight.of(&known).await
    }
}
