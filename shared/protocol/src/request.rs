//! What clients ask for: each request with how it is read, and how the client library writes it.

pub mod begin_upload;
pub mod change_person;
pub mod change_webhook;
pub mod create_conversation;
pub mod create_direct;
pub mod create_task;
pub mod create_webhook;
pub mod delete_message;
pub mod edit_message;
pub mod list_conversations;
pub mod list_parts;
pub mod list_receipts;
pub mod mark_as_read;
pub mod participants;
pub mod read_log;
pub mod read_messages;
pub mod read_page;
pub mod read_presence;
pub mod retitle;
pub mod send_message;
pub mod set_presence;
pub mod sign_parts;
pub mod sync;
pub mod typing;
pub mod upload_file;
pub mod watch_presence;

use parlance_domain::ids::{ConversationId, MessageId};

use crate::{
    fields::{self, Fields},
    problem::Problem,
};

/// The text of `conversation_id`, which may be left out on a socket for one conversation (`scope`).
fn named_conversation<'a>(fields: &mut Fields<'a>, scope: Option<ConversationId>) -> Option<&'a str> {
    match scope {
        Some(_) => fields.optional("conversation_id", fields::text),
        None => fields.required("conversation_id", fields::text),
    }
}

/// The conversation that was named, or that the socket is for; on such a socket there is no other one.
fn conversation_in(named: Option<&str>, scope: Option<ConversationId>) -> Result<ConversationId, Problem> {
    let conversation = match named {
        Some(named) => {
            Some(fields::path_id(named)?).filter(|named| scope.is_none_or(|scope| scope == *named))
        }
        None => scope,
    };
    conversation.ok_or_else(Problem::not_found)
}

/// The message that was named; on a socket for one conversation there is none of another one.
fn message_in(named: &str, scope: Option<ConversationId>) -> Result<MessageId, Problem> {
    let id: MessageId = fields::path_id(named)?;
    let is_here = scope.is_none_or(|scope| scope == id.conversation);
    if is_here { Ok(id) } else { Err(Problem::not_found()) }
}
