//! The log as use cases work with it.

pub mod events;
