//! Messages: sending, reading, editing and deleting them, and what of them was read.

pub mod delete;
pub mod edit;
mod files;
pub mod find;
pub mod history;
pub mod mark_as_read;
pub mod mention;
pub mod send;
mod target;
