//! Conversations: finding them, and reading what they are.

pub mod change;
pub mod close;
pub mod create;
pub mod detail;
pub mod list;
pub mod log;
pub mod reader;
pub mod retitle;
pub mod settings;
pub mod standing;
pub mod summary;
pub mod sync;
