//! Sessions: who is calling.

pub mod authenticate;
