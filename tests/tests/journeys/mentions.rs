//! People who are mentioned notice it, whatever they have open.

use std::time::Duration;

use parlance_tests::cloud::Cloud;
use serde_json::{Value, json};

fn notifications(events: &[Value]) -> usize {
    events.iter().filter(|event| event["type"] == "notification.created").count()
}

#[tokio::test]
async fn a_member_who_is_mentioned_is_notified_and_nobody_else() {
    let cloud = Cloud::shared().await;
    let [alice, bob, carol, mallory] = cloud.people(["alice", "bob", "carol", "mallory"]);
    let conversation = alice.group_with([&bob, &carol]).await;
    let elsewhere = bob.direct_with(&carol).await;
    let mut phone = alice.connect().await;
    let mut tablet = alice.connect().await;
    let mut narrow = bob.connect_to(&format!("/ws/chat/{elsewhere}/")).await;
    let (mut bystander, mut stranger) = (carol.connect().await, mallory.connect().await);

    let said = json!({
        "conversation_id": conversation, "content": "@bob @alice @mallory",
        "mentions": [bob.id, alice.id, mallory.id, bob.id],
    });
    let message = phone.acked("message.send", &said).await["data"]["message"].clone();

    let event = narrow.event_of("notification.created").await;
    assert_eq!((&event["conversation_id"], event["seq"].is_null()), (&json!(conversation), true));
    let expected = json!({"kind": "mention", "message_id": message["id"], "by": alice.id});
    assert_eq!(event["data"], expected);
    assert_eq!(bystander.event_of("message.created").await["data"]["mentions"], said["mentions"]);
    for socket in [&mut phone, &mut tablet, &mut narrow, &mut bystander, &mut stranger] {
        let events = socket.events_within(Duration::from_millis(200)).await;
        assert_eq!(notifications(&events), 0, "{events:?}");
    }
}

#[tokio::test]
async fn a_relay_notifies_as_well() {
    let cloud = parlance_tests::cloud::Setup::default().relays(1).start().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let (mut phone, mut laptop) = (alice.connect().await, bob.connect().await);
    let said = json!({"conversation_id": conversation, "content": "@bob", "mentions": [bob.id]});
    phone.acked("message.send", &said).await;
    assert_eq!(laptop.event_of("notification.created").await["data"]["by"], alice.id.as_str());
    laptop.acked("message.read", &json!({"conversation_id": conversation, "up_to": 2})).await;
    assert_eq!(phone.event_of("read.updated").await["data"]["user_id"], bob.id.as_str());
}
