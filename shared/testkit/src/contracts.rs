//! What every keeper of a port owes its callers: one suite per port, run on the memory twin and on the real adapter alike.
//!
//! A suite expects an empty keeper, or one in which nobody else uses its conversations, and panics at the first promise that is broken.

pub mod attachments;
pub mod blocks;
pub mod connections;
pub mod conversation_cache;
pub mod conversations;
pub mod event_bus;
pub mod fixtures;
pub mod idempotency;
pub mod inspection;
pub mod message_log;
pub mod objects;
pub mod people;
pub mod presence;
pub mod rate_counters;
pub mod reads;
pub mod relay_bus;
pub mod rows;
pub mod tickets;
pub mod typing_board;
pub mod webhooks;
