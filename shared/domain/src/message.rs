//! What people say: the values of a message, parsed once, and the message as it stands.

use crate::{
    attachment::AttachedFile,
    head::Seq,
    ids::{AttachmentId, ClientMessageId, MessageId, UserId},
    time::Timestamp,
};

/// Why a value of a message is refused, as a phrase for the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidValue {
    /// The value is longer than its limit.
    #[error("at most {limit} {unit}")]
    TooLong {
        /// The limit.
        limit: usize,
        /// What the limit counts.
        unit: &'static str,
    },
    /// The value breaks a rule other than its length.
    #[error("{0}")]
    Refused(&'static str),
}

/// The text of a message, byte for byte as it was sent: at most 16 KiB, without U+0000. Empty only beside attachments.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MessageContent(Box<str>);

impl MessageContent {
    /// The largest text in bytes of UTF-8.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// Checks the text; `has_attachments` allows it to be blank.
    pub fn parse(text: &str, has_attachments: bool) -> Result<Self, InvalidValue> {
        if text.len() > Self::MAX_BYTES {
            return Err(InvalidValue::TooLong { limit: Self::MAX_BYTES, unit: "bytes" });
        }
        if text.contains('\0') {
            return Err(InvalidValue::Refused("must not contain U+0000"));
        }
        if !has_attachments && text.trim().is_empty() {
            return Err(InvalidValue::Refused("must not be blank without attachments"));
        }
        Ok(Self(text.into()))
    }

    /// Takes a text that was checked when it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text.into_boxed_str())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing to read.
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }
}

/// The client's own JSON object on a message: at most 4 KiB as compact JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata(Box<str>);

impl Metadata {
    /// The largest metadata in bytes of compact JSON.
    pub const MAX_BYTES: usize = 4 * 1024;

    /// Checks that the value is an object and fits.
    pub fn parse(value: &serde_json::Value) -> Result<Self, InvalidValue> {
        if !value.is_object() {
            return Err(InvalidValue::Refused("must be a JSON object"));
        }
        let json = value.to_string();
        if json.len() > Self::MAX_BYTES {
            return Err(InvalidValue::TooLong { limit: Self::MAX_BYTES, unit: "bytes of JSON" });
        }
        Ok(Self(json.into_boxed_str()))
    }

    /// Takes JSON that was checked when it was stored.
    pub fn from_stored(json: String) -> Self {
        Self(json.into_boxed_str())
    }

    /// The object as compact JSON.
    pub fn as_json(&self) -> &str {
        &self.0
    }
}

/// What sort of message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MessageKind {
    /// Words, perhaps with files.
    #[default]
    Text,
    /// A recording: exactly one attachment, which is audio.
    Voice,
}

impl MessageKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Text, Self::Voice];

    /// The name on the wire and in the tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Voice => "voice",
        }
    }

    /// Reads a name back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// What a sender says: the part of a message that is his.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MessageBody {
    /// What sort of message it is.
    pub kind: MessageKind,
    /// The text.
    pub content: MessageContent,
    /// The files, at most [`MessageBody::MAX_ATTACHMENTS`].
    pub attachments: Vec<AttachmentId>,
    /// The message of the same conversation that this one answers.
    pub reply_to: Option<Seq>,
    /// The message of the same conversation whose thread this one belongs to.
    pub thread: Option<Seq>,
    /// The users named in it, at most [`MessageBody::MAX_MENTIONS`].
    pub mentions: Vec<UserId>,
    /// The client's own data.
    pub metadata: Option<Metadata>,
}

impl MessageBody {
    /// The most files that one message carries.
    pub const MAX_ATTACHMENTS: usize = 10;
    /// The most users that one message mentions.
    pub const MAX_MENTIONS: usize = 50;

    /// How many bytes its texts hold, which is nearly all of its size.
    pub fn text_bytes(&self) -> usize {
        self.content.as_str().len() + self.metadata.as_ref().map_or(0, |metadata| metadata.as_json().len())
    }
}

/// A message as its entry in the log holds it now: edits and deletions change it in place, and are entries of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What was said; empty once deleted.
    pub body: MessageBody,
    /// Its files as they were known last, in the order in which the body names them; none once deleted.
    pub files: Vec<AttachedFile>,
    /// 1 when sent, one more with each edit and each file of which more is known.
    pub version: u64,
    /// The entry that last changed it: its own until it is edited or deleted.
    pub since: Seq,
    /// When it was last edited.
    pub edited_at: Option<Timestamp>,
    /// Whether only the tombstone is left.
    pub deleted: bool,
}

impl Message {
    /// A message as it is first written at `seq`.
    pub const fn sent(body: MessageBody, seq: Seq) -> Self {
        Self { body, files: Vec::new(), version: 1, since: seq, edited_at: None, deleted: false }
    }

    /// The same with its files.
    #[must_use]
    pub fn with_files(self, files: Vec<AttachedFile>) -> Self {
        Self { files, ..self }
    }
}

/// A message together with its place in the log: what clients are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedMessage {
    /// Conversation and position.
    pub id: MessageId,
    /// Its ordinal among the entries that a person counts.
    pub n: u64,
    /// Who sent it.
    pub sender: UserId,
    /// The client's own id of it.
    pub client_id: Option<ClientMessageId>,
    /// When it was sent.
    pub created_at: Timestamp,
    /// The message as it stands.
    pub message: Message,
}

impl PlacedMessage {
    /// Drops what refers to messages below `first`, for a reader whose log begins there.
    pub fn hide_before(&mut self, first: Seq) {
        let body = &mut self.message.body;
        body.reply_to = body.reply_to.filter(|seq| *seq >= first);
        body.thread = body.thread.filter(|seq| *seq >= first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_byte_for_byte_or_refused() {
        let text = "  e\u{301}\u{202e} \n";
        assert_eq!(MessageContent::parse(text, false).unwrap().as_str(), text);
        assert!(MessageContent::parse(" \n", false).is_err());
        assert!(MessageContent::parse(" \n", true).is_ok());
        assert!(MessageContent::parse("a\0b", true).is_err());
        assert!(MessageContent::parse(&"x".repeat(MessageContent::MAX_BYTES), false).is_ok());
        assert!(MessageContent::parse(&"x".repeat(MessageContent::MAX_BYTES + 1), false).is_err());
    }

    #[test]
    fn metadata_is_a_small_object() {
        assert!(Metadata::parse(&serde_json::json!({"a": [1, null]})).is_ok());
        assert!(Metadata::parse(&serde_json::json!([1])).is_err());
        assert!(Metadata::parse(&serde_json::json!({"a": "x".repeat(Metadata::MAX_BYTES)})).is_err());
    }
}
