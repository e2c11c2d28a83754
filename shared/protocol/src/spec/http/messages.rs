//! Messages.

use crate::{
    error_code::ErrorCode as E,
    message::{Message, SentMessageBody},
    read_state::{ReadState, UnreadCount},
    request::{edit_message::EditMessage, mark_as_read::MarkAsRead, send_message::SendMessage},
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
        Operation::patch(
            "/api/messaging/messages/{id}/",
            "editMessage",
            "Another text for a message of the user's own",
        )
        .body(EditMessage::shape())
        .answers::<Message>(200)
        .tagged()
        .conditional()
        .refuses(&[E::Conflict]),
        Operation::delete(
            "/api/messaging/messages/{id}/delete/",
            "deleteMessage",
            "Removes a message: its tombstone is left. Done again, it is done already",
        )
        .answers_nothing(),
        Operation::post(
            "/api/messaging/messages/mark_as_read/",
            "markAsRead",
            "Moves the user's read cursor, which only goes forward",
        )
        .body(MarkAsRead::shape())
        .answers::<ReadState>(200)
        .refuses(&[E::NotFound]),
        Operation::get(
            "/api/messaging/messages/unread_count/",
            "countUnread",
            "What the user has not read, in all and per conversation",
        )
        .answers::<UnreadCount>(200),
    ]
}
