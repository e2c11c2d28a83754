//! What HTTP asks: one file per endpoint, grouped by resource.

pub mod attachments;
pub mod conversations;
pub mod messages;
pub mod people;
pub mod presence;
pub mod service;
pub mod tickets;
pub mod webhooks;
