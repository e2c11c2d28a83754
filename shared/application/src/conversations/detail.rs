//! One conversation, as one of its members sees it.

use std::sync::Arc;

use parlance_domain::ids::{ConversationId, UserId};

use super::{
    standing::Standing,
    summary::{Summaries, Summary},
};
use crate::ports::{
    PortError, cache::ConversationCache, conversations::ConversationRepository, log::MessageLog,
};

/// Shows one conversation.
#[derive(Clone)]
pub struct ConversationDetail {
    log: Arc<dyn MessageLog>,
    conversations: Arc<dyn ConversationRepository>,
    cache: Arc<dyn ConversationCache>,
    summaries: Summaries,
}

/// Why a conversation is not shown.
#[derive(Debug, thiserror::Error)]
pub enum ConversationDetailError {
    /// There is no such conversation for this user.
    #[error("no such conversation")]
    NotFound,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl ConversationDetail {
    /// Takes the ports.
    pub fn new(
        log: Arc<dyn MessageLog>,
        conversations: Arc<dyn ConversationRepository>,
        cache: Arc<dyn ConversationCache>,
        summaries: Summaries,
    ) -> Self {
        Self { log, conversations, cache, summaries }
    }

    /// The conversation as it stands now.
    pub async fn execute(
        &self,
        user: &UserId,
        id: ConversationId,
    ) -> Result<Summary, ConversationDetailError> {
        let own = async { Ok(self.cache.own_positions(user, None).await) };
        let (membership, tail, own) =
            futures::try_join!(self.conversations.membership(user, id), self.log.tail(id), own)?;
        let (Some(membership), Some(head)) = (membership, tail) else {
            return Err(ConversationDetailError::NotFound);
        };
        let own = own.into_iter().find(|(conversation, _)| *conversation == id).map(|(_, cursor)| cursor);
        let shown = self.summaries.of(user, vec![Standing { membership, own, head }]).await?;
        shown.into_iter().next().ok_or(ConversationDetailError::NotFound)
    }
}
