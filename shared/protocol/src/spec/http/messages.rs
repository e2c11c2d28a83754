//! Messages.

use crate::{
    error_code::ErrorCode as E,
    message::{Message, SentMessageBody},
    request::send_message::SendMessage,
    spec::operation::{Operation, Rate},
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::post(
            "/api/messaging/messages/",
            "sendMessage",
            "Sends a message: 201, or 200 for a retry, with the message as it is now",
        )
        .body(SendMessage::shape())
        .answers::<SentMessageBody>(200)
        .answers::<SentMessageBody>(201)
        .located()
        .counts_as(Rate::Send)
        .refuses(&[E::NotFound, E::OutOfDate, E::AttachmentNotClean]),
        Operation::get(
            "/api/messaging/messages/{id}/",
            "readMessage",
            "One message as it stands; its `ETag` is its version",
        )
        .answers::<Message>(200)
        .versioned(),
    ]
}
