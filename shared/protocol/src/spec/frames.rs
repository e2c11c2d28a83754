//! Every frame that a client sends: its data, its answer, and the sockets that take it.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

use super::{
    schemas::{self, SchemaOf},
    shape::Shape,
};
use crate::{
    error_code::ErrorCode, frame::SessionReady, message::SentMessage, request::send_message::SendMessage,
    request::sync::Sync, sync::Synced,
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
            E::OutOfDate,
            E::AttachmentNotClean,
        ]),
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
