//! Conversations.

use crate::{
    conversation::{Conversation, CreatedConversation},
    error_code::ErrorCode as E,
    message::Message,
    page::{LogPage, Page},
    request::{
        create_conversation::CreateConversation, create_direct::CreateDirect,
        list_conversations::ListConversations, read_log::ReadLog, read_messages::ReadMessages,
    },
    spec::operation::Operation,
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get(
            "/api/messaging/conversations/",
            "listConversations",
            "The user's conversations, most recent activity first",
        )
        .query(ListConversations::shape())
        .answers::<Page<Conversation>>(200)
        .refuses(&[E::Malformed]),
        Operation::post(
            "/api/messaging/conversations/",
            "createConversation",
            "Creates a conversation of any kind but `direct`",
        )
        .body(CreateConversation::shape())
        .answers::<CreatedConversation>(201)
        .located(),
        Operation::post(
            "/api/messaging/conversations/direct/",
            "openDirectConversation",
            "The one conversation of the user and another person: created the first time, found ever after",
        )
        .body(CreateDirect::shape())
        .answers::<Conversation>(200)
        .answers::<CreatedConversation>(201)
        .located(),
        Operation::get("/api/messaging/conversations/{id}/", "readConversation", "One conversation")
            .answers::<Conversation>(200)
            .versioned(),
        Operation::get(
            "/api/messaging/conversations/{id}/messages/",
            "listMessages",
            "A page of messages, newest first; it may be short, `next` decides whether there is more",
        )
        .query(ReadMessages::shape())
        .answers::<Page<Message>>(200)
        .refuses(&[E::Malformed]),
        Operation::get(
            "/api/messaging/conversations/{id}/log/",
            "readLog",
            "The entries after a position, in order and without a gap, as events",
        )
        .query(ReadLog::shape())
        .answers::<LogPage>(200),
    ]
}
