//! One conversation, as one of its members sees it, or somebody who oversees it.

use std::sync::Arc;

use parlance_domain::{authority::Caller, ids::ConversationId};

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

    /// The conversation as it stands now. One that was deleted is not there any more.
    pub async fn execute<'a>(
        &self,
        caller: impl Into<Caller<'a>>,
        id: ConversationId,
    ) -> Result<Summary, ConversationDetailError> {
        let caller = caller.into();
        let user = caller.user;
        let own = async { Ok(self.cache.own_positions(user, None).await) };
        let (membership, tail, own) =
            futures::try_join!(self.conversations.membership(user, id), self.log.tail(id), own)?;
        let head = tail.filter(|head| !head.is_closed()).ok_or(ConversationDetailError::NotFound)?;
        let summary = match membership {
            Some(membership) => {
                let own = own.into_iter().find(|(of, _)| *of == id).map(|(_, cursor)| cursor);
                self.summaries.of(user, vec![Standing { membership, own, head }]).await?.into_iter().next()
            }
            // Before anything is read that he might not see: most strangers have no scope.
            None if caller.is_service || caller.is_admin => {
                let found = self.conversations.find(id).await?;
                let is_overseen = found.is_some_and(|conversation| caller.oversees(&conversation));
                if is_overseen { self.summaries.whole(id, head).await? } else { None }
            }
            None => None,
        };
        summary.ok_or(ConversationDetailError::NotFound)
    }
}
