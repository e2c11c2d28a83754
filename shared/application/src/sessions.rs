//! Sessions: who is calling.

pub mod authenticate;
pub mod service;
