//! The AsyncAPI 3 document of everything over sockets.
#![allow(
    clippy::indexing_slicing,
    reason = "fields are added to JSON objects that are made a few lines above"
)]

use parlance_domain::ids::ConversationId;
use serde_json::{Map, Value, json};

use super::{
    events::{SERVER_EVENTS, ServerEvent, Standing},
    frames::{ALL, ClientFrameSpec, FrameAnswer, TALK, answer_data, client_frames},
    schemas::{self, Schemas},
};
use crate::{error_code::ErrorCode, limits::MAX_FRAME_ID_CHARS, problem::Problem};

/// A socket path.
struct Channel {
    name: &'static str,
    address: &'static str,
    meaning: &'static str,
}

const CHANNELS: [Channel; 5] = [
    Channel {
        name: "messaging",
        address: "/ws/messaging/",
        meaning: "Every event of every conversation of the user: the one socket that a new client needs.",
    },
    Channel {
        name: "conversation",
        address: "/ws/messaging/conversations/{id}/",
        meaning: "The events of one conversation; frames may leave out `conversation_id`.",
    },
    Channel { name: "chat", address: "/ws/chat/{id}/", meaning: "The same under an older path." },
    Channel {
        name: "typing",
        address: "/ws/typing/{id}/",
        meaning: "Who is typing in one conversation, and nothing else.",
    },
    Channel { name: "presence", address: "/ws/presence/", meaning: "Presence, and nothing else." },
];

/// The document.
pub fn document() -> Value {
    let mut schemas = Schemas::default();
    let frames = client_frames();
    let mut messages = Map::new();
    for frame in &frames {
        frame_messages(frame, &mut schemas, &mut messages);
    }
    for event in SERVER_EVENTS {
        let payload = schemas.refer_with(|generator| event.refer(generator));
        messages.insert(event.component(), message(event.kind, event.meaning, &payload));
    }
    common_messages(&mut schemas, &mut messages);
    let (mut channels, mut operations) = (Map::new(), Map::new());
    for channel in &CHANNELS {
        channels.insert(channel.name.to_owned(), described(channel, &frames));
        channel_operations(channel, &frames, &mut operations);
    }
    json!({
        "asyncapi": "3.0.0",
        "info": info(),
        "defaultContentType": "application/json",
        "servers": {"local": {
            "host": "127.0.0.1:8080",
            "protocol": "ws",
            "description": "The local cloud.",
            "security": [{"$ref": "#/components/securitySchemes/token"}, {"$ref": "#/components/securitySchemes/ticket"},
                {"$ref": "#/components/securitySchemes/bearer"}]
        }},
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": schemas.finish(),
            "securitySchemes": {
                "token": {"type": "httpApiKey", "in": "query", "name": "token", "description": "A JWT."},
                "ticket": {"type": "httpApiKey", "in": "query", "name": "ticket",
                    "description": "A ticket of `POST /api/messaging/ws/ticket/`: single use, within 30 seconds."},
                "bearer": {"type": "httpApiKey", "in": "header", "name": "Sec-WebSocket-Protocol",
                    "description": "`bearer, <jwt>`."}
            }
        }
    })
}

fn info() -> Value {
    json!({
        "title": "Parlance over sockets",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "Real-time messaging. What can be asked over HTTP stands in `openapi.json` beside this document.\n\n\
            A frame is a JSON object `{type, id, data}`; one without `data` is read flat, its other fields are the data. \
            Every frame is answered except `typing.*`, and refusals always are. An event with `seq` is that entry of the \
            conversation's log, which is gapless; delivery is at least once and unordered between hosts, so a client drops \
            what it has and fetches a gap from `log/`. Clients pass over types and fields that they do not know.",
        "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        "tags": [{"name": "messaging", "description": "Real-time messaging."}]
    })
}

fn message(kind: &str, meaning: &str, payload: &Value) -> Value {
    json!({"name": kind, "title": kind, "summary": meaning, "payload": payload})
}

fn frame_id() -> Value {
    json!({"description": "What the answer echoes.", "type": ["string", "null"], "maxLength": MAX_FRAME_ID_CHARS})
}

/// What a client sends, its answer, and its refusal.
fn frame_messages(frame: &ClientFrameSpec, schemas: &mut Schemas, messages: &mut Map<String, Value>) {
    let name = frame.component();
    let request = json!({
        "type": "object",
        "properties": {"type": {"const": frame.kind}, "id": frame_id(), "data": frame.data.to_schema()},
        "required": ["type"]
    });
    messages.insert(name.clone(), message(frame.kind, frame.summary, &request));
    if let Some(data) = schemas.maybe(|generator| answer_data(frame.answer, generator)) {
        let kind = answer_kind(frame.answer);
        let mut fields = json!({"type": {"const": kind}, "id": frame_id(), "data": data});
        if matches!(frame.answer, FrameAnswer::AppendingAck(_)) {
            fields["conversation_id"] = schemas.refer(schemas::of::<ConversationId>);
            fields["seq"] = json!({"description": "The entry that was appended; absent where none was.", "type": "integer", "minimum": 1});
        }
        let answer = json!({"type": "object", "properties": fields, "required": ["type", "id", "data"]});
        let meaning = format!("The answer to {} that was done.", frame.kind);
        messages.insert(format!("{name}Answer"), message(kind, &meaning, &answer));
    }
    let meaning = format!("The answer to {} that was refused.", frame.kind);
    let nack = nack(&frame.codes(), schemas);
    messages.insert(format!("{name}Nack"), message("nack", &meaning, &nack));
}

const fn answer_kind(answer: FrameAnswer) -> &'static str {
    match answer {
        FrameAnswer::Frame(kind, _) => kind,
        FrameAnswer::Nothing | FrameAnswer::AppendingAck(_) | FrameAnswer::Ack(_) => "ack",
    }
}

fn nack(codes: &[ErrorCode], schemas: &mut Schemas) -> Value {
    let problem = schemas.refer(schemas::of::<Problem>);
    let names: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    json!({
        "type": "object",
        "properties": {
            "type": {"const": "nack"},
            "id": frame_id(),
            "error": {"allOf": [problem, {"properties": {"code": {"enum": names}}}]}
        },
        "required": ["type", "id", "error"]
    })
}

/// What answers a frame that is none, several events at once, and what API Gateway itself says.
fn common_messages(schemas: &mut Schemas, messages: &mut Map<String, Value>) {
    use ErrorCode as E;
    let unread = nack(
        &[
            E::Malformed,
            E::UnknownType,
            E::TokenExpired,
            E::TooLarge,
            E::Forbidden,
            E::RateLimited,
            E::Internal,
        ],
        schemas,
    );
    messages.insert(
        "Nack".to_owned(),
        message("nack", "The answer to a frame that is none, or of a type that does not exist.", &unread),
    );
    let events = schemas.refer(schemas::of::<crate::event::EventFrame>);
    let batch = json!({
        "type": "object",
        "properties": {"type": {"const": "batch"}, "events": {"type": "array", "minItems": 1, "items": events}},
        "required": ["type", "events"]
    });
    messages.insert("Batch".to_owned(), message("batch", "Several events at once, in order.", &batch));
    let gateway = json!({
        "type": "object",
        "properties": {"message": {"type": "string"}, "connectionId": {"type": "string"}, "requestId": {"type": "string"}},
        "required": ["message", "connectionId", "requestId"]
    });
    messages.insert(
        "GatewayRefusal".to_owned(),
        message(
            "gateway",
            "API Gateway's own: the request stays unanswered, the client tries again.",
            &gateway,
        ),
    );
}

fn hears(channel: &str, event: &ServerEvent) -> bool {
    match channel {
        "typing" => event.kind == "typing.indicator" || event.standing == Standing::OfSocket,
        "presence" => event.kind == "presence.updated" || event.standing == Standing::OfSocket,
        _ => TALK.contains(&channel),
    }
}

/// The names of the messages that a channel carries towards the client besides answers.
fn heard(channel: &str) -> Vec<String> {
    let events = SERVER_EVENTS.iter().filter(|event| hears(channel, event)).map(ServerEvent::component);
    events.chain(["Batch", "Nack", "GatewayRefusal"].map(str::to_owned)).collect()
}

fn described(channel: &Channel, frames: &[ClientFrameSpec]) -> Value {
    let mut messages = Map::new();
    let mut carry = |name: String| {
        let reference = json!({"$ref": format!("#/components/messages/{name}")});
        messages.insert(name, reference);
    };
    for frame in frames.iter().filter(|frame| frame.channels.contains(&channel.name)) {
        carry(frame.component());
        carry(format!("{}Nack", frame.component()));
        if !matches!(frame.answer, FrameAnswer::Nothing) {
            carry(format!("{}Answer", frame.component()));
        }
    }
    heard(channel.name).into_iter().for_each(&mut carry);
    let mut described = json!({"address": channel.address, "title": channel.name, "description": channel.meaning, "messages": messages});
    if channel.address.contains("{id}") {
        described["parameters"] = json!({"id": {"description": "The conversation."}});
    }
    described
}

fn channel_operations(channel: &Channel, frames: &[ClientFrameSpec], operations: &mut Map<String, Value>) {
    debug_assert!(ALL.contains(&channel.name));
    let reference = json!({"$ref": format!("#/channels/{}", channel.name)});
    let carried = |name: &str| json!({"$ref": format!("#/channels/{}/messages/{name}", channel.name)});
    for frame in frames.iter().filter(|frame| frame.channels.contains(&channel.name)) {
        let name = frame.component();
        let mut answers = vec![carried(&format!("{name}Nack"))];
        if !matches!(frame.answer, FrameAnswer::Nothing) {
            answers.insert(0, carried(&format!("{name}Answer")));
        }
        operations.insert(
            format!("{}.{}", channel.name, frame.kind),
            json!({
                "action": "receive", "channel": reference, "summary": frame.summary, "description": frame.summary, "messages": [carried(&name)],
                "reply": {"channel": reference, "messages": answers}
            }),
        );
    }
    let events: Vec<Value> = heard(channel.name).iter().map(|name| carried(name)).collect();
    operations.insert(
        format!("{}.tell", channel.name),
        json!({"action": "send", "channel": reference, "summary": "Tells the client what happened.", "description": channel.meaning, "messages": events}),
    );
}
