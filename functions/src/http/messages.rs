//! Messages over HTTP.

pub mod delete;
pub mod edit;
pub mod mark_as_read;
pub mod read;
pub mod send;
pub mod unread_count;
