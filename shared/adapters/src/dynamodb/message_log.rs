//! The log of every conversation in DynamoDB: one item per entry, written only where nothing stands.

mod changes;

use async_trait::async_trait;
use parlance_application::ports::{
    PortError,
    environment::Random,
    log::{
        Append, AppendOnce, Beside, Claim, Commit, Consistency, LogPage, LogRange, MessageLog, Order,
        RowChange,
    },
};
use parlance_domain::{
    head::{Head, Seq},
    ids::{ClientMessageId, ConversationId},
    log::{Entry, MessageKey},
};

use super::{
    attachments::replacement,
    attributes::{EXPIRES_AT, Item, ItemBuilder, bytes_value, number, number_value, seq_value},
    entry::{from_item, to_item},
    keys,
    table::{Expression, RangeQuery, Refusal, SortRange, Table, Transacted, Write, Written},
};
use crate::{aws::failure::failed_because, system::OsRandom};

/// How long a message's key is remembered for a client that did not say what it had seen, in seconds.
const REMEMBERED_SECONDS: u64 = 24 * 60 * 60;

/// What tells one call that writes an entry from another one with the same message.
const CALL: &str = "call";

/// The position of the message whose key a row remembers.
const SEQ: &str = "seq";

/// Keeps logs in the table `chat`.
#[derive(Debug, Clone)]
pub struct DynamoMessageLog {
    table: Table,
}

impl DynamoMessageLog {
    /// Keeps them in this table.
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    fn item(&self, conversation: ConversationId, entry: &Entry) -> Result<Item, PortError> {
        to_item(conversation, entry).map_err(|error| PortError::new(self.table.port(), error))
    }

    fn entry(&self, item: &Item) -> Result<Entry, PortError> {
        from_item(item).map_err(|error| PortError::new(self.table.port(), error))
    }
}

#[async_trait]
impl MessageLog for DynamoMessageLog {
    async fn tail(&self, conversation: ConversationId) -> Result<Option<Head>, PortError> {
        let query = RangeQuery {
            partition: keys::conversation_partition(conversation),
            sort: SortRange::Prefix(keys::LOG),
            descending: true,
            consistent: true,
            limit: Some(1),
        };
        let newest = self.table.fruitful_page(&query).await?.items;
        newest.first().map(|item| self.entry(item).map(|entry| entry.head())).transpose()
    }

    async fn page(&self, conversation: ConversationId, range: LogRange) -> Result<LogPage, PortError> {
        let up_to = range.up_to.unwrap_or(Seq::MAX);
        if range.after >= up_to.get() || range.limit == 0 {
            return Ok(LogPage { entries: Vec::new(), is_last: range.after >= up_to.get() });
        }
        let query = RangeQuery {
            partition: keys::conversation_partition(conversation),
            sort: SortRange::Between(keys::log_position(range.after + 1), keys::log_position(up_to.get())),
            descending: range.order == Order::Descending,
            consistent: range.consistency == Consistency::Strong,
            limit: Some(i32::try_from(range.limit).unwrap_or(i32::MAX)),
        };
        let page = self.table.fruitful_page(&query).await?;
        let entries = page.items.iter().map(|item| self.entry(item)).collect::<Result<Vec<_>, _>>()?;
        let end = match range.order {
            Order::Ascending => up_to.get(),
            Order::Descending => range.after + 1,
        };
        let is_at_end = entries.last().is_some_and(|entry| entry.seq.get() == end);
        Ok(LogPage { entries, is_last: is_at_end || page.next.is_none() })
    }

    async fn entries_at(&self, conversation: ConversationId, seqs: &[Seq]) -> Result<Vec<Entry>, PortError> {
        let mut wanted = seqs.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let keys = wanted.into_iter().map(|seq| keys::entry(conversation, seq)).collect();
        self.table.get_many(keys, true).await?.iter().map(|item| self.entry(item)).collect()
    }

    async fn append(&self, conversation: ConversationId, entry: &Entry) -> Result<Append, PortError> {
        let mut item = self.item(conversation, entry)?;
        let nonce = bytes_value(OsRandom.bytes());
        item.insert(CALL.to_owned(), nonce.clone());
        match self.table.put(item, Some(Expression::absent())).await? {
            Written::Done => Ok(Append::Stored),
            // The SDK repeats a call whose answer it did not get, and then meets its own item.
            Written::Refused(Some(item)) if item.get(CALL) == Some(&nonce) => Ok(Append::Stored),
            Written::Refused(Some(item)) => Ok(Append::Taken(Box::new(self.entry(&item)?))),
            Written::Refused(None) => {
                let standing = self.table.get(keys::entry(conversation, entry.seq), true).await?;
                let standing = standing.ok_or_else(|| {
                    failed_because(self.table.port(), "PutItem", "refused by an item that is not there")
                })?;
                Ok(if standing.get(CALL) == Some(&nonce) {
                    Append::Stored
                } else {
                    Append::Taken(Box::new(self.entry(&standing)?))
                })
            }
            Written::Contended => Ok(Append::Contended),
        }
    }

    async fn append_once(
        &self,
        conversation: ConversationId,
        entry: &Entry,
        beside: &Beside,
    ) -> Result<AppendOnce, PortError> {
        let mut writes = vec![Write::Put(self.item(conversation, entry)?, Some(Expression::absent()))];
        writes.extend(beside.claims.iter().map(claim));
        let remembered = match &entry.key {
            Some(MessageKey::Client(client_id)) if beside.remembers_key => {
                writes.push(remember(conversation, entry, client_id));
                Some(writes.len() - 1)
            }
            _ => None,
        };
        let refusals = match self.table.transact(&writes).await? {
            Transacted::Done => return Ok(AppendOnce::Stored),
            Transacted::Refused(refusals) => refusals,
        };
        let refusal = |place: usize| refusals.get(place).unwrap_or(&Refusal::None);
        if let Some(Refusal::Condition(Some(row))) = remembered.map(refusal) {
            let seq = number(row, SEQ).and_then(Seq::new);
            let seq = seq.ok_or_else(|| {
                failed_because(self.table.port(), "TransactWriteItems", "a message's key has no position")
            })?;
            return Ok(AppendOnce::AlreadySent(seq));
        }
        // A conflict says nothing of what stands: only conditions that were looked at do.
        let is_contended = refusals.contains(&Refusal::Conflict) || *refusal(0) != Refusal::None;
        Ok(if is_contended { AppendOnce::Contended } else { AppendOnce::Unclaimed })
    }

    async fn commit(
        &self,
        conversation: ConversationId,
        entry: &Entry,
        changes: &[RowChange],
    ) -> Result<Commit, PortError> {
        let mut writes = vec![Write::Put(self.item(conversation, entry)?, Some(Expression::absent()))];
        for change in changes {
            changes::add(&mut writes, conversation, entry, change)
                .map_err(|error| PortError::new(self.table.port(), error))?;
        }
        Ok(match self.table.transact(&writes).await? {
            Transacted::Done => Commit::Committed,
            Transacted::Refused(_) => Commit::Refused,
        })
    }
}

/// The row by which the client's own id is known for a day.
fn remember(conversation: ConversationId, entry: &Entry, client_id: &ClientMessageId) -> Write {
    let now = entry.at.as_secs();
    let row = ItemBuilder::new(keys::sent_message(&entry.actor, conversation, client_id))
        .with(SEQ, seq_value(entry.seq))
        .with(EXPIRES_AT, number_value(now + REMEMBERED_SECONDS))
        .build();
    let forgotten = Expression {
        text: "attribute_not_exists(pk) OR #expires_at <= :now",
        names: vec![("#expires_at", EXPIRES_AT)],
        values: vec![(":now", number_value(now))],
    };
    Write::Put(row, Some(forgotten))
}

/// What takes a file with the message, or stands in the way of both.
fn claim(claim: &Claim) -> Write {
    match claim {
        Claim::Take(file) => replacement(file),
        Claim::Refused(id) => {
            let never = Expression {
                text: "attribute_exists(pk) AND attribute_not_exists(pk)",
                names: Vec::new(),
                values: Vec::new(),
            };
            Write::Check(keys::attachment(*id), never)
        }
    }
}
