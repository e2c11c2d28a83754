//! Conversations, rosters and memberships in DynamoDB.

use async_trait::async_trait;
use parlance_application::ports::{
    PortError,
    conversations::{Advance, ConversationRepository, Creating, Creation, Membership, ReadCursor},
};
use parlance_domain::{
    conversation::Conversation,
    ids::{ConversationId, UserId},
    roster::Roster,
};

use super::{
    attributes::{MalformedItem, number_value, seq_value, time_value},
    entry::to_item,
    keys,
    retry::{ATTEMPTS, pause},
    rows::{
        READ_AT, READ_N, READ_SEQ, conversation_item, conversation_of, membership_item, membership_of,
        roster_item, roster_row_of,
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
            writes.push(Write::Put(membership_item(member.user, &membership), None));
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
        let query = RangeQuery {
            partition: keys::user_partition(user),
            sort: SortRange::Prefix(keys::CONVERSATION),
            descending: false,
            consistent: true,
            limit: None,
        };
        let rows = self.table.all(&query).await?;
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
                Written::Refused(Some(standing)) => {
                    let membership = membership_of(&standing).map_err(|error| self.malformed(error))?;
                    return Ok(Advance::Unmoved(membership.cursor));
                }
                Written::Refused(None) => return Ok(Advance::NotAMember),
                Written::Contended => {}
            }
        }
        Err(failed_because(self.table.port(), "UpdateItem", "transactions stayed in the way"))
    }
}
