//! Conversations: finding them, and reading what they are.

pub mod change;
pub mod create;
pub mod detail;
pub mod list;
pub mod log;
pub mod reader;
pub mod summary;
