//! Tickets.

use crate::{spec::operation::Operation, ticket::IssuedTicket};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::post(
            "/api/messaging/ws/ticket/",
            "issueTicket",
            "A pass for one handshake within 30 seconds, so that a token need not stand in an access log",
        )
        .answered_anew()
        .answers::<IssuedTicket>(201),
    ]
}
