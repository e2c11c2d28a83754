//! Messages over HTTP.

pub mod read;
pub mod send;
