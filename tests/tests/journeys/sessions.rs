//! What a socket says of itself, and how frames may be written.

use parlance_tests::cloud::Cloud;
use parlance_tests::credentials::{claims_with, signed};
use serde_json::json;

#[tokio::test]
async fn a_session_knows_its_user_its_end_and_its_limits() {
    let alice = Cloud::shared().await.person("alice");
    let profile = json!({"name": "Alice Ä", "picture": "https://a.example/p.png", "locale": "de-CH"});
    let alice = alice.showing(signed(&claims_with(&alice.id, &profile)));
    let mut socket = alice.connect().await;
    let ready = socket.request("session.start", &json!({"device": "phone", "client": "journeys"})).await;

    assert_eq!(ready["type"], "session.ready");
    let user = &ready["data"]["user"];
    assert_eq!((user["id"].as_str(), &user["name"]), (Some(&*alice.id), &profile["name"]));
    assert_eq!((&user["picture"], &user["locale"]), (&profile["picture"], &profile["locale"]));
    assert_eq!(ready["data"]["limits"]["content_bytes"], 16 * 1_024);
    let (now, end) = (&ready["data"]["server_time"], &ready["data"]["expires_at"]);
    assert!(now.as_str() < end.as_str() && now.as_str().unwrap().ends_with('Z'), "{ready}");
}

#[tokio::test]
async fn limits_are_the_same_over_http_where_everybody_may_ask() {
    let alice = Cloud::shared().await.person("alice");
    let mut socket = alice.connect().await;
    let ready = socket.request("session.start", &json!({})).await;
    let stranger = alice.showing("");
    assert_eq!(stranger.get("limits/").await.with(200), ready["data"]["limits"]);
    assert_eq!(stranger.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_ping_is_answered_whatever_it_carries() {
    let mut socket = Cloud::shared().await.person("alice").connect().await;
    for frame in [
        json!({"type": "ping", "id": "p"}),
        json!({"type": "ping", "id": "p", "data": {"any": [1, null]}}),
        json!({"type": "ping", "id": "p", "data": null}),
        json!({"type": "ping", "id": "p", "flat": true}),
    ] {
        socket.send(frame.to_string()).await;
        assert_eq!(socket.answer(Some("p")).await, json!({"type": "pong", "id": "p", "data": {}}));
    }
    socket.send(r#"{"type":"ping"}"#).await;
    assert_eq!(socket.answer(None).await, json!({"type": "pong", "id": null, "data": {}}));
}

#[tokio::test]
async fn a_flat_frame_is_read_as_one_with_data() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let mut socket = alice.connect().await;
    // As the htmx extension `ws` sends a form.
    let form = json!({"type": "message.send", "id": "f", "conversation_id": conversation, "content": "flat",
        "HEADERS": {"HX-Request": "true"}});
    socket.send(form.to_string()).await;
    let ack = socket.answer(Some("f")).await;
    assert_eq!((&ack["type"], &ack["data"]["message"]["content"]), (&json!("ack"), &json!("flat")));
}

#[tokio::test]
async fn a_message_without_an_id_is_answered_by_its_own_event() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let mut socket = alice.connect().await;
    let frame =
        json!({"type": "message.send", "data": {"conversation_id": conversation, "content": "no id"}});
    socket.send(frame.to_string()).await;
    let event = socket.event_of("message.created").await;
    assert_eq!((&event["data"]["content"], &event["seq"]), (&json!("no id"), &json!(2)));
}

#[tokio::test]
async fn sockets_for_typing_and_presence_take_no_messages() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let message = json!({"conversation_id": conversation, "content": "not here"});
    for path in [format!("/ws/typing/{conversation}/"), "/ws/presence/".to_owned()] {
        let mut socket = alice.connect_to(&path).await;
        socket.refused("message.send", &message, "forbidden").await;
        assert_eq!(socket.request("ping", &json!({})).await["type"], "pong");
        bob.says(&conversation, "heard elsewhere").await;
        let heard = socket.events_within(std::time::Duration::from_millis(300)).await;
        assert!(heard.is_empty(), "{heard:?}");
    }
}
