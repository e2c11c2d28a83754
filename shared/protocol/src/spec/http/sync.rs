//! Coming back.

use crate::{
    request::sync::Sync,
    spec::operation::{Operation, Rate},
    sync::Synced,
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/api/messaging/sync/", "sync", "What a client missed, for clients without sockets")
            .body(Sync::shape())
            .answers::<Synced>(200)
            .answered_anew()
            .counts_as(Rate::Read),
    ]
}
