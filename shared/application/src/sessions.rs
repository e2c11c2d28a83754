//! Sessions: who is calling, whether he may, and what he missed while he was away.

pub mod admit;
pub mod authenticate;
pub mod resume;
pub mod service;
