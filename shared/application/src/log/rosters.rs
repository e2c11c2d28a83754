//! Reading a roster that can be trusted: at a known version or later, and whole.

use std::sync::Arc;

use parlance_domain::{
    conversation::Conversation,
    head::{Head, Seq},
    ids::ConversationId,
    roster::Roster,
};

use crate::{
    ports::{
        PortError, cache::ConversationCache, conversations::ConversationRepository, log::MessageLog,
        rates::Counting,
    },
    safeguards::{Safeguard, Safeguards},
};

/// How often a roster that does not fit the log is read again before the caller is told to come back.
const ATTEMPTS: usize = 5;

/// Reads rosters, from the cache where the version allows it.
#[derive(Clone)]
pub struct RosterReader {
    log: Arc<dyn MessageLog>,
    conversations: Arc<dyn ConversationRepository>,
    cache: Arc<dyn ConversationCache>,
    safeguards: Safeguards,
}

impl RosterReader {
    /// Reads over these ports.
    pub fn new(
        log: Arc<dyn MessageLog>,
        conversations: Arc<dyn ConversationRepository>,
        cache: Arc<dyn ConversationCache>,
        safeguards: Safeguards,
    ) -> Self {
        Self { log, conversations, cache, safeguards }
    }

    /// The conversation's own data, read strongly.
    pub async fn conversation(&self, id: ConversationId) -> Result<Option<Conversation>, PortError> {
        self.conversations.find(id).await
    }

    /// The roster exactly as the head says it is, read strongly; `None` if what was read is not that:
    /// a change was being applied, or the head is old. Then the tail has to be read again.
    pub async fn at_head(
        &self,
        conversation: ConversationId,
        head: &Head,
    ) -> Result<Option<Arc<Roster>>, PortError> {
        let roster = self.conversations.roster(conversation).await?;
        if self.safeguards.has(Safeguard::RosterSum) && roster.sum() != head.roster_sum {
            return Ok(None);
        }
        self.cache.record_roster(conversation, head.roster_version, &roster).await;
        Ok(Some(Arc::new(roster)))
    }

    /// A roster of `version` or later, for those who deliver; `None` where the conversation does not exist. Of a conversation that was
    /// closed it names those who were in it to the end, since they are to hear of that.
    pub async fn at_version(
        &self,
        conversation: ConversationId,
        version: Seq,
    ) -> Result<Option<Arc<Roster>>, PortError> {
        if let Some((known, roster)) = self.cache.opening(conversation, &Counting::nothing()).await.roster
            && known >= version
        {
            return Ok(Some(roster));
        }
        Ok(match self.current(conversation).await? {
            Some((head, _)) if head.is_closed() => {
                Some(Arc::new(self.conversations.roster(conversation).await?))
            }
            current => current.map(|(_, roster)| roster),
        })
    }

    /// The tail and the roster that goes with it, both read strongly.
    pub async fn current(
        &self,
        conversation: ConversationId,
    ) -> Result<Option<(Head, Arc<Roster>)>, PortError> {
        for _ in 0..ATTEMPTS {
            let Some(head) = self.log.tail(conversation).await? else { return Ok(None) };
            if head.is_closed() {
                return Ok(Some((head, Arc::default())));
            }
            if let Some(roster) = self.at_head(conversation, &head).await? {
                return Ok(Some((head, roster)));
            }
        }
        Err(PortError::new("roster", RosterUnsettled))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the roster did not come to rest")]
struct RosterUnsettled;
