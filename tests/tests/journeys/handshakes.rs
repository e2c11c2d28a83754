//! Who may open a socket, and how he shows it.

use std::time::Duration;

use parlance_tests::answer::Answer;
use parlance_tests::cloud::{Cloud, Setup};
use parlance_tests::deadline::eventually;
use parlance_tests::person::Person;
use reqwest::Method;
use serde_json::json;

const PATHS: [&str; 2] = ["/ws/messaging/", "/ws/presence/"];

async fn ticket(person: &Person) -> String {
    let answer = person.post("ws/ticket/", &json!({})).await.with(201);
    answer["ticket"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_is_taken_in_the_query_and_beside_a_subprotocol() {
    let alice = Cloud::shared().await.person("alice");
    for path in PATHS {
        let mut by_query = alice.connect_to(path).await;
        assert_eq!(by_query.subprotocol, None);
        assert_eq!(by_query.request("ping", &json!({})).await["type"], "pong");

        let offered =
            alice.handshake(path).header("sec-websocket-protocol", &format!("bearer, {}", alice.token));
        let mut by_subprotocol = offered.open().await.unwrap();
        assert_eq!(by_subprotocol.subprotocol.as_deref(), Some("bearer"));
        assert_eq!(by_subprotocol.request("ping", &json!({})).await["type"], "pong");
    }
}

#[tokio::test]
async fn without_credentials_or_with_bad_ones_a_handshake_is_unauthorized() {
    let alice = Cloud::shared().await.person("alice");
    for query in ["", "?token=", "?token=rubbish", "?ticket=t_rubbish", "?ticket="] {
        for path in PATHS {
            assert_eq!(alice.handshake(&format!("{path}{query}")).refused().await, 401, "{path}{query}");
        }
    }
    let offer = alice.handshake("/ws/messaging/").header("sec-websocket-protocol", "bearer, rubbish");
    assert_eq!(offer.refused().await, 401);
    alice.connect().await;
}

#[tokio::test]
async fn a_ticket_opens_one_socket() {
    let alice = Cloud::shared().await.person("alice");
    let ticket = ticket(&alice).await;
    let path = format!("/ws/messaging/?ticket={ticket}");
    let mut socket = alice.handshake(&path).open().await.unwrap();
    let session = socket.request("session.start", &json!({})).await;
    assert_eq!(session["data"]["user"]["id"], alice.id.as_str());
    assert_eq!(alice.handshake(&path).refused().await, 401);
}

#[tokio::test]
async fn of_two_handshakes_at_once_a_ticket_opens_one() {
    let alice = Cloud::shared().await.person("alice");
    let path = format!("/ws/messaging/?ticket={}", ticket(&alice).await);
    let (one, other) = tokio::join!(alice.handshake(&path).open(), alice.handshake(&path).open());
    assert_eq!([one, other].into_iter().filter_map(Result::err).collect::<Vec<_>>(), [401]);
}

#[tokio::test]
async fn a_ticket_is_good_for_thirty_seconds() {
    let alice = Cloud::shared().await.person("alice");
    let (late, in_time) = (ticket(&alice).await, ticket(&alice).await);
    tokio::time::sleep(Duration::from_secs(25)).await;
    alice.handshake(&format!("/ws/messaging/?ticket={in_time}")).open().await.unwrap();
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(alice.handshake(&format!("/ws/messaging/?ticket={late}")).refused().await, 401);
}

#[tokio::test]
async fn only_pages_of_allowed_origins_may_connect() {
    let alice = Cloud::shared().await.person("alice");
    let path = format!("/ws/messaging/?token={}", alice.token);
    for refused in
        ["https://evil.example", "null", "http://localhost.evil.example", "http://127.0.0.1.evil.example"]
    {
        assert_eq!(alice.handshake(&path).header("origin", refused).refused().await, 403, "{refused}");
    }
    for allowed in ["http://localhost:5173", "http://127.0.0.1:8080", "https://localhost"] {
        let opened = alice.handshake(&path).header("origin", allowed).open().await;
        assert!(opened.is_ok(), "{allowed}");
    }
}

#[tokio::test]
async fn a_page_that_is_not_allowed_cannot_use_a_ticket_up() {
    let alice = Cloud::shared().await.person("alice");
    let path = format!("/ws/messaging/?ticket={}", ticket(&alice).await);
    assert_eq!(alice.handshake(&path).header("origin", "https://evil.example").refused().await, 403);
    alice.handshake(&path).open().await.unwrap();
}

#[tokio::test]
async fn a_foreign_conversation_and_one_that_does_not_exist_look_the_same() {
    let cloud = Cloud::shared().await;
    let [alice, bob, mallory] = cloud.people(["alice", "bob", "mallory"]);
    let conversation = alice.direct_with(&bob).await;
    let unknown = format!("c_{}", "0".repeat(26));
    for path in ["/ws/messaging/conversations/", "/ws/chat/", "/ws/typing/"] {
        for id in [&conversation, &unknown, &"nonsense".to_owned(), &"%23%00".to_owned()] {
            let handshake = mallory.handshake(&format!("{path}{id}/?token={}", mallory.token));
            assert_eq!(handshake.refused().await, 403, "{path}{id}");
        }
        bob.connect_to(&format!("{path}{conversation}/")).await;
    }
}

#[tokio::test]
async fn the_twenty_first_socket_of_a_user_is_refused_until_another_is_closed() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let mut sockets = Vec::new();
    for _ in 0..20 {
        sockets.push(alice.connect().await);
    }
    let path = format!("/ws/messaging/?token={}", alice.token);
    assert_eq!(alice.handshake(&path).refused().await, 429);
    bob.connect().await;
    drop(sockets.pop());
    eventually("a free place", async || alice.handshake(&path).open().await.ok()).await;
}

#[tokio::test]
async fn sockets_whose_end_was_lost_keep_nobody_out_once_their_handshakes_must_be_over() {
    let cloud = Setup::default().start().await;
    let alice = cloud.person("alice");
    cloud.faults().begin(&json!({"name": "disconnect.lost"})).await;
    for _ in 0..20 {
        drop(alice.connect().await);
    }
    let path = format!("/ws/messaging/?token={}", alice.token);
    assert_eq!(alice.handshake(&path).refused().await, 429);
    tokio::time::sleep(Duration::from_secs(36)).await;
    alice.handshake(&path).open().await.unwrap();
}

#[tokio::test]
async fn a_ticket_needs_a_token() {
    let alice = Cloud::shared().await.person("alice");
    let answer = Answer::to(alice.anonymous(Method::POST, "ws/ticket/")).await;
    let problem = answer.refused(401, "unauthenticated");
    assert_eq!(problem["retryable"], false);
    assert!(answer.header("www-authenticate").starts_with("Bearer"), "{answer:?}");
    ticket(&alice).await;
}
