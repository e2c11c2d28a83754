//! The memory twin of blocks.

use async_trait::async_trait;
use parlance_application::ports::{
    PortError,
    blocks::{BlockPage, BlockPlace, BlockRepository, SetBlock},
    log::Commit,
};
use parlance_domain::{
    ids::{ConversationId, UserId},
    time::Timestamp,
};

use super::{
    cloud::{MemoryCloud, Write},
    gate::Outside,
};

#[async_trait]
impl BlockRepository for MemoryCloud {
    async fn find(&self, user: &UserId, other: &UserId) -> Result<Option<Timestamp>, PortError> {
        self.gate.pass(Outside::TableRead).await;
        Ok(self.state().blocks.get(&(user.clone(), other.clone())).copied())
    }

    async fn set(
        &self,
        user: &UserId,
        other: &UserId,
        since: Option<Timestamp>,
        conversation: ConversationId,
    ) -> Result<SetBlock, PortError> {
        loop {
            let writes = vec![Write::Block(user.clone(), other.clone(), since)];
            let outcome =
                self.transact(writes, |state| !state.conversations.contains_key(&conversation)).await?;
            match outcome {
                Commit::Committed => return Ok(SetBlock::Done),
                Commit::Refused if self.state().conversations.contains_key(&conversation) => {
                    return Ok(SetBlock::HasConversation);
                }
                Commit::Refused => {}
            }
        }
    }

    async fn page(&self, user: &UserId, place: &BlockPlace, limit: usize) -> Result<BlockPage, PortError> {
        self.gate.pass(Outside::TableRead).await;
        let state = self.state();
        let own = state.blocks.iter().filter(|((of, _), _)| of == user);
        let mut rows: Vec<_> = own
            .map(|((_, other), since)| (other.clone(), *since))
            .filter(|(other, _)| match place {
                BlockPlace::First => true,
                BlockPlace::After(place) => other > place,
                BlockPlace::Before(place) => other < place,
            })
            .collect();
        let has_more = rows.len() > limit;
        if matches!(place, BlockPlace::Before(_)) {
            rows.drain(..rows.len().saturating_sub(limit));
        }
        rows.truncate(limit);
        Ok(BlockPage { rows, has_more })
    }
}
