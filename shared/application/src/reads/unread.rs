//! Counts what a user has not read, in all of his conversations.

use std::collections::BTreeMap;

use parlance_domain::ids::{ConversationId, UserId};

use crate::{conversations::standing::Standings, ports::PortError};

/// Counts unread messages.
#[derive(Clone)]
pub struct CountUnread {
    standings: Standings,
}

/// What is left to read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unread {
    /// In all conversations together.
    pub total: u64,
    /// In each that has something.
    pub conversations: BTreeMap<ConversationId, u64>,
}

impl CountUnread {
    /// Counts by these.
    pub const fn new(standings: Standings) -> Self {
        Self { standings }
    }

    /// No counter is kept anywhere: what is unread is the difference of two ordinals.
    pub async fn execute(&self, user: &UserId) -> Result<Unread, PortError> {
        let standings = self.standings.of(user, |_| true).await?;
        let conversations: BTreeMap<ConversationId, u64> = standings
            .iter()
            .map(|standing| (standing.membership.conversation, standing.unread()))
            .filter(|(_, unread)| *unread > 0)
            .collect();
        Ok(Unread { total: conversations.values().sum(), conversations })
    }
}
