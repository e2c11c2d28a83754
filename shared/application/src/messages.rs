//! Messages: sending them and reading them.

pub mod edit;
pub mod find;
pub mod history;
pub mod mark_as_read;
pub mod send;
