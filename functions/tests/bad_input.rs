//! Bad input of every kind, to a socket and over HTTP: each gets its code, nothing is stored, and the next request is served.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken assumption should stop a test")]

#[path = "bad_input/house.rs"]
mod house;

use parlance_application::ports::environment::Clock;
use parlance_domain::ids::{ConversationId, MessageId};
use proptest::prelude::*;
use serde_json::{Value, json};

use self::house::{House, TOKEN_LIFE};
/// Every field of a message in every wrong shape, and the code that it deserves.
fn bad_messages(house: &House) -> Vec<(Value, &'static str)> {
    let own = house.own.to_string();
    let with = |field: &str, value: Value| {
        let mut data = json!({"conversation_id": own, "content": "hello"});
        data[field] = value;
        data
    };
    let deep = (0..90).fold(json!("x"), |inner, _| json!({ "a": inner }));
    let mut cases = vec![
        (json!({"content": "hello"}), "validation_failed"),
        (json!({"conversation_id": own}), "validation_failed"),
        (with("conversation_id", json!(7)), "validation_failed"),
        (with("conversation_id", json!("")), "not_found"),
        (with("conversation_id", json!("c_#%")), "not_found"),
        (with("conversation_id", json!(ConversationId::from_bytes([9; 16]))), "not_found"),
        (with("conversation_id", json!(house.foreign)), "not_found"),
        (with("content", json!("a\0b")), "validation_failed"),
        (with("content", json!("x".repeat(16 * 1024 + 1))), "validation_failed"),
        (with("client_id", json!("x".repeat(65))), "validation_failed"),
        (with("client_id", json!("ü")), "validation_failed"),
        (with("after", json!(-1)), "validation_failed"),
        (with("after", json!(1.5)), "validation_failed"),
        (with("after", json!(4_000_000_000_000_u64)), "out_of_date"),
        (with("kind", json!("video")), "validation_failed"),
        (with("metadata", json!([1])), "validation_failed"),
        (with("metadata", json!({"a": "x".repeat(5000)})), "validation_failed"),
        (with("attachments", json!(["nonsense"])), "validation_failed"),
        (with("attachments", json!(["a_00000000000000000000000000"])), "validation_failed"),
        (with("attachments", json!(vec!["a_00000000000000000000000000"; 11])), "validation_failed"),
        (with("mentions", json!(vec!["bob"; 51])), "validation_failed"),
        (with("mentions", json!(["a\u{7}"])), "validation_failed"),
        (with("reply_to", json!("m_1")), "validation_failed"),
        (
            with("reply_to", json!(MessageId::new(house.foreign, parlance_domain::head::Seq::FIRST))),
            "validation_failed",
        ),
        (
            with("reply_to", json!(MessageId::new(house.own, parlance_domain::head::Seq::MAX))),
            "validation_failed",
        ),
        (
            with("thread_id", json!(MessageId::new(house.own, parlance_domain::head::Seq::FIRST))),
            "validation_failed",
        ),
    ];
    for field in ["conversation_id", "content", "client_id", "kind", "reply_to", "thread_id"] {
        for value in [json!(true), json!([]), json!({}), deep.clone()] {
            cases.push((with(field, value), "validation_failed"));
        }
    }
    for field in ["attachments", "mentions", "metadata", "after"] {
        for value in [json!(true), json!("x"), json!([[]])] {
            cases.push((with(field, value), "validation_failed"));
        }
    }
    for blank in ["", " \n\t"] {
        cases.push((with("content", json!(blank)), "validation_failed"));
    }
    cases
}

#[tokio::test]
async fn a_bad_message_gets_the_same_code_on_a_socket_and_over_http() {
    let house = House::new().await;
    let before = house.stored();
    for (data, code) in bad_messages(&house) {
        let nack = house.send(&data).await;
        assert_eq!((&nack["type"], &nack["id"]), (&json!("nack"), &json!("r1")), "{data}");
        assert_eq!(nack["error"]["code"], code, "{data}");
        let (status, problem) = house.post(&data.to_string()).await;
        assert_eq!(
            (problem["code"].as_str(), u64::from(status)),
            (Some(code), problem["status"].as_u64().unwrap())
        );
        assert_eq!(nack["error"]["status"], problem["status"]);
        assert_eq!(nack["error"]["errors"], problem["errors"]);
        assert!((400..500).contains(&status), "{data}");
    }
    assert_eq!(house.stored(), before, "nothing was stored");
    let good = json!({"conversation_id": house.own, "content": "hello", "client_id": "1", "mentions": null});
    assert_eq!(house.send(&good).await["type"], "ack");
    assert_eq!(house.post(&good.to_string()).await.0, 200, "the retry, over HTTP");
    assert_eq!(house.stored(), before + 1);
}

#[tokio::test]
async fn a_frame_that_is_none_is_malformed_and_keeps_its_id_where_it_has_one() {
    let house = House::new().await;
    let deep = format!("{}{}", "[".repeat(4000), "]".repeat(4000));
    for (text, id) in [
        ("", json!(null)),
        ("{", json!(null)),
        ("null", json!(null)),
        ("[]", json!(null)),
        ("7", json!(null)),
        (r#""text""#, json!(null)),
        (r#"{"type":"ping","id":7}"#, json!(null)),
        (r#"{"type":"ping","id":"\ud800"}"#, json!(null)),
        (r#"{"id":"r1"}"#, json!("r1")),
        (r#"{"id":"r1","type":null}"#, json!("r1")),
        (r#"{"id":"r1","type":["ping"]}"#, json!("r1")),
        (r#"{"id":"r1","type":"ping","data":7}"#, json!("r1")),
        (deep.as_str(), json!(null)),
    ] {
        let nack = house.frame(text).await.unwrap();
        assert_eq!((&nack["error"]["code"], &nack["id"]), (&json!("malformed"), &id), "{text:.40}");
    }
    let long = format!(r#"{{"type":"ping","id":"{}"}}"#, "x".repeat(65));
    assert_eq!(house.frame(&long).await.unwrap()["error"]["code"], "malformed");
    let unknown = house.frame(r#"{"type":"message.sing","id":"r2"}"#).await.unwrap();
    assert_eq!((&unknown["error"]["code"], &unknown["id"]), (&json!("unknown_type"), &json!("r2")));
    assert_eq!(house.frame(r#"{"type":"ping","id":"r3"}"#).await.unwrap()["type"], "pong");
}

#[tokio::test]
async fn a_flat_frame_is_a_frame_and_one_without_id_gets_its_own_event() {
    let house = House::new().await;
    let flat =
        json!({"type": "message.send", "conversation_id": house.own, "content": "hi", "HEADERS": {"a": 1}});
    let event = house.frame(&flat.to_string()).await.unwrap();
    assert_eq!((&event["type"], &event["data"]["content"]), (&json!("message.created"), &json!("hi")));
    assert_eq!(event["seq"], event["data"]["seq"]);
    let refused = json!({"type": "message.send", "conversation_id": house.foreign, "content": "hi"});
    let nack = house.frame(&refused.to_string()).await.unwrap();
    assert_eq!((&nack["type"], &nack["id"]), (&json!("nack"), &json!(null)));
}

#[tokio::test]
async fn a_token_that_expires_on_an_open_socket_ends_it() {
    let house = House::new().await;
    let now = house.scene.clock.now().as_secs();
    let ping = r#"{"type":"ping","id":"r1"}"#;
    assert_eq!(house.frame_until(ping, now + 1).await.unwrap()["type"], "pong");
    for text in [ping, "rubbish"] {
        assert_eq!(house.frame_until(text, now).await, None, "the answer was posted");
        let posts: Vec<Vec<u8>> = std::mem::take(&mut *house.stage.gateway.deliveries())
            .into_iter()
            .map(|(_, frame)| frame)
            .collect();
        let nack: Value = serde_json::from_slice(&posts[0]).unwrap();
        let closing: Value = serde_json::from_slice(&posts[1]).unwrap();
        assert_eq!((&nack["type"], &nack["error"]["code"]), (&json!("nack"), &json!("token_expired")));
        assert_eq!(
            (&closing["type"], &closing["data"]["code"]),
            (&json!("session.closing"), &json!("token_expired"))
        );
        assert_eq!(posts[2], b"closed");
    }
}

#[tokio::test]
async fn http_wants_a_good_token() {
    let house = House::new().await;
    let route = "GET /api/messaging/conversations/{id}/log";
    let ask = async |headers: Value| house.request(route, &house.own.to_string(), "", &headers, None).await;
    for (authorization, code) in [
        (json!({}), "unauthenticated"),
        (json!({"authorization": ""}), "unauthenticated"),
        (json!({"authorization": "Bearer"}), "unauthenticated"),
        (json!({"authorization": "Basic alice"}), "unauthenticated"),
        (json!({"authorization": "Bearer eve"}), "unauthenticated"),
    ] {
        let (status, problem) = ask(authorization).await;
        assert_eq!((status, problem["code"].as_str()), (401, Some(code)));
    }
    let good = json!({"authorization": "Bearer alice"});
    assert_eq!(ask(good.clone()).await.0, 200);
    house.scene.clock.advance(TOKEN_LIFE);
    let (status, problem) = ask(good).await;
    assert_eq!((status, problem["code"].as_str()), (401, Some("token_expired")));
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let house = House::new().await;
    for (body, code) in [
        ("", "malformed"),
        ("{", "malformed"),
        (r#"{"content":"\ud800"}"#, "malformed"),
        ("[]", "validation_failed"),
        ("null", "validation_failed"),
    ] {
        assert_eq!(house.post(body).await.1["code"], code, "{body}");
    }
    let large = format!(r#"{{"content":"{}"}}"#, "x".repeat(1024 * 1024));
    assert_eq!(house.post(&large).await.1["code"], "too_large");
    let good = json!({"conversation_id": house.own, "content": "hello"}).to_string();
    for (media_type, status) in
        [("text/plain", 415), ("application/xml", 415), ("Application/JSON; charset=utf-8", 201)]
    {
        let headers = json!({"authorization": "Bearer alice", "content-type": media_type});
        let answer = house.request("POST /api/messaging/messages", "", "", &headers, Some(&good)).await;
        assert_eq!(answer.0, status, "{media_type}");
    }
}

#[tokio::test]
async fn paths_and_queries_are_checked() {
    let house = House::new().await;
    let message = house.scene.say(house.own, "bob", "hello").await;
    let (log, messages) =
        ("GET /api/messaging/conversations/{id}/log", "GET /api/messaging/conversations/{id}/messages");
    let own = house.own.to_string();
    for (route, id) in [
        (log, "c_1"),
        (log, ""),
        (log, "../etc"),
        (messages, house.foreign.to_string().as_str()),
        ("GET /api/messaging/messages/{id}", "m_1"),
        ("GET /api/messaging/messages/{id}", MessageId::new(house.foreign, message.seq).to_string().as_str()),
        ("GET /api/messaging/nowhere", ""),
    ] {
        assert_eq!(house.get(route, id, "").await.0, 404, "{route} {id}");
    }
    for query in [
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=-1",
        "limit=1e3",
        "after=-1",
        "after=x",
        "after=99999999999999999999999",
    ] {
        assert_eq!(house.get(log, &own, query).await.0, 422, "{query}");
    }
    for query in ["before=0", "around=x", "before=1&after=1", "limit=%00", "cursor=a&before=2"] {
        assert_eq!(house.get(messages, &own, query).await.0, 422, "{query}");
    }
    for query in ["cursor=nonsense", "cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAA", "cursor=%FF%FE"] {
        let (status, problem) = house.get(messages, &own, query).await;
        assert_eq!((status, problem["code"].as_str()), (400, Some("malformed")), "{query}");
    }
    for (route, query) in
        [(log, "after=1&limit=200"), (messages, "limit=1&unknown=7"), (messages, "before=999999999999999")]
    {
        assert_eq!(house.get(route, &own, query).await.0, 200, "{query}");
    }
    let (status, found) = house.get("GET /api/messaging/messages/{id}", &message.to_string(), "").await;
    assert_eq!((status, &found["content"]), (200, &json!("hello")));
}

#[tokio::test]
async fn a_cursor_leads_on_and_one_that_was_tampered_with_nowhere() {
    let house = House::new().await;
    for number in 0..5 {
        house.scene.say(house.own, "bob", &number.to_string()).await;
    }
    let (route, own) = ("GET /api/messaging/conversations/{id}/messages", house.own.to_string());
    let (_, first) = house.get(route, &own, "limit=2").await;
    let next = first["next"].as_str().unwrap();
    let (_, second) = house.get(route, &own, &format!("limit=2&cursor={next}")).await;
    let texts: Vec<&str> =
        second["items"].as_array().unwrap().iter().map(|item| item["content"].as_str().unwrap()).collect();
    assert_eq!(texts, ["2", "1"]);
    let mut tampered = next.to_owned().into_bytes();
    tampered[3] = if tampered[3] == b'x' { b'y' } else { b'x' };
    let tampered = String::from_utf8(tampered).unwrap();
    assert_eq!(house.get(route, &own, &format!("cursor={tampered}")).await.0, 400);
}

#[tokio::test]
async fn a_version_that_the_client_has_is_not_sent_again() {
    let house = House::new().await;
    let message = house.scene.say(house.own, "bob", "hello").await.to_string();
    let ask = async |etag: &str| {
        let headers = json!({"authorization": "Bearer alice", "if-none-match": etag});
        house.request("GET /api/messaging/messages/{id}", &message, "", &headers, None).await.0
    };
    assert_eq!((ask("\"1\"").await, ask("W/\"1\"").await, ask("\"2\"").await), (304, 304, 200));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn no_frame_brings_a_socket_down(text in r#"(\{("(type|id|data|content)":("[a-z.\\"]{0,8}"|null|\{\}|\[|7),?){0,4}\}?|.{0,40})"#) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let house = House::new().await;
            let answer = house.frame(&text).await.unwrap();
            let code = answer["error"]["code"].as_str();
            assert!(code.is_none() || code != Some("internal"), "{text}");
        });
    }
}
