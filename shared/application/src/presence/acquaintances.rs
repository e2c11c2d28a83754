//! Whose presence somebody may know: his own, and that of everybody with whom he shares a conversation.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use futures::{StreamExt, TryStreamExt, stream};
use parlance_domain::ids::{ConversationId, UserId};

use crate::ports::{PortError, conversations::ConversationRepository};

/// How many people's conversations are read at once.
const CONCURRENT_READS: usize = 16;

/// Tells acquaintances from strangers.
#[derive(Clone)]
pub struct Acquaintances {
    conversations: Arc<dyn ConversationRepository>,
}

impl Acquaintances {
    /// Reads memberships from this repository.
    pub fn new(conversations: Arc<dyn ConversationRepository>) -> Self {
        Self { conversations }
    }

    /// Those of `others` who share a conversation with the user, in their order and each once; strangers and those who do not exist are
    /// left out alike. Where the two have a direct conversation nothing of the other is read.
    pub async fn among(&self, user: &UserId, others: &[UserId]) -> Result<Vec<UserId>, PortError> {
        let memberships = self.conversations.memberships(user).await?;
        let own: BTreeSet<ConversationId> =
            memberships.into_iter().map(|membership| membership.conversation).collect();
        let mut seen = HashSet::new();
        let looks: Vec<_> = others
            .iter()
            .filter(|other| seen.insert(*other))
            .map(|other| self.is_known(user, &own, other))
            .collect();
        let known: Vec<Option<UserId>> = stream::iter(looks).buffered(CONCURRENT_READS).try_collect().await?;
        Ok(known.into_iter().flatten().collect())
    }

    async fn is_known(
        &self,
        user: &UserId,
        own: &BTreeSet<ConversationId>,
        other: &UserId,
    ) -> Result<Option<UserId>, PortError> {
        let mut is_known = user == other || own.contains(&ConversationId::direct(user, other));
        if !is_known && !own.is_empty() {
            let theirs = self.conversations.memberships(other).await?;
            is_known = theirs.iter().any(|membership| own.contains(&membership.conversation));
        }
        Ok(is_known.then(|| other.clone()))
    }
}
