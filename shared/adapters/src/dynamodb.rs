//! DynamoDB: the log, conversations, connections, people, attachments, tickets, signing keys and webhooks, in two tables.

mod attachments;
mod attributes;
mod blocks;
mod body;
mod capacity;
mod connections;
mod conversations;
mod entry;
mod idempotency;
mod keys;
mod message_log;
mod people;
mod presence;
mod retry;
mod rows;
mod rows_of_many;
mod signing_keys;
mod stream;
mod table;
mod tickets;
mod webhooks;

pub(crate) use self::connections::{decode_scope, encode_scope};
pub use self::{
    attachments::DynamoAttachments,
    blocks::DynamoBlocks,
    capacity::{CapacityMeter, Usage},
    connections::DynamoConnections,
    conversations::DynamoConversations,
    idempotency::DynamoIdempotency,
    message_log::DynamoMessageLog,
    people::DynamoPeople,
    presence::DynamoPresence,
    rows_of_many::DynamoRows,
    signing_keys::{DynamoSigningKeys, FetchedKeys},
    stream::{NewLogEntry, UnreadableRecord, new_log_entry, removed_attachment},
    table::Table,
    tickets::DynamoTickets,
    webhooks::DynamoWebhooks,
};
