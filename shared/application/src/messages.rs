//! Messages: sending them and reading them.

pub mod find;
pub mod history;
pub mod send;
