//! What must not be written down: tokens, tickets, texts.

use std::time::Duration;

use parlance_tests::cloud::Setup;
use serde_json::json;

#[tokio::test]
async fn no_log_holds_a_token_a_ticket_or_a_text() {
    let cloud = Setup::default().relays(1).verbose().start().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let ticket = alice.post("ws/ticket/", &json!({})).await.with(201)["ticket"].as_str().unwrap().to_owned();
    let (mut phone, mut laptop) = (
        alice.handshake(&format!("/ws/messaging/?ticket={ticket}")).open().await.unwrap(),
        bob.connect().await,
    );
    let beside = alice.handshake("/ws/messaging/");
    beside.header("sec-websocket-protocol", &format!("bearer, {}", bob.token)).open().await.unwrap();
    phone.says(&conversation, "a-text-that-is-nobodys-business").await;
    laptop.event_of("message.created").await;
    let bad = json!({"conversation_id": conversation, "content": 7, "metadata": "another-private-text"});
    phone.refused("message.send", &bad, "validation_failed").await;
    alice.post_bytes("messages/", "{\"content\": \"half-a-private-text").await.refused(400, "malformed");
    let forged = format!("{}x", alice.token);
    assert_eq!(alice.handshake(&format!("/ws/messaging/?token={forged}")).refused().await, 401);
    tokio::time::sleep(Duration::from_millis(500)).await;

    // The tokens that are printed for trying things out are other ones.
    let logs = cloud.logs();
    let (_, signature) = alice.token.rsplit_once('.').unwrap();
    for secret in
        [signature, bob.token.rsplit_once('.').unwrap().1, &ticket, "nobodys-business", "private-text"]
    {
        assert!(!logs.contains(secret), "{secret} stands in a log");
    }
    for shown in [&alice.id, &conversation, &"validation_failed".to_owned()] {
        assert!(logs.contains(shown.as_str()), "{shown} helps whoever reads the logs");
    }
}
