//! How others are.

use crate::{request::read_presence::ReadPresence, signal::PresenceList, spec::operation::Operation};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get(
            "/api/messaging/presence/",
            "readPresence",
            "How those are who share a conversation with the user",
        )
        .query(ReadPresence::shape())
        .answers::<PresenceList>(200),
    ]
}
