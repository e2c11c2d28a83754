//! `message.send` and `POST /api/messaging/messages/`: a message for a conversation.

use parlance_domain::{
    head::Seq,
    ids::{AttachmentId, ClientMessageId, ConversationId, MessageId, UserId},
    message::{MessageBody, MessageContent, MessageKind, Metadata},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{conversation_in, named_conversation};
use crate::{
    fields::{self, Fields, Object},
    problem::Problem,
    spec::shape::Shape,
};

/// What is to be sent, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendMessage {
    /// The conversation.
    pub conversation: ConversationId,
    /// The client's own id of the message, which every retry carries.
    pub client_id: Option<ClientMessageId>,
    /// The last position that the client knew when it first queued the message. 0 is taken as 1: the first entry is no message.
    pub after: Option<Seq>,
    /// What is said.
    pub body: MessageBody,
}

impl SendMessage {
    /// Reads the data. On a socket for one conversation (`scope`) the conversation may be left out, and no other can be named.
    pub fn parse(data: &Object, scope: Option<ConversationId>) -> Result<Self, Problem> {
        let mut fields = Fields::of(data);
        let named = named_conversation(&mut fields, scope);
        let client_id = fields.optional("client_id", fields::parsed);
        let after = fields.optional("after", |value| {
            Ok(Seq::new(fields::number(value)?.clamp(1, Seq::MAX.get())).unwrap_or(Seq::MAX))
        });
        let (body, replies) = body(&mut fields);
        fields.finish(Some(()))?;
        let conversation = conversation_in(named, scope)?;
        let [reply_to, thread] = within(conversation, replies)?;
        Ok(Self { conversation, client_id, after, body: MessageBody { reply_to, thread, ..body } })
    }
}

impl SendMessage {
    /// What [`Self::parse`] takes. A conversation that cannot exist is not there, so its id is any text here.
    pub fn shape() -> Shape {
        let kinds = MessageKind::ALL.map(MessageKind::as_str);
        Shape::object()
            .required(
                "conversation_id",
                "The conversation. On a socket of one conversation it may be left out.",
                Shape::any_text(),
            )
            .optional(
                "client_id",
                "The client's own id of the message, which every retry carries.",
                Shape::id::<ClientMessageId>(),
            )
            .optional(
                "after",
                "The last `seq` that the client knew when it first queued the message.",
                Shape::number(0),
            )
            .optional(
                "content",
                "The text, kept byte for byte: at most 16 KiB without U+0000, blank only beside attachments.",
                Shape::text(MessageContent::MAX_BYTES).matching(r"^[^\u0000]*$"),
            )
            .optional(
                "attachments",
                "The ids of files that the sender has uploaded.",
                Shape::list(Shape::id::<AttachmentId>(), MessageBody::MAX_ATTACHMENTS),
            )
            .optional(
                "reply_to",
                "The message of the same conversation that it answers.",
                Shape::id::<MessageId>(),
            )
            .optional(
                "thread_id",
                "The message of the same conversation whose thread it belongs to.",
                Shape::id::<MessageId>(),
            )
            .optional(
                "mentions",
                "The users named in it.",
                Shape::list(Shape::id::<UserId>(), MessageBody::MAX_MENTIONS),
            )
            .optional(
                "kind",
                "What sort of message it is.",
                Shape::name(kinds).or(MessageKind::Text.as_str()),
            )
            .optional(
                "metadata",
                "The client's own data, at most 4 KiB as compact JSON.",
                Shape::any_object(),
            )
    }
}

const REFERENCES: [&str; 2] = ["reply_to", "thread_id"];

fn body(fields: &mut Fields<'_>) -> (MessageBody, [Option<MessageId>; 2]) {
    let kind = fields
        .optional("kind", |value| fields::name(MessageKind::parse, value, "text, voice"))
        .unwrap_or_default();
    let attachments = fields.list("attachments", MessageBody::MAX_ATTACHMENTS, fields::parsed);
    if has_twice(&attachments) {
        fields.refuse("attachments", "each file once");
    }
    let content = fields.optional("content", fields::text);
    let content = if content.is_none() && fields.has("content") {
        MessageContent::default()
    } else {
        MessageContent::parse(content.unwrap_or_default(), !attachments.is_empty()).unwrap_or_else(
            |invalid| {
                fields.refuse("content", invalid.to_string());
                MessageContent::default()
            },
        )
    };
    let mentions = fields.list("mentions", MessageBody::MAX_MENTIONS, fields::parsed);
    let metadata =
        fields.optional("metadata", |value| Metadata::parse(value).map_err(|invalid| invalid.to_string()));
    let replies = REFERENCES.map(|name| fields.optional(name, fields::parsed));
    (MessageBody { kind, content, attachments, reply_to: None, thread: None, mentions, metadata }, replies)
}

/// A message takes a file once.
fn has_twice(files: &[AttachmentId]) -> bool {
    files.iter().enumerate().any(|(place, file)| files.iter().take(place).any(|before| before == file))
}

/// Other messages are named by id, and must stand in the same conversation.
fn within(
    conversation: ConversationId,
    messages: [Option<MessageId>; 2],
) -> Result<[Option<Seq>; 2], Problem> {
    for (name, message) in REFERENCES.iter().zip(messages) {
        if message.is_some_and(|message| message.conversation != conversation) {
            return Err(Problem::invalid(format!("/{name}"), "must be a message of the same conversation"));
        }
    }
    Ok(messages.map(|message| message.map(|message| message.seq)))
}

/// The data of `message.send` as a client writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SendMessageData {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The client's own id of the message.
    pub client_id: ClientMessageId,
    /// The last position that the client knew when it first queued the message.
    pub after: u64,
    /// What is said.
    #[serde(flatten)]
    pub draft: Draft,
}

/// A message that is still its writer's: what he says, without where and when.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Draft {
    /// The text.
    pub content: String,
    /// `voice`, where it is not a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The ids of files that were uploaded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<String>,
    /// The message that this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    /// The message whose thread this one belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<MessageId>,
    /// The users named in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<String>,
    /// The application's own data, a JSON object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
}

impl Draft {
    /// A message of words alone.
    pub fn text(content: impl Into<String>) -> Self {
        Self { content: content.into(), ..Self::default() }
    }
}
