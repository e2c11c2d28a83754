//! Memory twins of the ports, all over one state, with a gate at which a simulation lets things go wrong.

pub mod attachments;
pub mod blocks;
pub mod cloud;
pub mod connections;
pub mod conversations;
pub mod delivery;
pub mod environment;
pub mod event_bus;
pub mod gate;
pub mod idempotency;
pub mod identity;
pub mod inspection;
pub mod log;
pub mod objects;
pub mod people;
pub mod presence;
pub mod redis;
pub mod typing;
pub mod webhooks;
