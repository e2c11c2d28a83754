//! `message.edit` and `PATCH /api/messaging/messages/{id}/`: another text for a message.

use parlance_domain::{
    ids::{ConversationId, MessageId},
    message::MessageContent,
};

use super::message_in;
use crate::{
    fields::{self, Fields, Object},
    problem::Problem,
    spec::shape::Shape,
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

    /// What [`Self::parse`] takes.
    pub fn shape() -> Shape {
        let content = Shape::text(MessageContent::MAX_BYTES).matching(r"^[^\u0000]*$");
        Shape::object()
            .required(
                "content",
                "The text, kept byte for byte: at most 16 KiB, without U+0000, blank only beside attachments.",
                content,
            )
            .optional("if_version", "The version that it is to replace.", Shape::number(0))
    }

    /// What [`Self::parse_frame`] takes. A message that cannot exist is not there, so its id is any text here.
    pub fn frame_shape() -> Shape {
        Self::shape().required("message_id", "The message.", Shape::any_text())
    }

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let content = fields.required("content", |value| {
            // Whether it may be blank shows once the message is read.
            MessageContent::parse(fields::text(value)?, true).map_err(|invalid| invalid.to_string())
        });
        let if_version = fields.optional("if_version", fields::number);
        content.map(|content| Self { content, if_version })
    }
}
