//! What is true in Parlance: identifiers, values, the log of a conversation, its members and their rights. No I/O, no clock, no async.

pub mod attachment;
pub mod authority;
pub mod base32;
pub mod connection;
pub mod conversation;
pub mod event;
pub mod head;
pub mod ids;
pub mod log;
pub mod message;
pub mod permissions;
pub mod presence;
pub mod profile;
pub mod roster;
pub mod signal;
pub mod time;
pub mod webhook;
