//! Conversations over HTTP.

pub mod create;
pub mod detail;
pub mod direct;
pub mod list;
pub mod log;
pub mod messages;
pub mod sync;

use parlance_application::conversations::summary::Summary;
use parlance_edge::{Refusal, http::Reply};
use parlance_protocol::conversation::CreatedConversation;

use crate::rendering::conversation as rendered;

/// The answer to its creator: the conversation, with where it can be read from now on.
fn created(summary: &Summary) -> Result<Reply, Refusal> {
    let created = CreatedConversation::from(rendered(summary));
    let location = format!("/api/messaging/conversations/{}/", created.conversation_id);
    Ok(Reply::created(&created)?.at(location))
}
