//! Every operation over HTTP, grouped by resource as the functions are.

mod conversations;
mod messages;
mod service;
mod sync;
mod tickets;
mod webhooks;

use super::operation::Operation;

/// Every operation.
pub fn operations() -> Vec<Operation> {
    [
        conversations::operations(),
        messages::operations(),
        service::operations(),
        sync::operations(),
        tickets::operations(),
        webhooks::operations(),
    ]
    .concat()
}
