//! Other systems: every durable event is on the event bus, once when all is quiet, and never lost when it is not.

use std::collections::BTreeMap;
use std::time::Duration;

use parlance_tests::cloud::{Cloud, Setup};
use parlance_tests::deadline::eventually;
use serde_json::{Value, json};

fn with_a_bus() -> Setup {
    Setup::default().parameter("EventBus", "create")
}

/// The events of a conversation's entries on the bus, by seq.
async fn on_the_bus(cloud: &Cloud, conversation: &str) -> BTreeMap<u64, Vec<Value>> {
    let mut events = BTreeMap::<u64, Vec<Value>>::new();
    for event in cloud.events().await {
        if event["detail"]["conversation_id"] == conversation {
            events.entry(event["detail"]["seq"].as_u64().unwrap()).or_default().push(event);
        }
    }
    events
}

/// Waits until every entry of the log is on the bus.
async fn all_of(cloud: &Cloud, conversation: &str, log: &[Value]) -> BTreeMap<u64, Vec<Value>> {
    eventually("each entry to be on the bus", async || {
        let events = on_the_bus(cloud, conversation).await;
        log.iter().all(|entry| events.contains_key(&entry["seq"].as_u64().unwrap())).then_some(events)
    })
    .await
}

#[tokio::test]
async fn each_entry_is_on_the_bus_once_as_clients_see_it() {
    let cloud = with_a_bus().start().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.group_with([&bob]).await;
    for number in 0..20 {
        bob.says(&conversation, &format!("message {number}")).await;
    }
    let log = alice.log(&conversation).await;
    all_of(&cloud, &conversation, &log).await;
    // A second delivery by the timer, two seconds later, would be seen by now.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let events = on_the_bus(&cloud, &conversation).await;
    assert_eq!(events.len(), log.len());
    for entry in &log {
        let of_entry = &events[&entry["seq"].as_u64().unwrap()];
        assert_eq!(of_entry.len(), 1, "{of_entry:?}");
        let (event, detail) = (&of_entry[0], &of_entry[0]["detail"]);
        assert_eq!((&event["source"], &event["detail-type"]), (&json!("parlance"), &entry["type"]));
        for name in ["type", "conversation_id", "seq", "ts"] {
            assert_eq!(detail[name], entry[name], "{name}");
        }
        let actor = if entry["type"] == "message.created" { &bob } else { &alice };
        assert_eq!(detail["actor_id"], actor.id);
        assert!(detail["id"].as_str().unwrap().starts_with("e_"));
        if entry["type"] == "message.created" {
            assert_eq!(detail["data"], entry["data"]);
        }
    }
}

#[tokio::test]
async fn a_function_that_is_killed_and_a_bus_that_refuses_lose_no_event() {
    let cloud = with_a_bus().start().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.group_with([&bob]).await;
    cloud.faults().begin(&json!({"name": "function.kill", "function": "OnLogEntryFunction", "rate": 0.2, "at": "before_answer"})).await;
    cloud.faults().begin(&json!({"name": "events.throttle", "rate": 0.05})).await;
    for number in 0..30 {
        alice.says(&conversation, &format!("message {number}")).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    cloud.faults().end().await;
    let log = alice.log(&conversation).await;
    assert_eq!(log.len(), 31);
    all_of(&cloud, &conversation, &log).await;
}

#[tokio::test]
async fn without_the_parameter_nothing_is_put_anywhere() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.group_with([&bob]).await;
    alice.says(&conversation, "hello").await;
    // AWS's own bus is always there.
    let is_ours = |event: &Value| !event["source"].as_str().unwrap().starts_with("aws.");
    assert!(!cloud.events().await.iter().any(is_ours));
}
