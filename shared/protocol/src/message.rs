//! A message on the wire.

use std::borrow::Cow;

use parlance_domain::{
    ids::{ClientMessageId, ConversationId, MessageId, UserId},
    message::{MessageKind, Metadata, PlacedMessage},
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{attachment::Attachment, spec::schemas::names, wire_time::WireTime};

/// A message as it stands now. Of a deleted one the tombstone is left: texts and lists are empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The conversation that it stands in.
    pub conversation_id: ConversationId,
    /// Its position in the log.
    pub seq: u64,
    /// Its ordinal among what a person counts.
    pub n: u64,
    /// 1 when sent, one more with each edit.
    pub version: u64,
    /// `text`, `voice`, or a kind of a newer server.
    #[schemars(schema_with = "kinds")]
    pub kind: Cow<'static, str>,
    /// Who sent it.
    pub sender_id: UserId,
    /// The sender's own id of it.
    #[serde(default)]
    pub client_id: Option<ClientMessageId>,
    /// The text, byte for byte as it was sent.
    pub content: String,
    /// The files.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// The message that this one answers.
    #[serde(default)]
    pub reply_to: Option<MessageId>,
    /// The message whose thread this one belongs to.
    #[serde(default)]
    pub thread_id: Option<MessageId>,
    /// The users named in it.
    #[serde(default)]
    pub mentions: Vec<UserId>,
    /// The client's own data.
    #[serde(default)]
    #[schemars(schema_with = "own_data")]
    pub metadata: Option<Value>,
    /// When it was sent.
    pub created_at: WireTime,
    /// When it was last edited.
    #[serde(default)]
    pub edited_at: Option<WireTime>,
    /// Whether only the tombstone is left.
    #[serde(default)]
    pub deleted: bool,
}

fn kinds(_: &mut SchemaGenerator) -> Schema {
    names(MessageKind::ALL.map(MessageKind::as_str))
}

fn own_data(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": ["object", "null"]})
}

impl From<&PlacedMessage> for Message {
    fn from(placed: &PlacedMessage) -> Self {
        let conversation = placed.id.conversation;
        let message = &placed.message;
        let shown = (!message.deleted).then_some(&message.body);
        let in_conversation = |seq| MessageId::new(conversation, seq);
        let metadata = shown.and_then(|body| body.metadata.as_ref()).map(Metadata::as_json);
        Self {
            id: placed.id,
            conversation_id: conversation,
            seq: placed.id.seq.get(),
            n: placed.n,
            version: message.version,
            kind: Cow::Borrowed(message.body.kind.as_str()),
            sender_id: placed.sender.clone(),
            client_id: placed.client_id.clone(),
            content: shown.map(|body| body.content.as_str().to_owned()).unwrap_or_default(),
            attachments: message.files.iter().map(Attachment::from).collect(),
            reply_to: shown.and_then(|body| body.reply_to).map(in_conversation),
            thread_id: shown.and_then(|body| body.thread).map(in_conversation),
            mentions: shown.map(|body| body.mentions.clone()).unwrap_or_default(),
            metadata: metadata.and_then(|json| serde_json::from_str(json).ok()),
            created_at: placed.created_at.into(),
            edited_at: message.edited_at.map(WireTime),
            deleted: message.deleted,
        }
    }
}

/// What sending a message yields: the data of the ack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SentMessage {
    /// The message as it stands now.
    pub message: Message,
    /// Whether an earlier attempt had stored it already.
    pub duplicate: bool,
}

/// What sending a message yields over HTTP: `conversation_id` and `seq` stand in it where an ack has them beside its data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SentMessageBody {
    /// The message and whether it is a duplicate.
    #[serde(flatten)]
    pub sent: SentMessage,
    /// The conversation of the entry that was appended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<ConversationId>,
    /// The entry that was appended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
}

impl From<SentMessage> for SentMessageBody {
    fn from(sent: SentMessage) -> Self {
        let appended = (!sent.duplicate).then_some((sent.message.conversation_id, sent.message.seq));
        Self { sent, conversation_id: appended.map(|(id, _)| id), seq: appended.map(|(_, seq)| seq) }
    }
}
