//! Every frame that a client sends: its data, its answer, and the sockets that take it.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

use super::{
    schemas::{self, SchemaOf},
    shape::Shape,
};
use crate::{
    error_code::ErrorCode,
    frame::SessionReady,
    message::{Message, SentMessage},
    read_state::ReadState,
    request::{
        delete_message::DeleteMessage,
        edit_message::EditMessage,
        mark_as_read::MarkAsRead,
        send_message::SendMessage,
        set_presence::{PresenceSet, SetPresence},
        sync::Sync,
        typing::Typing,
        watch_presence::WatchPresence,
    },
    signal::PresenceList,
    sync::Synced,
};

/// A frame as the specifications have it.
#[derive(Debug, Clone)]
pub struct ClientFrameSpec {
    /// Its type on the wire, which is its route.
    pub kind: &'static str,
    /// What it asks for.
    pub summary: &'static str,
    /// Its data.
    pub data: Shape,
    /// How it is answered when it is done.
    pub answer: FrameAnswer,
    /// The codes with which it is refused, those apart that every frame has.
    pub refusals: Vec<ErrorCode>,
    /// The sockets that take it.
    pub channels: &'static [&'static str],
}

/// How a frame is answered when it is done.
#[derive(Debug, Clone, Copy)]
pub enum FrameAnswer {
    /// Not at all; refusals still are.
    Nothing,
    /// With a frame of this type and data.
    Frame(&'static str, SchemaOf),
    /// With an ack of this data; it carries the entry that was appended.
    AppendingAck(SchemaOf),
    /// With an ack of this data; nothing is appended.
    Ack(SchemaOf),
}

/// The data of an answer that says nothing but that it was done.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct Empty {}

/// The sockets for everything and for one conversation.
pub const TALK: &[&str] = &["messaging", "conversation", "chat"];
/// The sockets that take who is typing.
const TYPING: &[&str] = &["messaging", "conversation", "chat", "typing"];
/// The sockets that take how somebody is.
const PRESENCE: &[&str] = &["messaging", "conversation", "chat", "presence"];
/// Every socket.
pub const ALL: &[&str] = &["messaging", "conversation", "chat", "typing", "presence"];

impl ClientFrameSpec {
    fn new(kind: &'static str, summary: &'static str, data: Shape, answer: FrameAnswer) -> Self {
        Self { kind, summary, data, answer, refusals: Vec::new(), channels: TALK }
    }

    fn on(self, channels: &'static [&'static str]) -> Self {
        Self { channels, ..self }
    }

    fn refuses(mut self, codes: &[ErrorCode]) -> Self {
        self.refusals.extend_from_slice(codes);
        self
    }

    /// The frame's name among the components: `MessageSend` of `message.send`.
    pub fn component(&self) -> String {
        super::pascal(self.kind)
    }

    /// Every code with which it is refused.
    pub fn codes(&self) -> Vec<ErrorCode> {
        use ErrorCode as E;
        let mut codes = self.refusals.clone();
        codes.extend([E::Malformed, E::TokenExpired, E::Forbidden, E::TooLarge, E::RateLimited]);
        codes.extend([E::Internal, E::Unavailable, E::Timeout]);
        codes.sort_by_key(|code| (code.status(), code.as_str()));
        codes.dedup();
        codes
    }
}

/// Every frame.
pub fn client_frames() -> Vec<ClientFrameSpec> {
    [sessions(), messages(), signals()].concat()
}

/// Frames about the session itself.
fn sessions() -> Vec<ClientFrameSpec> {
    use ErrorCode as E;
    vec![
        ClientFrameSpec::new(
            "session.start",
            "Begins a session: who the client is, until when, and within which limits.",
            Shape::object(),
            FrameAnswer::Frame("session.ready", schemas::of::<SessionReady>),
        )
        .on(ALL),
        ClientFrameSpec::new(
            "ping",
            "Keeps an idle socket open.",
            Shape::object(),
            FrameAnswer::Frame("pong", schemas::of::<Empty>),
        )
        .on(ALL),
        ClientFrameSpec::new(
            "sync",
            "Brings a client up to date: what it missed comes in batches, and the answer says what became of each conversation.",
            Sync::shape(),
            FrameAnswer::Ack(schemas::of::<Synced>),
        )
        .refuses(&[E::NotFound, E::ValidationFailed]),
    ]
}

/// Frames about messages.
fn messages() -> Vec<ClientFrameSpec> {
    use ErrorCode as E;
    vec![
        ClientFrameSpec::new(
            "message.send",
            "Sends a message. It is acknowledged once it is durable.",
            SendMessage::shape(),
            FrameAnswer::AppendingAck(schemas::of::<SentMessage>),
        )
        .refuses(&[
            E::NotFound,
            E::ValidationFailed,
            E::Conflict,
            E::IdempotencyConflict,
            E::OutOfDate,
            E::AttachmentNotClean,
        ]),
        ClientFrameSpec::new(
            "message.edit",
            "Another text for a message of the user's own.",
            EditMessage::frame_shape(),
            FrameAnswer::AppendingAck(schemas::of::<Message>),
        )
        .refuses(&[E::NotFound, E::ValidationFailed, E::Conflict, E::VersionConflict]),
        ClientFrameSpec::new(
            "message.delete",
            "Removes a message: its tombstone is left. Done again, it is done already.",
            DeleteMessage::shape(),
            FrameAnswer::AppendingAck(schemas::of::<Message>),
        )
        .refuses(&[E::NotFound, E::ValidationFailed]),
        ClientFrameSpec::new(
            "message.read",
            "Moves the user's read cursor, which only goes forward.",
            MarkAsRead::shape(),
            FrameAnswer::Ack(schemas::of::<ReadState>),
        )
        .refuses(&[E::NotFound, E::ValidationFailed]),
    ]
}

/// Frames about who is typing and who is there.
fn signals() -> Vec<ClientFrameSpec> {
    use ErrorCode as E;
    vec![
        ClientFrameSpec::new(
            "typing.start",
            "The user types. It is repeated every three seconds or so while he does.",
            Typing::shape(),
            FrameAnswer::Nothing,
        )
        .on(TYPING)
        .refuses(&[E::NotFound, E::ValidationFailed]),
        ClientFrameSpec::new("typing.stop", "The user types no more.", Typing::shape(), FrameAnswer::Nothing)
            .on(TYPING)
            .refuses(&[E::NotFound, E::ValidationFailed]),
        ClientFrameSpec::new(
            "presence.set",
            "How the user wants to be seen. It replaces what he said before.",
            SetPresence::shape(),
            FrameAnswer::Ack(schemas::of::<PresenceSet>),
        )
        .on(PRESENCE)
        .refuses(&[E::ValidationFailed]),
        ClientFrameSpec::new(
            "presence.watch",
            "Whose presence the socket wants to be told of. It replaces whom it watched before, and is answered with how they are.",
            WatchPresence::shape(),
            FrameAnswer::Ack(schemas::of::<PresenceList>),
        )
        .on(PRESENCE)
        .refuses(&[E::ValidationFailed]),
    ]
}

/// The answer to a request that was done.
pub(super) fn answer_data(answer: FrameAnswer, generator: &mut SchemaGenerator) -> Option<Schema> {
    match answer {
        FrameAnswer::Nothing => None,
        FrameAnswer::Frame(_, of) | FrameAnswer::AppendingAck(of) | FrameAnswer::Ack(of) => {
            Some(of(generator))
        }
    }
}
