//! DynamoDB: the log, conversations, connections, tickets, signing keys and webhooks, in two tables.

mod attributes;
mod body;
mod capacity;
mod connections;
mod conversations;
mod entry;
mod idempotency;
mod keys;
mod message_log;
mod retry;
mod rows;
mod signing_keys;
mod stream;
mod table;
mod tickets;
mod webhooks;

pub(crate) use self::connections::{decode_scope, encode_scope};
pub use self::{
    capacity::{CapacityMeter, Usage},
    connections::DynamoConnections,
    conversations::DynamoConversations,
    idempotency::DynamoIdempotency,
    message_log::DynamoMessageLog,
    signing_keys::{DynamoSigningKeys, FetchedKeys},
    stream::{NewLogEntry, UnreadableRecord, new_log_entry},
    table::Table,
    tickets::DynamoTickets,
    webhooks::DynamoWebhooks,
};
