//! Two people talk.

use parlance_tests::cloud::Cloud;
use serde_json::json;

#[tokio::test]
async fn what_one_says_the_other_hears() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let (mut phone, mut laptop) = (alice.connect().await, bob.connect().await);

    let ack =
        phone.acked("message.send", &json!({"conversation_id": conversation, "content": "Hello, Bob"})).await;
    let event = laptop.event_of("message.created").await;

    assert_eq!(ack["data"]["duplicate"], false);
    assert_eq!((&ack["conversation_id"], &ack["seq"]), (&event["conversation_id"], &event["seq"]));
    assert_eq!(event["data"], ack["data"]["message"]);
    assert_eq!(event["data"]["content"], "Hello, Bob");
    assert_eq!(event["data"]["sender_id"], alice.id.as_str());
}
