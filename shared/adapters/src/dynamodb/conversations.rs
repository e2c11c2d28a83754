//! Conversations, rosters and memberships in DynamoDB.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use parlance_application::ports::{
    PortError,
    conversations::{
        Advance, ConversationRepository, Creating, Creation, Membership, MembershipSetting,
        MembershipSettings, ReadCursor, RosterPage, RosterPages, RosterPlace,
    },
    presence::DirectPeers,
};
use parlance_domain::{
    conversation::{Conversation, ConversationKind},
    ids::{ConversationId, UserId},
    roster::Roster,
};

use super::{
    attributes::{Item, MalformedItem, number_value, seq_value, text_value, time_value},
    entry::to_item,
    keys,
    retry::{ATTEMPTS, pause},
    rows::{
        ARCHIVED, MUTED, PEER, READ_AT, READ_N, READ_SEQ, conversation_item, conversation_of, is_blocking,
        membership_item, membership_of, peer_of, roster_item, roster_row_of,
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
            let membership = Membership::new(conversation.id, joined, cursor);
            writes.push(Write::Put(roster_item(conversation.id, member.user, member.participant), None));
            let mut row = membership_item(member.user, &membership);
            if conversation.kind == ConversationKind::Direct
                && let Some(peer) = roster.members().find(|other| other.user != member.user)
            {
                row.insert(PEER.into(), text_value(peer.user.as_str()));
            }
            writes.push(Write::Put(row, None));
        }
        if conversation.kind == ConversationKind::Direct {
            let people: Vec<&UserId> = roster.members().map(|member| member.user).collect();
            for user in &people {
                let others = people.iter().filter(|other| *other != user);
                writes
                    .extend(others.map(|other| Write::Check(keys::block(user, other), Expression::absent())));
            }
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
                    let is_refused = |refusal: &Refusal| matches!(refusal, Refusal::Condition(_));
                    // The first two writes are of the conversation itself.
                    if refusals.iter().take(2).any(is_refused) {
                        return Ok(Creating::Exists);
                    }
                    if refusals.iter().any(is_refused) {
                        return Ok(Creating::Blocked);
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
        let row = |item| roster_row_of(item).map_err(|error| self.malformed(error));
        let mut roster = rows.iter().map(row).collect::<Result<Roster, _>>()?;
        for item in rows.iter().filter(|item| is_blocking(item)) {
            roster.set_block(&row(item)?.0, true);
        }
        Ok(roster)
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

#[async_trait]
impl DirectPeers for DynamoConversations {
    async fn direct_peers(&self, user: &UserId) -> Result<Vec<(ConversationId, UserId)>, PortError> {
        Ok(self.membership_rows(user).await?.iter().filter_map(peer_of).collect())
    }
}

#[async_trait]
impl RosterPages for DynamoConversations {
    async fn page(
        &self,
        conversation: ConversationId,
        place: &RosterPlace,
        limit: usize,
    ) -> Result<RosterPage, PortError> {
        // One row more than is asked for tells whether there are more.
        let query = RangeQuery {
            partition: keys::conversation_partition(conversation),
            sort: SortRange::Prefix(keys::USER),
            descending: matches!(place, RosterPlace::Before(_)),
            consistent: false,
            limit: Some(i32::try_from(limit.saturating_add(1)).unwrap_or(i32::MAX)),
        };
        let start = match place {
            RosterPlace::First => None,
            RosterPlace::After(user) | RosterPlace::Before(user) => {
                Some(keys::roster_row(conversation, user))
            }
        };
        let page = self.table.page(&query, start).await?;
        let rows = page.items.iter().map(|item| roster_row_of(item).map_err(|error| self.malformed(error)));
        let mut rows = rows.collect::<Result<Vec<_>, _>>()?;
        let has_more = rows.len() > limit || (page.next.is_some() && rows.len() < limit);
        rows.truncate(limit);
        if query.descending {
            rows.reverse();
        }
        Ok(RosterPage { rows, has_more })
    }
}

#[async_trait]
impl MembershipSettings for DynamoConversations {
    async fn switch(
        &self,
        user: &UserId,
        conversation: ConversationId,
        setting: MembershipSetting,
        is_on: bool,
    ) -> Result<bool, PortError> {
        let attribute = match setting {
            MembershipSetting::Muted => MUTED,
            MembershipSetting::Archived => ARCHIVED,
        };
        for failures in 0..ATTEMPTS {
            pause(failures).await;
            let switched = Expression {
                text: "SET #setting = :on",
                names: vec![("#setting", attribute)],
                values: vec![(":on", AttributeValue::Bool(is_on))],
            };
            let key = keys::membership(user, conversation);
            match self.table.update_if(key, switched, "attribute_exists(pk)").await? {
                Written::Done => return Ok(true),
                Written::Refused(_) => return Ok(false),
                Written::Contended => {}
            }
        }
        Err(failed_because(self.table.port(), "UpdateItem", "transactions stayed in the way"))
    }
}
