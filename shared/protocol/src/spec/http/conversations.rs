//! Conversations.

use crate::{
    conversation::{AppendedConversation, Conversation, CreatedConversation},
    error_code::ErrorCode as E,
    message::Message,
    page::{LogPage, Page},
    request::{
        create_conversation::CreateConversation, create_direct::CreateDirect, create_task::CreateTask,
        list_conversations::ListConversations, read_log::ReadLog, read_messages::ReadMessages, retitle,
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
        Operation::patch(
            "/api/messaging/conversations/{id}/",
            "changeConversation",
            "Changes a conversation's title",
        )
        .body(retitle::optional_title_shape())
        .answers::<AppendedConversation>(200),
        Operation::delete(
            "/api/messaging/conversations/{id}/",
            "deleteConversation",
            "Closes a conversation for ever",
        )
        .answers_nothing(),
        Operation::get(
            "/api/messaging/conversations/ref/{type}/{id}/",
            "findConversationOfReference",
            "The conversation of a thing in another system",
        )
        .answers::<Conversation>(200)
        .versioned(),
        Operation::post(
            "/api/messaging/conversations/task/",
            "openTaskConversation",
            "The one conversation of a task: created the first time, found ever after",
        )
        .body(CreateTask::shape())
        .answers::<Conversation>(200)
        .answers::<CreatedConversation>(201)
        .located(),
        Operation::post(
            "/api/messaging/conversations/{id}/update_title/",
            "retitleConversation",
            "Gives another title",
        )
        .body(retitle::title_shape())
        .answers::<AppendedConversation>(200),
    ]
}
