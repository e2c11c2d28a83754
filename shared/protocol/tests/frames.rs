//! Frames of clients, good and bad, and the shapes of the answers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use parlance_domain::{
    head::Seq,
    ids::{ConversationId, UserId},
    time::Timestamp,
};
use parlance_protocol::{
    error_code::ErrorCode,
    frame::{self, AppendedAt, ClientFrame, ServerFrame, SessionReady, SessionUser},
    limits::{Limits, Rates},
    problem::Problem,
    wire_time::WireTime,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn read(answer: &str) -> Value {
    serde_json::from_str(answer).unwrap()
}

#[test]
fn a_frame_is_read_with_its_data_or_flat() {
    for text in [
        r#"{"type":"ping","id":"r1","data":{"a":1}}"#,
        r#"{"type":"ping","id":"r1","a":1}"#,
        r#"{"type":"ping","id":"r1","data":null,"a":1}"#,
    ] {
        let frame = ClientFrame::parse(text).unwrap();
        assert_eq!((frame.kind.as_str(), frame.id.as_deref()), ("ping", Some("r1")));
        assert_eq!(Value::Object(frame.data), json!({"a": 1}));
    }
}

#[test]
fn an_id_has_at_most_64_characters_whatever_their_size() {
    let of = |length: usize| json!({"type": "ping", "id": "ü".repeat(length)}).to_string();
    assert!(ClientFrame::parse(&of(64)).is_ok());
    assert!(ClientFrame::parse(&of(65)).is_err());
    assert!(ClientFrame::parse(r#"{"type":"ping","id":7}"#).is_err());
}

#[test]
fn a_frame_that_cannot_be_read_is_malformed_under_its_id_where_there_is_one() {
    let deep = format!(r#"{{"type":"ping","data":{{"a":{}{}}}}}"#, "[".repeat(5_000), "]".repeat(5_000));
    for (text, id) in [
        ("", None),
        ("ping", None),
        ("[]", None),
        ("null", None),
        (r#"{"type":"ping""#, None),
        (r#"{"type":"ping","data":{"a":"\ud800"}}"#, None),
        (r#"{"type":"ping","data":{"a":1e999}}"#, None),
        (r"{}", None),
        (r#"{"id":"r1"}"#, Some("r1")),
        (r#"{"id":"r1","type":null}"#, Some("r1")),
        (r#"{"id":"r1","type":"ping","data":[]}"#, Some("r1")),
        (r#"{"id":"r1","type":"ping","data":"{}"}"#, Some("r1")),
        (deep.as_str(), None),
    ] {
        let malformed = ClientFrame::parse(text).unwrap_err();
        assert_eq!(malformed.problem.code, ErrorCode::Malformed, "{text}");
        assert_eq!(malformed.id.as_deref(), id, "{text}");
    }
}

#[test]
fn every_answer_is_the_contract() {
    let appended =
        AppendedAt { conversation: ConversationId::from_bytes([7; 16]), seq: Seq::new(412).unwrap() };
    let session = SessionReady {
        user: SessionUser {
            id: UserId::parse("alice").unwrap(),
            name: Some("Alice".into()),
            picture: None,
            locale: Some("de".into()),
        },
        server_time: WireTime(Timestamp::from_millis(1_795_381_200_000)),
        expires_at: WireTime(Timestamp::from_millis(1_795_384_800_000)),
        limits: Limits::with(Rates { sends: Some(20), writes: Some(10), ..Rates::default() }),
    };
    let unknown = ClientFrame::parse(r#"{"type":"dance\u0000","id":"r2"}"#).unwrap();
    insta::assert_json_snapshot!([
        read(&frame::ack(Some("r17"), Some(appended), &json!({"message": {}}))),
        read(&frame::ack(Some("r18"), None, &json!({}))),
        read(&frame::nack(
            Some("r19"),
            &Problem::retry_after(ErrorCode::RateLimited, "20 messages a second", 1_200)
        )),
        read(&frame::nack(None, &Problem::malformed("the frame is not valid JSON"))),
        read(&frame::unknown_type(&unknown)),
        read(&frame::pong(None)),
        read(&frame::session_ready(Some("r1"), &session)),
    ]);
}

#[test]
fn a_client_reads_answers_and_passes_over_what_is_not_meant_for_it() {
    let ack = frame::ack(Some("r17"), None, &json!({"read_seq": 4}));
    assert!(
        matches!(ServerFrame::parse(&ack), Some(ServerFrame::Ack(ack)) if ack.id.as_deref() == Some("r17"))
    );
    let nack = frame::nack(Some("r18"), &Problem::not_found());
    assert!(
        matches!(ServerFrame::parse(&nack), Some(ServerFrame::Nack(nack)) if nack.error.is(ErrorCode::NotFound))
    );
    let batch = r#"{"type":"batch","events":[{"type":"of.tomorrow","data":{"x":1}}]}"#;
    assert!(matches!(ServerFrame::parse(batch), Some(ServerFrame::Batch(events)) if events.len() == 1));
    for foreign in [
        "",
        "{}",
        r#"{"message": "Internal server error", "connectionId":"a", "requestId":"b"}"#,
        r#"{"type":"batch"}"#,
        "[]",
    ] {
        assert!(ServerFrame::parse(foreign).is_none(), "{foreign}");
    }
}

proptest! {
    #[test]
    fn reading_a_frame_never_panics(text in r#"[\[\]{}",:a-z0-9\\u.\-]{0,200}|.{0,200}"#) {
        let _ = ClientFrame::parse(&text);
        let _ = ServerFrame::parse(&text);
    }
}
