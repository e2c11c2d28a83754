//! Sessions: who is calling, and what he missed while he was away.

pub mod authenticate;
pub mod resume;
pub mod service;
