//! Every operation over HTTP, grouped by resource as the functions are.

mod attachments;
mod conversations;
mod messages;
mod participants;
mod people;
mod presence;
mod service;
mod settings;
mod sync;
mod tickets;
mod webhooks;

use super::operation::Operation;

/// Every operation.
pub fn operations() -> Vec<Operation> {
    [
        attachments::operations(),
        conversations::operations(),
        participants::operations(),
        settings::operations(),
        messages::operations(),
        people::operations(),
        presence::operations(),
        service::operations(),
        sync::operations(),
        tickets::operations(),
        webhooks::operations(),
    ]
    .concat()
}
