//! Frames that are none, or of a type that does not exist.

use parlance_tests::cloud::Cloud;
use parlance_tests::socket::Socket;
use serde_json::{Value, json};

async fn is_refused(socket: &mut Socket, frame: &str, id: Option<&str>, code: &str) {
    socket.send(frame).await;
    let nack = socket.answer(id).await;
    assert_eq!((&nack["type"], &nack["error"]["code"]), (&json!("nack"), &json!(code)), "{frame}: {nack}");
    assert_eq!(nack["id"].as_str(), id, "{frame}");
    assert_eq!(
        (&nack["error"]["status"], &nack["error"]["retryable"]),
        (&json!(400), &json!(false)),
        "{nack}"
    );
}

#[tokio::test]
async fn what_is_no_frame_is_malformed() {
    let mut socket = Cloud::shared().await.person("alice").connect().await;
    for frame in [
        "",
        " ",
        "x",
        "{",
        "null",
        "7",
        "\"ping\"",
        "[]",
        "{}",
        "{}{}",
        r#"[{"type":"ping"}]"#,
        "\u{feff}{}",
        r#"{"type":null}"#,
        r#"{"type":7}"#,
        r#"{"type":["ping"]}"#,
        r#"{"type":{}}"#,
        r#"{"type":true}"#,
        r#"{"type":"ping","id":7}"#,
        r#"{"type":"ping","id":["p"]}"#,
        r#"{"type":"message.send","id":{}}"#,
        "ping",
        "PING\r\n",
    ] {
        is_refused(&mut socket, frame, None, "malformed").await;
    }
    let too_long = json!({"type": "ping", "id": "x".repeat(65)}).to_string();
    is_refused(&mut socket, &too_long, None, "malformed").await;
    for kind in ["ping", "message.send", "session.start"] {
        for data in [json!(7), json!("x"), json!([]), json!(true)] {
            let frame = json!({"type": kind, "id": "p", "data": data}).to_string();
            is_refused(&mut socket, &frame, Some("p"), "malformed").await;
        }
    }
    is_refused(&mut socket, r#"{"id":"p","data":{}}"#, Some("p"), "malformed").await;
    let longest = "ü".repeat(64);
    socket.send(json!({"type": "ping", "id": longest}).to_string()).await;
    assert_eq!(socket.answer(Some(&longest)).await["type"], "pong");
}

#[tokio::test]
async fn a_type_that_does_not_exist_is_unknown() {
    let mut socket = Cloud::shared().await.person("alice").connect().await;
    for kind in [
        "",
        " ",
        "nonsense",
        "message",
        "message.",
        "message.send ",
        "MESSAGE.SEND",
        "message.sent",
        "$default",
        "$connect",
        "$disconnect",
        "__proto__",
        "ping\u{0}",
        "💥",
        "../ping",
        "session.start\n",
        "ack",
        "batch",
    ] {
        let frame = json!({"type": kind, "id": "u", "data": {}}).to_string();
        is_refused(&mut socket, &frame, Some("u"), "unknown_type").await;
    }
    let endless = json!({"type": "x".repeat(20_000), "id": "u"}).to_string();
    is_refused(&mut socket, &endless, Some("u"), "unknown_type").await;
    assert_eq!(socket.request("ping", &json!({})).await["type"], "pong");
}

#[tokio::test]
async fn what_a_client_says_of_itself_may_be_anything() {
    let mut socket = Cloud::shared().await.person("alice").connect().await;
    let odd: [Value; 5] =
        [json!({}), json!(null), json!({"device": 7}), json!({"device": null}), json!({"x": []})];
    for data in odd {
        let ready = socket.request("session.start", &data).await;
        assert!(["session.ready", "nack"].contains(&ready["type"].as_str().unwrap()), "{ready}");
        assert_ne!(ready["error"]["code"], "internal", "{ready}");
    }
    assert_eq!(socket.request("session.start", &json!({})).await["type"], "session.ready");
}

#[tokio::test]
async fn the_stage_may_be_reached_without_the_paths_and_its_query_is_user_input() {
    let cloud = Cloud::shared().await;
    let [alice, bob, mallory] = cloud.people(["alice", "bob", "mallory"]);
    let conversation = alice.direct_with(&bob).await;
    let stage = |person: &parlance_tests::person::Person, query: &str| {
        person.handshake(&format!("/live?token={}&{query}", person.token))
    };
    for query in [
        format!("socket=conversation&conversation_id={conversation}"),
        "socket=conversation".to_owned(),
        "socket=conversation&conversation_id=".to_owned(),
        "socket=typing&conversation_id=%00".to_owned(),
        "socket=admin".to_owned(),
        "socket=".to_owned(),
    ] {
        assert_eq!(stage(&mallory, &query).refused().await, 403, "{query}");
    }
    let mut socket =
        stage(&bob, &format!("socket=conversation&conversation_id={conversation}")).open().await.unwrap();
    assert_eq!(socket.says(&conversation, "by the back door").await["seq"], 2);
}
