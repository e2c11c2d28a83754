//! Blocks in DynamoDB: in the partition of the one who blocks, and only while there is no direct conversation whose log says so.

use async_trait::async_trait;
use parlance_application::ports::{
    PortError,
    blocks::{BlockPage, BlockPlace, BlockRepository, SetBlock},
};
use parlance_domain::{
    ids::{ConversationId, UserId},
    time::Timestamp,
};

use super::{
    attributes::{Item, ItemBuilder, MalformedItem, need_text, need_time, time_value},
    keys,
    retry::{ATTEMPTS, pause},
    table::{Expression, RangeQuery, Refusal, SortRange, Table, Transacted, Write},
};
use crate::aws::failure::failed_because;

const SINCE: &str = "blocked_at";

/// Keeps blocks in the table `chat`.
#[derive(Debug, Clone)]
pub struct DynamoBlocks {
    table: Table,
}

impl DynamoBlocks {
    /// Keeps them in this table.
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    fn malformed(&self, error: MalformedItem) -> PortError {
        PortError::new(self.table.port(), error)
    }
}

/// The item of a block.
pub fn block_item(user: &UserId, other: &UserId, since: Timestamp) -> Item {
    ItemBuilder::new(keys::block(user, other)).with(SINCE, time_value(since)).build()
}

fn block_of(item: &Item) -> Result<(UserId, Timestamp), MalformedItem> {
    let user = keys::blocked_of(need_text(item, keys::SORT)?);
    Ok((user.ok_or(MalformedItem { attribute: keys::SORT })?, need_time(item, SINCE)?))
}

#[async_trait]
impl BlockRepository for DynamoBlocks {
    async fn find(&self, user: &UserId, other: &UserId) -> Result<Option<Timestamp>, PortError> {
        let item = self.table.get(keys::block(user, other), true).await?;
        item.map(|item| need_time(&item, SINCE).map_err(|error| self.malformed(error))).transpose()
    }

    async fn set(
        &self,
        user: &UserId,
        other: &UserId,
        since: Option<Timestamp>,
        conversation: ConversationId,
    ) -> Result<SetBlock, PortError> {
        let writes = [
            Write::Check(keys::meta(conversation), Expression::absent()),
            match since {
                Some(since) => Write::Put(block_item(user, other, since), None),
                None => Write::Delete(keys::block(user, other), None),
            },
        ];
        for failures in 0..ATTEMPTS {
            pause(failures).await;
            match self.table.transact(&writes).await? {
                Transacted::Done => return Ok(SetBlock::Done),
                Transacted::Refused(refusals) => {
                    if refusals.iter().any(|refusal| matches!(refusal, Refusal::Condition(_))) {
                        return Ok(SetBlock::HasConversation);
                    }
                }
            }
        }
        Err(failed_because(self.table.port(), "TransactWriteItems", "other transactions stayed in the way"))
    }

    async fn page(&self, user: &UserId, place: &BlockPlace, limit: usize) -> Result<BlockPage, PortError> {
        // One row more than is asked for tells whether there are more.
        let query = RangeQuery {
            partition: keys::user_partition(user),
            sort: SortRange::Prefix(keys::BLOCK),
            descending: matches!(place, BlockPlace::Before(_)),
            consistent: true,
            limit: Some(i32::try_from(limit.saturating_add(1)).unwrap_or(i32::MAX)),
        };
        let start = match place {
            BlockPlace::First => None,
            BlockPlace::After(other) | BlockPlace::Before(other) => Some(keys::block(user, other)),
        };
        let page = self.table.page(&query, start).await?;
        let rows = page.items.iter().map(|item| block_of(item).map_err(|error| self.malformed(error)));
        let mut rows = rows.collect::<Result<Vec<_>, _>>()?;
        let has_more = rows.len() > limit || (page.next.is_some() && rows.len() < limit);
        rows.truncate(limit);
        if query.descending {
            rows.reverse();
        }
        Ok(BlockPage { rows, has_more })
    }
}
