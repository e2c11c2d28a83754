//! Every event as it stands on the wire, and as a client reads it back.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use parlance_domain::{
    conversation::{Conversation, ConversationKind, History, Reference, Title},
    event::{Closing, ConversationView, Event, EventBody, EventEncoder, HiddenEvent},
    head::Seq,
    ids::{ClientMessageId, ConversationId, MessageId, UserId},
    log::Joining,
    message::{Message, MessageBody, MessageContent, MessageKind, Metadata, PlacedMessage},
    permissions::Role,
    roster::{Participant, Roster},
    signal::{Notification, Presence, PresenceStatus, Signal, SignalBody, TypingUser},
    time::Timestamp,
};
use parlance_protocol::{
    event::{EventData, EventFrame},
    json_events::JsonEvents,
    limits::MAX_EVENT_BYTES,
};
use serde_json::{Value, json};

const AT: Timestamp = Timestamp::from_millis(1_795_381_200_123);

fn conversation_id() -> ConversationId {
    ConversationId::from_bytes([7; 16])
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

fn seq(value: u64) -> Seq {
    Seq::new(value).unwrap()
}

fn message() -> PlacedMessage {
    let body = MessageBody {
        kind: MessageKind::Text,
        content: MessageContent::parse("grüß dich \"Bob\"\n\u{1f44b}", false).unwrap(),
        attachments: Vec::new(),
        reply_to: Some(seq(40)),
        thread: Some(seq(3)),
        mentions: vec![user("bob")],
        metadata: Some(Metadata::parse(&json!({"color": "red"})).unwrap()),
    };
    PlacedMessage {
        id: MessageId::new(conversation_id(), seq(412)),
        n: 400,
        sender: user("alice"),
        client_id: Some(ClientMessageId::parse("01J").unwrap()),
        created_at: AT,
        message: Message::sent(body, seq(412)),
    }
}

fn edited() -> PlacedMessage {
    let placed = message();
    let message = Message { version: 2, since: seq(413), edited_at: Some(AT), ..placed.message };
    PlacedMessage { message, ..placed }
}

fn deleted() -> PlacedMessage {
    let placed = edited();
    PlacedMessage { message: Message { deleted: true, ..placed.message }, ..placed }
}

fn view(members: usize) -> ConversationView {
    let row = Participant { role: Role::Member, joined: Seq::FIRST, since: Seq::FIRST };
    let mut roster: Roster =
        (0..members).map(|i| (user(&format!("{i:03}{}", "\"".repeat(100))), row)).collect();
    roster.insert(user("alice"), Participant { role: Role::Owner, ..row });
    ConversationView {
        conversation: Conversation {
            id: conversation_id(),
            kind: ConversationKind::Task,
            title: Some(Title::parse("Paint the fence").unwrap()),
            reference: Some(Reference::parse("task", "42").unwrap()),
            created_by: user("alice"),
            created_at: AT,
            history: History::Joined,
            since: Seq::FIRST,
        },
        roster,
        head_seq: seq(412),
        head_n: 400,
        writable: true,
        last_message: Some(message()),
    }
}

fn event(body: EventBody) -> Event {
    Event { conversation: conversation_id(), seq: seq(413), at: AT, body }
}

fn encoded(event: &Event) -> Value {
    serde_json::from_slice(&JsonEvents.event(event)).unwrap()
}

fn every_body() -> Vec<EventBody> {
    let id = message().id;
    vec![
        EventBody::MessageCreated(Box::new(message())),
        EventBody::MessageUpdated(Box::new(edited())),
        EventBody::MessageDeleted(Box::new(deleted())),
        EventBody::Hidden { of: HiddenEvent::Updated, id },
        EventBody::Hidden { of: HiddenEvent::Deleted, id },
        EventBody::ConversationCreated(Box::new(ConversationView { last_message: None, ..view(0) })),
        EventBody::ConversationUpdated(Box::new(view(0))),
        EventBody::ConversationDeleted { by: user("alice") },
        EventBody::ParticipantAdded {
            participants: vec![Joining { user: user("carol"), role: Role::Guest }],
            by: user("alice"),
        },
        EventBody::ParticipantRemoved { user: user("carol"), by: user("carol") },
        EventBody::ParticipantUpdated { user: user("bob"), role: Role::Admin, by: user("alice") },
    ]
}

#[test]
fn every_event_is_the_contract() {
    for body in every_body() {
        let frame = encoded(&event(body));
        let hidden = if frame["data"]["hidden"] == true { ".hidden" } else { "" };
        insta::assert_json_snapshot!(format!("{}{hidden}", frame["type"].as_str().unwrap()), frame);
    }
}

#[test]
fn other_systems_are_told_what_clients_are_told_and_who_did_it() {
    for body in every_body() {
        let event = event(body);
        let published = JsonEvents.published(&event, &user("alice"));
        let mut detail: Value = serde_json::from_str(&published.detail).unwrap();
        let fields = detail.as_object_mut().unwrap();
        assert_eq!(fields.remove("id").unwrap(), published.id.to_string());
        assert_eq!(fields.remove("actor_id").unwrap(), "alice");
        assert_eq!(detail, encoded(&event));
        assert_eq!((detail["type"].as_str(), published.at), (Some(published.kind.as_str()), AT));
    }
    let id =
        JsonEvents.published(&event(EventBody::ConversationDeleted { by: user("alice") }), &user("alice")).id;
    assert_eq!(id.to_string(), "e_0w3ge1r70w3ge1r70w3ge1r70w_06eg");
}

fn every_signal() -> Vec<Signal> {
    let presence =
        Presence { status: PresenceStatus::Offline, text: Some("back at 9".into()), last_seen_at: Some(AT) };
    let message = MessageId::new(conversation_id(), seq(412));
    let bodies = [
        SignalBody::Typing { users: vec![TypingUser { user: user("bob"), expires_at: AT }] },
        SignalBody::Read { user: user("bob"), seq: seq(412), at: AT },
        SignalBody::Presence { user: user("bob"), presence },
        SignalBody::Notification(Notification::Mention { message, by: user("alice") }),
        SignalBody::Notification(Notification::Invitation { by: user("alice") }),
    ];
    let conversation =
        |body: &SignalBody| (!matches!(body, SignalBody::Presence { .. })).then(conversation_id);
    bodies.map(|body| Signal { conversation: conversation(&body), at: AT, body }).into()
}

#[test]
fn every_signal_is_the_contract_and_a_client_reads_it() {
    let frames: Vec<Value> = every_signal()
        .iter()
        .map(|signal| {
            let bytes = JsonEvents.signal(signal);
            let read: EventFrame = serde_json::from_slice(&bytes).unwrap();
            assert!(!matches!(read.data(), EventData::Other), "{}", read.kind);
            assert_eq!(read.seq, None, "a signal stands in no log");
            serde_json::from_slice(&bytes).unwrap()
        })
        .collect();
    insta::assert_json_snapshot!(frames);
}

#[test]
fn every_closing_is_the_contract() {
    let all = [
        Closing::TokenExpired,
        Closing::Deactivated,
        Closing::RateLimited,
        Closing::NoLongerMember,
        Closing::MissedEvents,
    ];
    let frames: Vec<Value> =
        all.iter().map(|closing| serde_json::from_slice(&JsonEvents.closing(closing)).unwrap()).collect();
    insta::assert_json_snapshot!(frames);
}

#[test]
fn a_client_reads_every_event_that_it_may_see() {
    for body in every_body() {
        let hidden = matches!(body, EventBody::Hidden { .. });
        let frame: EventFrame = serde_json::from_slice(&JsonEvents.event(&event(body))).unwrap();
        assert_eq!(matches!(frame.data(), EventData::Other), hidden, "{}", frame.kind);
        assert_eq!(frame.seq, Some(413));
    }
}

#[test]
fn a_batch_is_its_frames_and_as_long_as_foretold() {
    let frames: Vec<Vec<u8>> = every_body().into_iter().map(|body| JsonEvents.event(&event(body))).collect();
    for count in 0..=frames.len() {
        let parts: Vec<&[u8]> = frames.iter().take(count).map(Vec::as_slice).collect();
        let batch = JsonEvents.batch(&parts);
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        assert_eq!(batch.len(), bytes + JsonEvents.batch_overhead(count));
        let read: Value = serde_json::from_slice(&batch).unwrap();
        assert_eq!(read["type"], "batch");
        assert_eq!(read["events"].as_array().unwrap().len(), count);
    }
}

#[test]
fn a_conversation_of_any_size_fits_into_one_event() {
    for members in [10, 99, 100, 1_000] {
        let bytes = JsonEvents.event(&event(EventBody::ConversationUpdated(Box::new(view(members)))));
        assert!(bytes.len() <= MAX_EVENT_BYTES, "{} bytes", bytes.len());
        let read: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(read["data"]["participant_count"], members + 1);
        assert!(read["data"]["participants"].as_array().unwrap().len() > 9);
    }
}
