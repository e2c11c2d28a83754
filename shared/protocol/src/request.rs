//! What clients ask for: each request with how it is read, and how the client library writes it.

pub mod change_person;
pub mod change_webhook;
pub mod create_conversation;
pub mod create_direct;
pub mod create_task;
pub mod create_webhook;
pub mod list_conversations;
pub mod participants;
pub mod read_log;
pub mod read_messages;
pub mod read_page;
pub mod read_presence;
pub mod retitle;
pub mod send_message;
pub mod set_presence;
pub mod sync;
pub mod typing;
pub mod watch_presence;
