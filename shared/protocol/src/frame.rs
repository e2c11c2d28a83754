//! Frames in both directions: how a client's frame is read, and the shapes that answer it.

use parlance_domain::{
    head::Seq,
    ids::{ConversationId, UserId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    error_code::ErrorCode,
    event::EventFrame,
    fields::Object,
    limits::{Limits, MAX_FRAME_ID_CHARS},
    problem::{Problem, ReceivedProblem},
    wire_time::WireTime,
};

/// What a client sent: what it wants, the id that the answer echoes, and the data.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientFrame {
    /// The route: `message.send`, `ping`, …
    pub kind: String,
    /// What the answer echoes.
    pub id: Option<String>,
    /// The fields of `data`, or of the frame itself where it has no `data`.
    pub data: Object,
}

/// A frame that cannot be read, and the id to refuse it under where that much could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MalformedFrame {
    /// The frame's id.
    pub id: Option<String>,
    /// What is wrong with it.
    pub problem: Problem,
}

impl ClientFrame {
    /// Reads a frame. `data` that is absent or `null` makes it a flat one, whose other fields are the data.
    pub fn parse(text: &str) -> Result<Self, MalformedFrame> {
        let malformed =
            |id: Option<String>, detail: &str| MalformedFrame { id, problem: Problem::malformed(detail) };
        let value = serde_json::from_str(text).map_err(|_| malformed(None, "the frame is not valid JSON"))?;
        let Value::Object(mut frame) = value else {
            return Err(malformed(None, "a frame is a JSON object"));
        };
        let id = match frame.remove("id") {
            None | Some(Value::Null) => None,
            Some(Value::String(id)) if id.chars().count() <= MAX_FRAME_ID_CHARS => Some(id),
            Some(_) => return Err(malformed(None, "id is a string of at most 64 characters")),
        };
        let Some(Value::String(kind)) = frame.remove("type") else {
            return Err(malformed(id, "type is a string and required"));
        };
        let data = match frame.remove("data") {
            None | Some(Value::Null) => frame,
            Some(Value::Object(data)) => data,
            Some(_) => return Err(malformed(id, "data is a JSON object")),
        };
        Ok(Self { kind, id, data })
    }
}

/// The position of the entry that a request appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppendedAt {
    /// The conversation.
    pub conversation: ConversationId,
    /// The entry.
    pub seq: Seq,
}

#[derive(Serialize)]
struct Answer<'a, T: Serialize> {
    r#type: &'static str,
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation_id: Option<ConversationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    data: T,
}

fn answer<T: Serialize>(
    kind: &'static str,
    id: Option<&str>,
    appended: Option<AppendedAt>,
    data: &T,
) -> String {
    let answer = Answer {
        r#type: kind,
        id,
        conversation_id: appended.map(|appended| appended.conversation),
        seq: appended.map(|appended| appended.seq.get()),
        data,
    };
    serde_json::to_string(&answer).unwrap_or_default()
}

/// The answer to a request that was done; `appended` is the entry that it stands for.
pub fn ack<T: Serialize>(id: Option<&str>, appended: Option<AppendedAt>, data: &T) -> String {
    answer("ack", id, appended, data)
}

/// The answer to a request that was refused.
pub fn nack(id: Option<&str>, problem: &Problem) -> String {
    #[derive(Serialize)]
    struct Nack<'a> {
        r#type: &'static str,
        id: Option<&'a str>,
        error: &'a Problem,
    }
    serde_json::to_string(&Nack { r#type: "nack", id, error: problem }).unwrap_or_default()
}

/// The answer to a frame of a type that does not exist.
pub fn unknown_type(frame: &ClientFrame) -> String {
    let shown: String = frame.kind.chars().filter(|c| !c.is_control()).take(64).collect();
    nack(frame.id.as_deref(), &Problem::new(ErrorCode::UnknownType, format!("no frame has the type {shown}")))
}

/// The answer to `session.start`.
pub fn session_ready(id: Option<&str>, session: &SessionReady) -> String {
    answer("session.ready", id, None, session)
}

/// The answer to `ping`.
pub fn pong(id: Option<&str>) -> String {
    answer("pong", id, None, &Object::new())
}

/// Who a session belongs to, how long, and within which limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionReady {
    /// The user.
    pub user: SessionUser,
    /// The server's clock.
    pub server_time: WireTime,
    /// When the token ends that opened the socket.
    pub expires_at: WireTime,
    /// What the server refuses beyond.
    pub limits: Limits,
}

/// The user of a session, as the token describes him.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionUser {
    /// His id.
    pub id: UserId,
    /// What to call him.
    #[serde(default)]
    pub name: Option<String>,
    /// The address of his picture.
    #[serde(default)]
    pub picture: Option<String>,
    /// His language.
    #[serde(default)]
    pub locale: Option<String>,
}

/// What a server sends, as a client reads it.
#[derive(Debug, Clone)]
pub enum ServerFrame {
    /// A request was done (`ack`, `session.ready`, `pong`).
    Ack(Ack),
    /// A request was refused.
    Nack(Nack),
    /// Something happened.
    Event(EventFrame),
    /// Several things happened.
    Batch(Vec<EventFrame>),
}

/// A request was done.
#[derive(Debug, Clone, Deserialize)]
pub struct Ack {
    /// The request's id.
    #[serde(default)]
    pub id: Option<String>,
    /// The conversation of the entry that the request appended.
    #[serde(default)]
    pub conversation_id: Option<ConversationId>,
    /// The entry that the request appended.
    #[serde(default)]
    pub seq: Option<u64>,
    /// What the request yields.
    #[serde(default)]
    pub data: Value,
}

/// A request was refused.
#[derive(Debug, Clone, Deserialize)]
pub struct Nack {
    /// The request's id.
    #[serde(default)]
    pub id: Option<String>,
    /// Why.
    pub error: ReceivedProblem,
}

impl ServerFrame {
    /// Reads a frame. `None` for what is to be passed over: an empty frame, one of API Gateway's own, one of an unknown shape.
    pub fn parse(text: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Typed {
            r#type: String,
        }
        #[derive(Deserialize)]
        struct Batch {
            events: Vec<EventFrame>,
        }
        let Typed { r#type } = serde_json::from_str(text).ok()?;
        match r#type.as_str() {
            "ack" | "session.ready" | "pong" => serde_json::from_str(text).ok().map(Self::Ack),
            "nack" => serde_json::from_str(text).ok().map(Self::Nack),
            "batch" => serde_json::from_str(text).ok().map(|Batch { events }| Self::Batch(events)),
            _ => serde_json::from_str(text).ok().map(Self::Event),
        }
    }
}
