//! `message.edit` and `PATCH /api/messaging/messages/{id}/`: another text for a message.

use parlance_domain::{
    ids::{ConversationId, MessageId},
    message::MessageContent,
};

use super::message_in;
use crate::{
    fields::{self, Fields, Object},
    problem::Problem,
};

/// The new text of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditMessage {
    /// The text.
    pub content: MessageContent,
    /// The version that it is to replace, if the editor insists on it.
    pub if_version: Option<u64>,
}

impl EditMessage {
    /// Reads the body of a request whose path names the message.
    pub fn parse(body: &Object) -> Result<Self, Problem> {
        let mut fields = Fields::of(body);
        let edit = Self::read(&mut fields);
        fields.finish(edit)
    }

    /// Reads the data of a frame, which names the message too.
    pub fn parse_frame(data: &Object, scope: Option<ConversationId>) -> Result<(MessageId, Self), Problem> {
        let mut fields = Fields::of(data);
        let named = fields.required("message_id", fields::text);
        let edit = Self::read(&mut fields);
        let (named, edit) = fields.finish(named.zip(edit))?;
        Ok((message_in(named, scope)?, edit))
    }

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let content = fields.required("content", |value| {
            MessageContent::parse(fields::text(value)?, false).map_err(|invalid| invalid.to_string())
        });
        let if_version = fields.optional("if_version", fields::number);
        content.map(|content| Self { content, if_version })
    }
}
