//! Rows of many conversations and receipts of many members, a hundred keys a call.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use futures::future::try_join_all;
use parlance_application::ports::{
    PortError,
    conversations::{Membership, ReadCursor, ReadReceipts, Receipt, ReceiptPage, ReceiptPlace},
    rows::ConversationRows,
};
use parlance_domain::{
    conversation::Conversation,
    ids::{ConversationId, MessageId, UserId},
    log::Entry,
};

use super::{
    attributes::{Item, MalformedItem, need_text},
    entry::from_item,
    keys::{self, Key},
    rows::{conversation_of, membership_of},
    table::{RangeQuery, SortRange, Table},
};

/// How many keys one call names.
const KEYS_PER_CALL: usize = 100;

/// Reads rows of the table `chat`.
#[derive(Debug, Clone)]
pub struct DynamoRows {
    table: Table,
}

impl DynamoRows {
    /// Reads them from this table.
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// All items of these keys, in calls that run at once.
    async fn items(&self, keys: Vec<Key>, consistent: bool) -> Result<Vec<Item>, PortError> {
        let calls: Vec<Vec<Key>> = keys.chunks(KEYS_PER_CALL).map(<[Key]>::to_vec).collect();
        let answers = calls.into_iter().map(|keys| self.table.get_many(keys, consistent));
        Ok(try_join_all(answers).await?.into_iter().flatten().collect())
    }

    fn read<T>(
        &self,
        items: &[Item],
        read: impl Fn(&Item) -> Result<T, MalformedItem>,
    ) -> Result<Vec<T>, PortError> {
        let read = items.iter().map(read).collect::<Result<_, _>>();
        read.map_err(|error| PortError::new(self.table.port(), error))
    }

    /// The stored memberships of these members of one conversation.
    async fn memberships(
        &self,
        conversation: ConversationId,
        users: &[UserId],
    ) -> Result<BTreeMap<UserId, Membership>, PortError> {
        let keys = users.iter().map(|user| keys::membership(user, conversation)).collect();
        let items = self.items(keys, false).await?;
        Ok(self.read(&items, membership_with_user)?.into_iter().collect())
    }
}

#[async_trait]
impl ConversationRows for DynamoRows {
    async fn conversations(&self, ids: &[ConversationId]) -> Result<Vec<Conversation>, PortError> {
        let distinct: BTreeSet<_> = ids.iter().copied().collect();
        let items = self.items(distinct.into_iter().map(keys::meta).collect(), true).await?;
        self.read(&items, conversation_of)
    }

    async fn entries(&self, ids: &[MessageId]) -> Result<Vec<(ConversationId, Entry)>, PortError> {
        let distinct: BTreeSet<_> = ids.iter().collect();
        let keys = distinct.into_iter().map(|id| keys::entry(id.conversation, id.seq)).collect();
        let items = self.items(keys, true).await?;
        let entry = |item: &Item| {
            let entry = from_item(item).map_err(|error| PortError::new(self.table.port(), error))?;
            let conversation = need_text(item, keys::PARTITION).ok().and_then(keys::conversation_of);
            let malformed =
                || PortError::new(self.table.port(), MalformedItem { attribute: keys::PARTITION });
            Ok((conversation.ok_or_else(malformed)?, entry))
        };
        items.iter().map(entry).collect()
    }

    async fn cursors(
        &self,
        of: &[(ConversationId, UserId)],
    ) -> Result<Vec<(ConversationId, UserId, ReadCursor)>, PortError> {
        let distinct: BTreeSet<_> = of.iter().collect();
        let keys = distinct.into_iter().map(|(id, user)| keys::membership(user, *id)).collect();
        let items = self.items(keys, false).await?;
        let read = self.read(&items, membership_with_user)?.into_iter();
        Ok(read.map(|(user, membership)| (membership.conversation, user, membership.cursor)).collect())
    }
}

#[async_trait]
impl ReadReceipts for DynamoRows {
    async fn page(
        &self,
        conversation: ConversationId,
        place: ReceiptPlace<'_>,
        limit: usize,
    ) -> Result<ReceiptPage, PortError> {
        let limit = limit.clamp(1, KEYS_PER_CALL);
        let query = RangeQuery {
            partition: keys::conversation_partition(conversation),
            sort: SortRange::Prefix(keys::USER),
            descending: matches!(place, ReceiptPlace::Before(_)),
            consistent: false,
            // One more tells whether there is one: DynamoDB names a next page also where it is empty.
            limit: i32::try_from(limit + 1).ok(),
        };
        let start = match place {
            ReceiptPlace::First => None,
            ReceiptPlace::After(user) | ReceiptPlace::Before(user) => {
                Some(keys::roster_row(conversation, user))
            }
        };
        let page = self.table.page(&query, start).await?;
        let mut users = self.read(&page.items, |item| user_of(item, keys::SORT))?;
        let is_last = users.len() <= limit && page.next.is_none();
        users.truncate(limit);
        let rest = if is_last { None } else { users.last().cloned() };
        let mut memberships = self.memberships(conversation, &users).await?;
        let receipts = users.into_iter().filter_map(|user| {
            let Membership { joined, cursor, .. } = memberships.remove(&user)?;
            Some(Receipt { user, joined, cursor })
        });
        Ok(ReceiptPage { receipts: receipts.collect(), rest })
    }
}

fn user_of(item: &Item, attribute: &'static str) -> Result<UserId, MalformedItem> {
    keys::user_of(need_text(item, attribute)?).ok_or(MalformedItem { attribute })
}

fn membership_with_user(item: &Item) -> Result<(UserId, Membership), MalformedItem> {
    Ok((user_of(item, keys::PARTITION)?, membership_of(item)?))
}
