//! Where a user stands in each of his conversations: how far it has come, and how far he has read.

use std::{collections::HashMap, sync::Arc};

use futures::{StreamExt, TryStreamExt, stream};
use parlance_domain::{
    head::Head,
    ids::{ConversationId, UserId},
};

use super::summary::{is_current, later};
use crate::ports::{
    PortError,
    cache::ConversationCache,
    conversations::{ConversationRepository, Membership, ReadCursor},
    log::MessageLog,
};

/// How many reads are under way at once.
const CONCURRENT_READS: usize = 16;

/// One of a user's conversations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What he has of it.
    pub membership: Membership,
    /// Where his own last message stands, where that is remembered.
    pub own: Option<ReadCursor>,
    /// Its newest entry.
    pub head: Head,
}

impl Standing {
    /// How far he has read: his cursor or his own last message, whichever is later.
    pub fn read(&self) -> ReadCursor {
        later(self.membership.cursor, self.own)
    }

    /// How many messages stand after that.
    pub fn unread(&self) -> u64 {
        self.head.n.saturating_sub(self.read().n)
    }
}

/// Finds out where users stand.
#[derive(Clone)]
pub struct Standings {
    log: Arc<dyn MessageLog>,
    conversations: Arc<dyn ConversationRepository>,
    cache: Arc<dyn ConversationCache>,
}

impl Standings {
    /// Takes the ports.
    pub fn new(
        log: Arc<dyn MessageLog>,
        conversations: Arc<dyn ConversationRepository>,
        cache: Arc<dyn ConversationCache>,
    ) -> Self {
        Self { log, conversations, cache }
    }

    /// Those of the user's conversations whose membership `is_asked` for: one range of the table and two round trips of the cache,
    /// and a read of the tail for each head that the cache does not know or that lies behind his cursor. One that was deleted is not there
    /// any more.
    pub async fn of(
        &self,
        user: &UserId,
        is_asked: impl Fn(&Membership) -> bool,
    ) -> Result<Vec<Standing>, PortError> {
        let own = async { Ok(self.cache.own_positions(user, None).await) };
        let (mut memberships, own) = futures::try_join!(self.conversations.memberships(user), own)?;
        memberships.retain(is_asked);
        let own: HashMap<ConversationId, ReadCursor> = own.into_iter().collect();
        let ids: Vec<ConversationId> = memberships.iter().map(|one| one.conversation).collect();
        let hints = self.cache.heads(&ids).await.into_iter().chain(std::iter::repeat(None));
        let (mut known, mut missing) = (Vec::with_capacity(ids.len()), Vec::new());
        for (membership, hint) in memberships.into_iter().zip(hints) {
            let own = own.get(&membership.conversation).copied();
            let read = later(membership.cursor, own);
            match hint.filter(|head| is_current(head, read.seq)) {
                Some(head) => known.push(Standing { membership, own, head }),
                None => missing.push((membership, own)),
            }
        }
        let found: Vec<Standing> = stream::iter(missing)
            .map(|(membership, own)| self.read(membership, own))
            .buffer_unordered(CONCURRENT_READS)
            .try_filter_map(|standing| async { Ok(standing) })
            .try_collect()
            .await?;
        known.extend(found);
        known.retain(|standing| !standing.head.is_closed());
        Ok(known)
    }

    /// The next one who asks finds the head in the cache.
    async fn read(
        &self,
        membership: Membership,
        own: Option<ReadCursor>,
    ) -> Result<Option<Standing>, PortError> {
        let Some(head) = self.log.tail(membership.conversation).await? else { return Ok(None) };
        self.cache.record_head(membership.conversation, &head).await;
        Ok(Some(Standing { membership, own, head }))
    }
}
