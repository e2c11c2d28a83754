//! What can be asked of the service itself.

pub mod health;
pub mod limits;
pub mod specifications;
