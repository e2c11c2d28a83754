//! The durable registry of open sockets in DynamoDB.

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream};
use parlance_application::ports::{
    PortError,
    connections::{ConnectionDirectory, Registration},
};
use parlance_domain::{
    connection::{Connection, SocketScope},
    ids::{ConnectionId, ConversationId, UserId},
    time::Timestamp,
};

use super::{
    attributes::{
        EXPIRES_AT, Item, ItemBuilder, MalformedItem, need_text, need_time, number, number_value, text_value,
        time_value,
    },
    keys,
    table::{RangeQuery, SortRange, Table},
};

/// How many users are looked up at once.
const CONCURRENT_LOOKUPS: usize = 32;

const SCOPE: &str = "scope";
const TOKEN_EXPIRES_AT: &str = "token_expires_at";
const OPENED_AT: &str = "opened_at";

/// Keeps connections in the table `connections`.
#[derive(Debug, Clone)]
pub struct DynamoConnections {
    table: Table,
}

impl DynamoConnections {
    /// Keeps them in this table.
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Read strongly: whoever appends after a socket was registered must find it.
    async fn rows(&self, user: &UserId) -> Result<Vec<Item>, PortError> {
        let query = RangeQuery {
            partition: keys::user_partition(user),
            sort: SortRange::Prefix(keys::CONNECTION),
            descending: false,
            consistent: true,
            limit: None,
        };
        self.table.all(&query).await
    }

    async fn of_user(&self, user: &UserId) -> Result<Vec<Connection>, PortError> {
        let rows = self.rows(user).await?;
        let connections = rows.iter().map(|item| connection_of(user, item)).collect::<Result<_, _>>();
        connections.map_err(|error| PortError::new(self.table.port(), error))
    }
}

#[async_trait]
impl ConnectionDirectory for DynamoConnections {
    async fn register(&self, connection: &Connection, now: Timestamp) -> Result<Registration, PortError> {
        self.table.put(item_of(connection), None).await?;
        let rows = self.rows(&connection.user).await?;
        let living =
            rows.iter().filter(|item| number(item, EXPIRES_AT).is_none_or(|expiry| expiry > now.as_secs()));
        if living.count() <= Connection::MAX_PER_USER {
            return Ok(Registration::Registered);
        }
        self.forget(&connection.user, &connection.id).await?;
        Ok(Registration::TooMany)
    }

    async fn announce(&self, user: &UserId) -> Result<Vec<Connection>, PortError> {
        self.of_user(user).await
    }

    async fn forget(&self, user: &UserId, id: &ConnectionId) -> Result<(), PortError> {
        self.table.take(keys::connection(user, id)).await.map(drop)
    }

    async fn of_users(&self, users: &[UserId]) -> Result<Vec<Connection>, PortError> {
        let lookups: Vec<_> = users.iter().map(|user| self.of_user(user)).collect();
        stream::iter(lookups).buffer_unordered(CONCURRENT_LOOKUPS).try_concat().await
    }
}

fn item_of(connection: &Connection) -> Item {
    ItemBuilder::new(keys::connection(&connection.user, &connection.id))
        .with(SCOPE, text_value(encode_scope(connection.scope)))
        .with(TOKEN_EXPIRES_AT, time_value(connection.expires_at))
        .with(OPENED_AT, time_value(connection.opened_at))
        .with(EXPIRES_AT, number_value(connection.ends_at().as_secs() + 1))
        .build()
}

fn connection_of(user: &UserId, item: &Item) -> Result<Connection, MalformedItem> {
    let id = keys::connection_of(need_text(item, keys::SORT)?);
    Ok(Connection {
        id: id.ok_or(MalformedItem { attribute: keys::SORT })?,
        user: user.clone(),
        scope: decode_scope(need_text(item, SCOPE)?).ok_or(MalformedItem { attribute: SCOPE })?,
        expires_at: need_time(item, TOKEN_EXPIRES_AT)?,
        opened_at: need_time(item, OPENED_AT)?,
    })
}

/// A scope as a short text, for items and for the cache.
pub fn encode_scope(scope: SocketScope) -> String {
    match scope {
        SocketScope::Messaging => "messaging".into(),
        SocketScope::Presence => "presence".into(),
        SocketScope::Conversation(id) => format!("conversation:{id}"),
        SocketScope::Typing(id) => format!("typing:{id}"),
    }
}

/// Reads a scope back.
pub fn decode_scope(text: &str) -> Option<SocketScope> {
    let conversation = |id| ConversationId::parse(id).ok();
    match text.split_once(':') {
        None if text == "messaging" => Some(SocketScope::Messaging),
        None if text == "presence" => Some(SocketScope::Presence),
        Some(("conversation", id)) => conversation(id).map(SocketScope::Conversation),
        Some(("typing", id)) => conversation(id).map(SocketScope::Typing),
        _ => None,
    }
}
