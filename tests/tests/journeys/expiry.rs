//! A token that expires on an open socket.

use std::time::Duration;

use parlance_tests::cloud::{Cloud, Setup};
use parlance_tests::credentials::{claims_with, now, signed};
use parlance_tests::person::Person;
use serde_json::json;

/// The parameter's value here; it is 60 by default.
const LEEWAY_SECONDS: &str = "1";

async fn strict() -> Cloud {
    Setup::default().parameter("JwtLeewaySeconds", LEEWAY_SECONDS).start().await
}

/// Shows a token that is good for so many seconds; from then on the leeway is left.
fn for_seconds(person: &Person, seconds: u64) -> Person {
    person.showing(signed(&claims_with(&person.id, &json!({"exp": now() + seconds}))))
}

#[tokio::test]
async fn after_expiry_frames_are_refused_and_the_socket_is_closed() {
    let cloud = strict().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let message = json!({"conversation_id": conversation, "content": "in time"});
    let mut socket = for_seconds(&alice, 2).connect().await;
    socket.acked("message.send", &message).await;
    tokio::time::sleep(Duration::from_millis(3_300)).await;

    let refusal = socket.refused("message.send", &message, "token_expired").await;
    assert_eq!((&refusal["status"], &refusal["retryable"]), (&json!(401), &json!(false)));
    let closing = socket.event_of("session.closing").await;
    assert_eq!(
        (&closing["data"]["code"], &closing["data"]["reconnect"]),
        (&json!("token_expired"), &json!(true))
    );
    socket.closed().await;
    assert_eq!(bob.contents(&conversation).await, ["in time"]);
}

#[tokio::test]
async fn after_expiry_nothing_more_is_delivered() {
    let cloud = strict().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let mut socket = for_seconds(&alice, 2).connect().await;
    let heard = bob.says(&conversation, "in time").await;
    assert_eq!(socket.event_of("message.created").await["data"], heard);
    tokio::time::sleep(Duration::from_millis(3_300)).await;

    bob.says(&conversation, "too late").await;
    assert_eq!(socket.event().await["type"], "session.closing");
    socket.closed().await;
    let mut fresh = alice.connect().await;
    bob.says(&conversation, "again").await;
    assert_eq!(fresh.event_of("message.created").await["data"]["content"], "again");
}

#[tokio::test]
async fn clocks_may_be_apart_by_the_leeway_and_no_more() {
    let alice = Cloud::shared().await.person("alice");
    let at = |claims| alice.showing(signed(&claims_with(&alice.id, &claims)));
    for tolerated in [
        json!({"exp": now() - 50}),
        json!({"nbf": now() + 50}),
        json!({"iat": now() + 50}),
        json!({"iat": null}),
    ] {
        let person = at(tolerated.clone());
        person.get("conversations/").await.with(200);
        person.connect().await;
    }
    for (refused, code) in [
        (json!({"exp": now() - 61}), "token_expired"),
        (json!({"nbf": now() + 70}), "unauthenticated"),
        (json!({"iat": now() + 70}), "unauthenticated"),
    ] {
        let person = at(refused);
        let answer = person.get("conversations/").await;
        answer.refused(401, code);
        assert!(answer.header("www-authenticate").contains("invalid_token"), "{answer:?}");
        let handshake = person.handshake(&format!("/ws/messaging/?token={}", person.token));
        assert_eq!(handshake.refused().await, 401);
    }
}
