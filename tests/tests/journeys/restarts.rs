//! The local cloud ends in the middle of a conversation and comes back.

use parlance_tests::cloud::{Cloud, Setup};
use parlance_tests::deadline::eventually;
use parlance_tests::person::Person;
use serde_json::{Value, json};

/// Sends numbered messages until a request fails; the last one that was acknowledged.
async fn talk_until_it_ends(alice: Person, conversation: String) -> u64 {
    let mut socket = alice.connect().await;
    let mut acknowledged = 0;
    loop {
        let number = acknowledged + 1;
        let message = json!({"conversation_id": conversation, "content": number.to_string(),
            "client_id": number.to_string(), "after": acknowledged + 1});
        let Some(answer) = socket.request_unless_closed("message.send", &message).await else {
            return acknowledged;
        };
        if answer["type"] == "ack" {
            acknowledged = number;
        }
    }
}

/// Everything that was acknowledged is there, a retry is recognised, and the conversation goes on.
async fn is_intact(cloud: &Cloud, alice: &Person, bob: &Person, conversation: &str, acknowledged: u64) {
    let (alice, bob) = (alice.at(cloud), bob.at(cloud));
    let (mut phone, mut laptop) = (alice.connect().await, bob.connect().await);
    let stored = bob.contents(conversation).await;
    assert!(acknowledged > 0 && stored.len() as u64 >= acknowledged, "{acknowledged} of {}", stored.len());
    let retried = acknowledged + 1;
    let message = json!({"conversation_id": conversation, "content": retried.to_string(),
        "client_id": retried.to_string(), "after": acknowledged + 1});
    let answer = phone.acked("message.send", &message).await;
    assert_eq!(answer["data"]["duplicate"], stored.len() as u64 > acknowledged);
    phone.says(conversation, "and on it goes").await;
    eventually("the newest message", async || {
        (laptop.event_of("message.created").await["data"]["content"] == "and on it goes").then_some(())
    })
    .await;
    let mut expected: Vec<String> = (1..=retried).map(|number| number.to_string()).collect();
    expected.push("and on it goes".to_owned());
    assert_eq!(bob.contents(conversation).await, expected);
}

async fn survives(setup: Setup, end: impl AsyncFn(Cloud) -> Setup) {
    let cloud = setup.start().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let page = alice.get("conversations/?limit=1").await.with(200);
    let talking = tokio::spawn(talk_until_it_ends(alice.clone(), conversation.clone()));
    eventually("a conversation", async || (bob.contents(&conversation).await.len() > 20).then_some(())).await;
    let setup = end(cloud).await;
    let acknowledged = talking.await.unwrap();

    let cloud = setup.start().await;
    is_intact(&cloud, &alice, &bob, &conversation, acknowledged).await;
    let again = alice.at(&cloud).get("conversations/?limit=1").await.with(200);
    assert_eq!(ids(&again), ids(&page));
}

fn ids(page: &Value) -> Vec<&Value> {
    page["items"].as_array().unwrap().iter().map(|item| &item["id"]).collect()
}

#[tokio::test]
async fn a_conversation_survives_a_restart() {
    survives(Setup::default(), Cloud::stop).await;
}

#[tokio::test]
async fn a_conversation_survives_that_everything_is_killed() {
    survives(Setup::default().relays(1), Cloud::kill).await;
}

#[tokio::test]
async fn at_the_end_no_child_is_left() {
    for is_killed in [false, true] {
        let cloud = Setup::default().relays(1).isolated().start().await;
        let [alice, bob] = cloud.people(["alice", "bob"]);
        let conversation = alice.direct_with(&bob).await;
        alice.connect().await.says(&conversation, "wakes functions").await;
        let children = cloud.pids("").await;
        assert!(children.len() > 3, "{children:?}");
        if is_killed {
            cloud.kill().await
        } else {
            cloud.stop().await
        };
        eventually("all children to end", async || {
            let is_there = |pid: &i32| std::path::Path::new(&format!("/proc/{pid}/exe")).exists();
            (!children.iter().any(is_there)).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_cursor_of_an_earlier_life_leads_on() {
    let cloud = Cloud::start().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    for number in 0..5 {
        alice.says(&conversation, &number.to_string()).await;
    }
    let path = format!("conversations/{conversation}/messages/?limit=2");
    let page = alice.get(&path).await.with(200);
    let cloud = cloud.stop().await.start().await;
    let next = format!("{path}&cursor={}", page["next"].as_str().unwrap());
    assert_eq!(alice.at(&cloud).get(&next).await.with(200)["items"][0]["content"], "2");
}
