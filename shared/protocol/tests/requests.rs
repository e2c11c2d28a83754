//! Requests, good and bad: every mistake is told with its pointer, and nothing panics.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use parlance_domain::{
    conversation::{ConversationKind, History},
    head::Seq,
    ids::{ClientMessageId, ConversationId, MessageId},
    message::MessageKind,
};
use parlance_protocol::{
    error_code::ErrorCode,
    fields::{self, Object},
    problem::Problem,
    request::{
        create_conversation::CreateConversation,
        create_direct::CreateDirect,
        list_conversations::ListConversations,
        read_log::ReadLog,
        read_messages::{Place, ReadMessages},
        read_presence::ReadPresence,
        send_message::{Draft, SendMessage, SendMessageData},
        set_presence::SetPresence,
        typing::Typing,
        watch_presence::WatchPresence,
    },
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn here() -> ConversationId {
    ConversationId::from_bytes([7; 16])
}

fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}

/// A valid message with some fields replaced.
fn message(changes: Value) -> Object {
    let mut message =
        object(json!({"conversation_id": here(), "content": "hi", "client_id": "k1", "after": 3}));
    message.extend(object(changes));
    message
}

fn send(changes: Value) -> Result<SendMessage, Problem> {
    SendMessage::parse(&message(changes), None)
}

fn pointers(problem: &Problem) -> Vec<&str> {
    assert_eq!(problem.code, ErrorCode::ValidationFailed);
    problem.errors.iter().map(|error| error.pointer.as_str()).collect()
}

#[test]
fn a_message_is_read_whole() {
    let other = MessageId::new(here(), Seq::new(2).unwrap());
    let read = send(json!({
        "kind": "voice", "content": " hi\n", "reply_to": other, "thread_id": other, "mentions": ["bob"],
        "metadata": {"a": 1}, "of_tomorrow": [1],
    }))
    .unwrap();
    assert_eq!(read.conversation, here());
    assert_eq!(read.after, Seq::new(3));
    assert_eq!(read.client_id.unwrap().as_str(), "k1");
    assert_eq!(read.body.kind, MessageKind::Voice);
    assert_eq!(read.body.content.as_str(), " hi\n");
    assert_eq!((read.body.reply_to, read.body.thread), (Seq::new(2), Seq::new(2)));
    assert_eq!(read.body.metadata.unwrap().as_json(), r#"{"a":1}"#);
}

#[test]
fn null_is_the_same_as_absent() {
    let read = send(json!({
        "client_id": null, "after": null, "kind": null, "attachments": null, "reply_to": null, "thread_id": null,
        "mentions": null, "metadata": null,
    }))
    .unwrap();
    assert_eq!((read.client_id, read.after), (None, None));
}

#[test]
fn every_field_of_a_message_is_refused_by_its_pointer() {
    let elsewhere = MessageId::new(ConversationId::from_bytes([8; 16]), Seq::FIRST);
    for (changes, pointer) in [
        (json!({"conversation_id": null}), "/conversation_id"),
        (json!({"conversation_id": 7}), "/conversation_id"),
        (json!({"client_id": 7}), "/client_id"),
        (json!({"client_id": ""}), "/client_id"),
        (json!({"client_id": "x".repeat(65)}), "/client_id"),
        (json!({"client_id": "ü"}), "/client_id"),
        (json!({"after": "3"}), "/after"),
        (json!({"after": -1}), "/after"),
        (json!({"after": 1.5}), "/after"),
        (json!({"content": null}), "/content"),
        (json!({"content": 7}), "/content"),
        (json!({"content": " \n"}), "/content"),
        (json!({"content": "a\u{0}"}), "/content"),
        (json!({"content": "x".repeat(16 * 1024 + 1)}), "/content"),
        (json!({"kind": "video"}), "/kind"),
        (json!({"kind": {}}), "/kind"),
        (json!({"attachments": "a"}), "/attachments"),
        (json!({"attachments": ["a"]}), "/attachments/0"),
        (json!({"attachments": vec!["a"; 11]}), "/attachments"),
        (json!({"mentions": ["bob", 7]}), "/mentions/1"),
        (json!({"mentions": vec!["bob"; 51]}), "/mentions"),
        (json!({"metadata": []}), "/metadata"),
        (json!({"metadata": {"a": "x".repeat(4096)}}), "/metadata"),
        (json!({"reply_to": "m_1"}), "/reply_to"),
        (json!({"reply_to": elsewhere}), "/reply_to"),
        (json!({"thread_id": elsewhere}), "/thread_id"),
    ] {
        let problem = send(changes.clone()).unwrap_err();
        assert!(pointers(&problem).contains(&pointer), "{changes}: {problem:?}");
    }
    assert!(send(json!({})).is_ok(), "the fixture itself is valid");
}

#[test]
fn all_mistakes_are_told_at_once() {
    let problem = send(json!({"client_id": 7, "after": [], "metadata": 1})).unwrap_err();
    assert_eq!(pointers(&problem), ["/client_id", "/after", "/metadata"]);
}

#[test]
fn a_conversation_that_cannot_exist_is_not_there() {
    assert_eq!(send(json!({"conversation_id": "c_nope"})).unwrap_err().code, ErrorCode::NotFound);
}

#[test]
fn a_socket_of_one_conversation_may_leave_it_out_and_name_no_other() {
    let flat = object(json!({"content": "hi"}));
    assert_eq!(SendMessage::parse(&flat, Some(here())).unwrap().conversation, here());
    assert!(SendMessage::parse(&message(json!({})), Some(here())).is_ok());
    let other = SendMessage::parse(&message(json!({})), Some(ConversationId::from_bytes([8; 16])));
    assert_eq!(other.unwrap_err().code, ErrorCode::NotFound);
}

#[test]
fn what_the_client_library_writes_is_what_is_read() {
    let written = SendMessageData {
        conversation_id: here(),
        client_id: ClientMessageId::parse("k1").unwrap(),
        after: 0,
        draft: Draft { metadata: Some(json!({"a": 1})), ..Draft::text("hi") },
    };
    let read = SendMessage::parse(&object(serde_json::to_value(&written).unwrap()), None).unwrap();
    assert_eq!(read.after, Some(Seq::FIRST));
    assert_eq!(read.body.content.as_str(), "hi");
}

#[test]
fn a_conversation_to_create_is_read_or_refused_by_pointer() {
    let read = CreateConversation::parse(&object(json!({
        "title": "Fence", "participant_ids": ["bob", "carol", "bob"], "kind": "task",
        "ref": {"type": "task", "id": "42"}, "history": "joined",
    })))
    .unwrap();
    assert_eq!(read.participants.len(), 2);
    assert_eq!((read.kind, read.history), (ConversationKind::Task, History::Joined));
    let least = CreateConversation::parse(&Object::new()).unwrap();
    assert_eq!((least.kind, least.history), (ConversationKind::Group, History::All));
    for (body, pointer) in [
        (json!({"kind": "direct"}), "/kind"),
        (json!({"kind": "club"}), "/kind"),
        (json!({"title": ""}), "/title"),
        (json!({"title": "x".repeat(201)}), "/title"),
        (json!({"title": "a\u{0}"}), "/title"),
        (json!({"participant_ids": "bob"}), "/participant_ids"),
        (json!({"participant_ids": ["bob", ""]}), "/participant_ids/1"),
        (json!({"participant_ids": ["x".repeat(129)]}), "/participant_ids/0"),
        (json!({"participant_ids": vec!["bob"; 1001]}), "/participant_ids"),
        (json!({"ref": "task"}), "/ref"),
        (json!({"ref": {"type": "task"}}), "/ref/id"),
        (json!({"ref": {"type": "", "id": "1"}}), "/ref/type"),
        (json!({"history": 7}), "/history"),
    ] {
        let problem = CreateConversation::parse(&object(body.clone())).unwrap_err();
        assert_eq!(pointers(&problem), [pointer], "{body}");
    }
}

#[test]
fn the_other_one_of_a_direct_conversation_is_required() {
    assert!(CreateDirect::parse(&object(json!({"user_id": "bob"}))).is_ok());
    for body in [json!({}), json!({"user_id": null}), json!({"user_id": 7}), json!({"user_id": ""})] {
        assert_eq!(pointers(&CreateDirect::parse(&object(body)).unwrap_err()), ["/user_id"]);
    }
}

#[test]
fn queries_are_read_or_refused_by_name() {
    let read = |pairs: &[(&str, &str)]| ReadMessages::parse(&fields::query(pairs.iter().copied()));
    assert_eq!(read(&[]).unwrap(), ReadMessages { place: Place::Newest, limit: 50 });
    assert_eq!(read(&[("after", "0"), ("limit", "200")]).unwrap().place, Place::After(None));
    assert_eq!(read(&[("before", "9")]).unwrap().place, Place::Before(Seq::new(9).unwrap()));
    assert_eq!(read(&[("around", "99999999999999")]).unwrap().place, Place::Around(Seq::MAX));
    for pair in
        [("limit", "0"), ("limit", "201"), ("limit", "x"), ("before", "0"), ("before", "-1"), ("after", "")]
    {
        assert_eq!(pointers(&read(&[pair]).unwrap_err()), [format!("/{}", pair.0)]);
    }
    assert_eq!(pointers(&read(&[("cursor", "x"), ("after", "1")]).unwrap_err()), ["/after"]);
    let log = ReadLog::parse(&fields::query([("after", "7")])).unwrap();
    assert_eq!(log.after, Seq::new(7));
    let list = ListConversations::parse(&fields::query([("unread", "true"), ("kind", "direct")])).unwrap();
    assert_eq!((list.unread, list.kind), (Some(true), Some(ConversationKind::Direct)));
    assert!(ListConversations::parse(&fields::query([("unread", "1")])).is_err());
}

#[test]
fn typing_names_its_conversation_as_a_message_does() {
    let read = |data: Value, scope| Typing::parse(&object(data), scope);
    assert_eq!(read(json!({"conversation_id": here()}), None).unwrap().conversation, here());
    assert_eq!(read(json!({}), Some(here())).unwrap().conversation, here());
    assert_eq!(pointers(&read(json!({}), None).unwrap_err()), ["/conversation_id"]);
    assert_eq!(
        pointers(&read(json!({"conversation_id": 1}), Some(here())).unwrap_err()),
        ["/conversation_id"]
    );
    let other = json!({"conversation_id": ConversationId::from_bytes([8; 16])});
    for (data, scope) in [(other, Some(here())), (json!({"conversation_id": "c_1"}), None)] {
        assert_eq!(read(data, scope).unwrap_err().code, ErrorCode::NotFound);
    }
}

#[test]
fn presence_is_read_or_refused_by_pointer() {
    let set = |data: Value| SetPresence::parse(&object(data));
    let read = set(json!({"status": "busy", "text": "x".repeat(140)})).unwrap().choice;
    assert_eq!((read.status.as_str(), read.text.unwrap().as_str().len()), ("busy", 140));
    assert_eq!(set(json!({"status": "invisible", "text": null})).unwrap().choice.text, None);
    for (data, expected) in [
        (json!({}), vec!["/status"]),
        (json!({"status": "offline", "text": 1}), vec!["/status", "/text"]),
        (json!({"status": "away", "text": "x".repeat(141)}), vec!["/text"]),
        (json!({"status": "away", "text": " "}), vec!["/text"]),
    ] {
        assert_eq!(pointers(&set(data).unwrap_err()), expected);
    }
    let watch = |data: Value| WatchPresence::parse(&object(data));
    assert_eq!(watch(json!({"user_ids": []})).unwrap().user_ids, []);
    assert_eq!(watch(json!({"user_ids": vec!["a"; 200]})).unwrap().user_ids.len(), 200);
    for (data, expected) in [
        (json!({}), "/user_ids"),
        (json!({"user_ids": vec!["a"; 201]}), "/user_ids"),
        (json!({"user_ids": ["a", ""]}), "/user_ids/1"),
    ] {
        assert_eq!(pointers(&watch(data).unwrap_err()), [expected]);
    }
    let ids = |text: &str| ReadPresence::parse(&fields::query([("ids", text)]));
    assert_eq!(ids("a,b#%").unwrap().ids.len(), 2);
    for bad in ["", "a,", "a,\u{1}"] {
        assert_eq!(pointers(&ids(bad).unwrap_err()), ["/ids"], "{bad:?}");
    }
}

#[test]
fn a_body_is_json_and_an_object() {
    assert!(fields::object(b"{}").is_ok());
    for body in [&b"{"[..], b"", b"\xff", b"{\"a\":\"\\ud800\"}"] {
        assert_eq!(fields::object(body).unwrap_err().code, ErrorCode::Malformed);
    }
    assert_eq!(pointers(&fields::object(b"[]").unwrap_err()), [""]);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        Just(json!(here())),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-z_]{1,8}", inner, 0..4)
                .prop_map(|map| Value::from_iter(map.into_iter().collect::<Vec<_>>())),
        ]
    })
}

proptest! {
    #[test]
    fn reading_a_request_never_panics(values in prop::collection::vec(any_json(), 12)) {
        let names = [
            "conversation_id", "client_id", "after", "content", "attachments", "reply_to", "thread_id", "mentions",
            "kind", "metadata", "ref", "participant_ids",
        ];
        let body: Object = names.iter().map(ToString::to_string).zip(values).collect();
        let _ = SendMessage::parse(&body, None);
        let _ = SendMessage::parse(&body, Some(here()));
        let _ = CreateConversation::parse(&body);
        let _ = CreateDirect::parse(&body);
        let _ = ReadMessages::parse(&body);
        let _ = ReadLog::parse(&body);
        let _ = ListConversations::parse(&body);
    }
}
