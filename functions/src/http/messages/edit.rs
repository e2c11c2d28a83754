//! `PATCH /api/messaging/messages/{id}` → 200: another text for a message, `If-Match` or `if_version` permitting.

use async_trait::async_trait;
use parlance_application::messages::edit::{Edit, EditMessage};
use parlance_domain::ids::MessageId;
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
    telemetry::{self, Noted},
};
use parlance_protocol::{message::Message, request::edit_message};

/// Edits messages over HTTP.
pub struct MessageEdit {
    edit: EditMessage,
}

impl MessageEdit {
    /// Edits by this use case.
    pub const fn new(edit: EditMessage) -> Self {
        Self { edit }
    }
}

#[async_trait]
impl HttpRoute for MessageEdit {
    fn key(&self) -> &'static str {
        "PATCH /api/messaging/messages/{id}"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let id: MessageId = request.parts.path_id("id")?;
        let new = edit_message::EditMessage::parse(&request.parts.json()?)?;
        telemetry::note(Noted::Conversation(id.conversation.to_string().as_str()));
        let edit = Edit {
            editor: request.caller.caller(),
            id,
            content: new.content,
            if_versions: wanted(request.parts.if_match(), new.if_version),
            from: None,
        };
        let message = Message::from(&self.edit.execute(edit).await?.message);
        Ok(Reply::ok(&message)?.with_etag(&message.version.to_string()))
    }
}

/// The versions that satisfy both the header and the body.
fn wanted(header: Option<Vec<u64>>, body: Option<u64>) -> Option<Vec<u64>> {
    match (header, body) {
        (Some(versions), Some(version)) => {
            Some(versions.into_iter().filter(|wanted| *wanted == version).collect())
        }
        (versions, version) => versions.or_else(|| version.map(|version| vec![version])),
    }
}
