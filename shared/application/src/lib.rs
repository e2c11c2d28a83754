//! What a user can do: one use case per file, the ports that they need, and the delivery core.
//!
//! Use cases take proofs and values of the domain and speak to the outside only through [`ports`]. To add a port: a trait here, a memory
//! twin and a contract suite in `testkit`, an adapter in `adapters`.

pub mod attachments;
pub mod connections;
pub mod conversations;
pub mod delivery;
pub mod limits;
pub mod log;
pub mod messages;
pub mod participants;
pub mod people;
pub mod ports;
pub mod presence;
pub mod reads;
pub mod safeguards;
pub mod sessions;
pub mod tickets;
pub mod typing;
pub mod webhooks;
