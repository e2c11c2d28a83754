//! The log of a conversation: who writes to it and how, and what readers are told of it.

pub mod append;
pub mod change;
pub mod events;
pub mod rosters;
