//! How large things may be and how fast they may come: what `GET /api/messaging/limits/` and `session.ready` tell every client.

use parlance_domain::{
    attachment::{FileSize, Upload},
    conversation::{Reference, Title},
    message::{MessageBody, MessageContent, Metadata},
    presence::StatusText,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The largest frame in either direction in bytes: what API Gateway bills as one.
pub const MAX_FRAME_BYTES: usize = 32_000;
/// The largest event in bytes as it is encoded: a message whose event would be larger is `too_large`.
pub const MAX_EVENT_BYTES: usize = 32_000;
/// The longest `id` of a client's frame in characters.
pub const MAX_FRAME_ID_CHARS: usize = 64;
/// The most participants that one request names.
pub const MAX_PARTICIPANT_IDS: usize = 1_000;
/// The most messages that one request marks as read.
pub const MAX_MESSAGE_IDS: usize = 500;
/// The most rows of one page.
pub const MAX_PAGE_LIMIT: u64 = 200;
/// The rows of a page when the client names no limit.
pub const DEFAULT_PAGE_LIMIT: u64 = 50;
/// How many participants stand in a Conversation.
pub const SHOWN_PARTICIPANTS: usize = 100;
/// The most users whom one socket watches, or one request asks after.
pub const MAX_WATCHED_USERS: usize = 200;
/// The most conversations that one `sync` names.
pub const MAX_SYNCED_CONVERSATIONS: usize = 200;
/// The most parts whose addresses one request asks for.
pub const MAX_SIGNED_PARTS: usize = 100;
/// The most open sockets of one user.
pub const MAX_SOCKETS_PER_USER: usize = 20;

/// The limits that a client may want to know before it is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Limits {
    /// Bytes of a message's text.
    pub content_bytes: usize,
    /// Bytes of a message's metadata as compact JSON.
    pub metadata_bytes: usize,
    /// Bytes of an event as it is encoded.
    pub event_bytes: usize,
    /// Bytes of a frame.
    pub frame_bytes: usize,
    /// Characters of a title.
    pub title_chars: usize,
    /// Bytes of each part of a `ref`.
    pub ref_part_bytes: usize,
    /// Users that one request adds.
    pub participant_ids: usize,
    /// Attachments of a message.
    pub attachments: usize,
    /// Bytes of an attachment.
    #[serde(default)]
    pub attachment_bytes: u64,
    /// Bytes of an attachment that comes in a form to us; larger ones go straight to the store.
    #[serde(default)]
    pub form_bytes: u64,
    /// Mentions of a message.
    pub mentions: usize,
    /// Rows of a page.
    pub page: u64,
    /// Open sockets of one user.
    pub sockets_per_user: usize,
    /// Characters of the text of a presence.
    pub status_text_chars: usize,
    /// Users whom one socket watches.
    pub watched_users: usize,
    /// How fast things may come.
    pub per_second: Rates,
}

/// How many things may come in a second; `null` for as many as one likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Rates {
    /// Messages of a user.
    pub sends: Option<u32>,
    /// Other changes of a user.
    pub writes: Option<u32>,
    /// Questions of a user.
    pub reads: Option<u32>,
    /// Handshakes of a user.
    pub handshakes: Option<u32>,
    /// Typing and presence of a user.
    pub signals: Option<u32>,
    /// Files that a user begins to upload.
    #[serde(default)]
    pub uploads: Option<u32>,
    /// Messages into one conversation, from all its members.
    pub conversation_sends: Option<u32>,
}

impl Limits {
    /// The limits of this system, with the rates that its operator has set.
    pub const fn with(per_second: Rates) -> Self {
        Self {
            content_bytes: MessageContent::MAX_BYTES,
            metadata_bytes: Metadata::MAX_BYTES,
            event_bytes: MAX_EVENT_BYTES,
            frame_bytes: MAX_FRAME_BYTES,
            title_chars: Title::MAX_CHARS,
            ref_part_bytes: Reference::MAX_BYTES,
            participant_ids: MAX_PARTICIPANT_IDS,
            attachments: MessageBody::MAX_ATTACHMENTS,
            attachment_bytes: FileSize::MAX_BYTES,
            form_bytes: Upload::MAX_DIRECT_BYTES,
            mentions: MessageBody::MAX_MENTIONS,
            page: MAX_PAGE_LIMIT,
            sockets_per_user: MAX_SOCKETS_PER_USER,
            status_text_chars: StatusText::MAX_CHARS,
            watched_users: MAX_WATCHED_USERS,
            per_second,
        }
    }
}
