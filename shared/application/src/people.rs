//! People: how they appear, and whether they may come in.

pub mod block;
pub mod change;
pub mod find;
