//! Conversations, rosters and memberships in DynamoDB.

use std::collections::BTreeSet;

use async_trait::async_trait;
use parlance_application::ports::{
    PortError,
    conversations::{
        Advance, ConversationRepository, Creating, Creation, Membership, ReadCursor, ReadReceipts,
    },
    presence::DirectPeers,
};
use parlance_domain::{
    conversation::{Conversation, ConversationKind},
    ids::{ConversationId, UserId},
    roster::Roster,
};

use super::{
    attributes::{Item, MalformedItem, need_text, number_value, seq_value, text_value, time_value},
    entry::to_item,
    keys,
    retry::{ATTEMPTS, pause},
    rows::{
        PEER, READ_AT, READ_N, READ_SEQ, conversation_item, conversation_of, membership_item, membership_of,
        peer_of, roster_item, roster_row_of,
    },
    table::{Expression, RangeQuery, Refusal, SortRange, Table, Transacted, Write, Written},
};
use crate::aws::failure::failed_because;

/// Keeps conversations in the table `chat`.
#[derive(Debug, Clone)]
pub struct DynamoConversations {
    table: Table,
}

impl DynamoConversations {
    /// Keeps them in this table.
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    async fn membership_rows(&self, user: &UserId) -> Result<Vec<Item>, PortError> {
        let query = RangeQuery {
            partition: keys::user_partition(user),
            sort: SortRange::Prefix(keys::CONVERSATION),
            descending: false,
            consistent: true,
            limit: None,
        };
        self.table.all(&query).await
    }

    fn malformed(&self, error: MalformedItem) -> PortError {
        PortError::new(self.table.port(), error)
    }

    fn writes(&self, creation: &Creation) -> Result<Vec<Write>, PortError> {
        let Creation { conversation, roster, entry } = creation;
        let first =
            to_item(conversation.id, entry).map_err(|error| PortError::new(self.table.port(), error))?;
        let mut writes = vec![
            Write::Put(conversation_item(conversation), Some(Expression::absent())),
            Write::Put(first, Some(Expression::absent())),
        ];
        let cursor = ReadCursor { seq: entry.seq, n: entry.n, at: entry.at };
        for member in roster.members() {
            let joined = member.participant.joined;
            let membership = Membership { conversation: conversation.id, joined, cursor };
            writes.push(Write::Put(roster_item(conversation.id, member.user, member.participant), None));
            let mut row = membership_item(member.user, &membership);
            if conversation.kind == ConversationKind::Direct
                && let Some(peer) = roster.members().find(|other| other.user != member.user)
            {
                row.insert(PEER.into(), text_value(peer.user.as_str()));
            }
            writes.push(Write::Put(row, None));
        }
        Ok(writes)
    }
}

#[async_trait]
impl ConversationRepository for DynamoConversations {
    async fn create(&self, creation: &Creation) -> Result<Creating, PortError> {
        let writes = self.writes(creation)?;
        for failures in 0..ATTEMPTS {
            pause(failures).await;
            match self.table.transact(&writes).await? {
                Transacted::Done => return Ok(Creating::Created),
                Transacted::Refused(refusals) => {
                    if refusals.iter().any(|refusal| matches!(refusal, Refusal::Condition(_))) {
                        return Ok(Creating::Exists);
                    }
                }
            }
        }
        Err(failed_because(self.table.port(), "TransactWriteItems", "other transactions stayed in the way"))
    }

    async fn find(&self, id: ConversationId) -> Result<Option<Conversation>, PortError> {
        let item = self.table.get(keys::meta(id), true).await?;
        item.map(|item| conversation_of(&item).map_err(|error| self.malformed(error))).transpose()
    }

    async fn roster(&self, id: ConversationId) -> Result<Roster, PortError> {
        let query = RangeQuery {
            partition: keys::conversation_partition(id),
            sort: SortRange::Prefix(keys::USER),
            descending: false,
            consistent: true,
            limit: None,
        };
        let rows = self.table.all(&query).await?;
        rows.iter().map(|item| roster_row_of(item).map_err(|error| self.malformed(error))).collect()
    }

    async fn membership(&self, user: &UserId, id: ConversationId) -> Result<Option<Membership>, PortError> {
        let item = self.table.get(keys::membership(user, id), true).await?;
        item.map(|item| membership_of(&item).map_err(|error| self.malformed(error))).transpose()
    }

    async fn memberships(&self, user: &UserId) -> Result<Vec<Membership>, PortError> {
        let rows = self.membership_rows(user).await?;
        rows.iter().map(|item| membership_of(item).map_err(|error| self.malformed(error))).collect()
    }

    async fn advance_cursor(
        &self,
        user: &UserId,
        id: ConversationId,
        cursor: ReadCursor,
    ) -> Result<Advance, PortError> {
        for failures in 0..ATTEMPTS {
            pause(failures).await;
            let forward = Expression {
                text: "SET #seq = :seq, #n = :n, #at = :at",
                names: vec![("#seq", READ_SEQ), ("#n", READ_N), ("#at", READ_AT)],
                values: vec![
                    (":seq", seq_value(cursor.seq)),
                    (":n", number_value(cursor.n)),
                    (":at", time_value(cursor.at)),
                ],
            };
            let condition = "attribute_exists(pk) AND #seq < :seq";
            match self.table.update_if(keys::membership(user, id), forward, condition).await? {
                Written::Done => return Ok(Advance::Moved),
                Written::Refused(Some(_)) => return Ok(Advance::Unmoved),
                Written::Refused(None) => return Ok(Advance::NotAMember),
                Written::Contended => {}
            }
        }
        Err(failed_because(self.table.port(), "UpdateItem", "transactions stayed in the way"))
    }
}

#[async_trait]
impl DirectPeers for DynamoConversations {
    async fn direct_peers(&self, user: &UserId) -> Result<Vec<(ConversationId, UserId)>, PortError> {
        Ok(self.membership_rows(user).await?.iter().filter_map(peer_of).collect())
    }
}

#[async_trait]
impl ReadReceipts for DynamoConversations {
    async fn cursors(
        &self,
        conversation: ConversationId,
        users: &[UserId],
    ) -> Result<Vec<(UserId, ReadCursor)>, PortError> {
        let distinct: BTreeSet<_> = users.iter().collect();
        let keys = distinct.into_iter().map(|user| keys::membership(user, conversation)).collect();
        let items = self.table.get_many(keys, false).await?;
        items.iter().map(|item| cursor_of(item).map_err(|error| self.malformed(error))).collect()
    }
}

fn cursor_of(item: &Item) -> Result<(UserId, ReadCursor), MalformedItem> {
    let user = keys::user_of(need_text(item, keys::PARTITION)?);
    let user = user.ok_or(MalformedItem { attribute: keys::PARTITION })?;
    Ok((user, membership_of(item)?.cursor))
}
