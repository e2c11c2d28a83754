//! How far people have read: cursors, what is left, and who is told.

use std::collections::BTreeMap;
use std::time::Duration;

use parlance_tests::cloud::Cloud;
use parlance_tests::socket::Socket;
use serde_json::{Value, json};

fn reads(events: &[Value]) -> Vec<&Value> {
    events.iter().filter(|event| event["type"] == "read.updated").collect()
}

#[tokio::test]
async fn in_a_direct_conversation_reading_is_told_at_once_and_to_ones_own_devices() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let (mut sender, mut phone) = (alice.connect().await, bob.connect().await);
    let mut tablet = bob.connect().await;
    for text in ["one", "two", "three"] {
        sender.says(&conversation, text).await;
    }

    let ack = phone.acked("message.read", &json!({"conversation_id": conversation, "up_to": 3})).await;

    assert_eq!(ack["data"], json!({"read_seq": 3, "unread_count": 1}));
    assert!(ack["seq"].is_null() && ack["conversation_id"].is_null(), "nothing was appended: {ack}");
    for socket in [&mut sender, &mut tablet] {
        let event = socket.event_of("read.updated").await;
        assert_eq!((&event["conversation_id"], event["seq"].is_null()), (&json!(conversation), true));
        assert_eq!((&event["data"]["user_id"], &event["data"]["read_seq"]), (&json!(bob.id), &json!(3)));
        assert!(event["data"]["read_at"].is_string());
    }
    let own = phone.events_within(Duration::from_millis(300)).await;
    assert!(reads(&own).is_empty(), "{own:?}");
    let of_alice = alice.get(&format!("conversations/{conversation}/")).await.with(200);
    let participants = of_alice["participants"].as_array().unwrap();
    let of_bob = participants.iter().find(|participant| participant["user_id"] == *bob.id).unwrap();
    assert_eq!(of_bob["read_seq"], 3);

    let again = phone.acked("message.read", &json!({"conversation_id": conversation, "up_to": 2})).await;
    assert_eq!(again["data"], ack["data"], "a cursor only goes forward");
    assert!(reads(&sender.events_within(Duration::from_millis(300)).await).is_empty(), "and nobody is told");
}

#[tokio::test]
async fn every_way_of_reading_leads_to_the_same_cursor() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let mut ids = Vec::new();
    for number in 0..6 {
        ids.push(alice.says(&conversation, &number.to_string()).await["id"].clone());
    }
    let mut narrow = bob.connect_to(&format!("/ws/chat/{conversation}/")).await;
    let state =
        |read_seq: u64, unread_count: u64| json!({"read_seq": read_seq, "unread_count": unread_count});
    let path = "messages/mark_as_read/";

    let by_ids = bob.post(path, &json!({"message_ids": [ids[1], ids[0]]})).await.with(200);
    assert_eq!(by_ids, state(3, 4), "the highest counts, and the ids name the conversation");
    let body = json!({"conversation_id": conversation, "message_ids": [ids[2]]});
    assert_eq!(bob.post(path, &body).await.with(200), state(4, 3));
    assert_eq!(narrow.acked("message.read", &json!({"up_to": 5})).await["data"], state(5, 2));
    narrow.send(json!({"type": "message.read", "id": "flat", "up_to": 6}).to_string()).await;
    assert_eq!(narrow.answer(Some("flat")).await["data"], state(6, 1));
    let body = json!({"conversation_id": conversation, "up_to": 4_000_000_000_000_000_u64});
    assert_eq!(bob.post(path, &body).await.with(200), state(7, 0), "clamped to the newest entry");
    assert_eq!(
        bob.post(path, &json!({"conversation_id": conversation, "up_to": 0})).await.with(200),
        state(7, 0)
    );
}

#[tokio::test]
async fn what_is_unread_is_counted_over_all_conversations() {
    let cloud = Cloud::shared().await;
    let [alice, bob, carol] = cloud.people(["alice", "bob", "carol"]);
    let count = async || bob.get("messages/unread_count/").await.with(200);
    assert_eq!(count().await, json!({"total": 0, "conversations": {}}));
    let (with_alice, with_carol) = (bob.direct_with(&alice).await, bob.direct_with(&carol).await);
    for _ in 0..3 {
        alice.says(&with_alice, "to read").await;
    }
    carol.says(&with_carol, "to read").await;
    let expected = |in_first: u64, in_second: u64| {
        let counts = [(&with_alice, in_first), (&with_carol, in_second)];
        let above: BTreeMap<_, _> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
        json!({"total": in_first + in_second, "conversations": above})
    };
    assert_eq!(count().await, expected(3, 1));
    bob.post("messages/mark_as_read/", &json!({"conversation_id": with_alice, "up_to": 3})).await.with(200);
    assert_eq!(count().await, expected(1, 1));
    bob.says(&with_carol, "sending reads").await;
    assert_eq!(count().await, expected(1, 0));
    assert_eq!(carol.get("messages/unread_count/").await.with(200)["total"], 1);
}

/// Reads up to each of these positions, one after the other.
async fn read_all(socket: &mut Socket, conversation: &str, positions: &[u64]) {
    for up_to in positions {
        socket.acked("message.read", &json!({"conversation_id": conversation, "up_to": up_to})).await;
    }
}

#[tokio::test]
async fn in_a_group_all_who_read_are_told_together_after_five_seconds() {
    let cloud = Cloud::shared().await;
    let [alice, bob, carol, dave] = cloud.people(["alice", "bob", "carol", "dave"]);
    let conversation = alice.group_with([&bob, &carol, &dave]).await;
    for number in 0..4 {
        alice.says(&conversation, &number.to_string()).await;
    }
    let (mut watcher, mut phone, mut laptop) =
        (dave.connect().await, bob.connect().await, carol.connect().await);

    read_all(&mut phone, &conversation, &[2, 3, 4]).await;
    read_all(&mut laptop, &conversation, &[2, 5]).await;

    let early = watcher.events_within(Duration::from_secs(3)).await;
    assert!(reads(&early).is_empty(), "not at once: {early:?}");
    let later = watcher.events_within(Duration::from_secs(5)).await;
    let told: BTreeMap<&str, &Value> = reads(&later)
        .into_iter()
        .map(|event| (event["data"]["user_id"].as_str().unwrap(), &event["data"]["read_seq"]))
        .collect();
    assert_eq!(told, BTreeMap::from([(&*bob.id, &json!(4)), (&*carol.id, &json!(5))]));
    assert_eq!(reads(&later).len(), 2, "each once, with where he stands now: {later:?}");

    read_all(&mut phone, &conversation, &[5]).await;
    let event = watcher.event_of("read.updated").await;
    assert_eq!((&event["data"]["user_id"], &event["data"]["read_seq"]), (&json!(bob.id), &json!(5)));
}

#[tokio::test]
async fn a_stranger_and_bad_input_move_no_cursor() {
    let cloud = Cloud::shared().await;
    let [alice, bob, mallory] = cloud.people(["alice", "bob", "mallory"]);
    let conversation = alice.direct_with(&bob).await;
    let foreign = alice.direct_with(&mallory).await;
    let message = alice.says(&conversation, "unread").await;
    let elsewhere = alice.says(&foreign, "elsewhere").await;
    let mut socket = bob.connect().await;
    let path = "messages/mark_as_read/";

    for body in [
        json!({"conversation_id": conversation, "up_to": 2}),
        json!({"conversation_id": format!("c_{}", "0".repeat(26)), "up_to": 2}),
        json!({"message_ids": [message["id"]]}),
    ] {
        mallory.post(path, &body).await.refused(404, "not_found");
    }
    for body in [
        json!({"conversation_id": conversation}),
        json!({"up_to": 2}),
        json!({"conversation_id": 7, "up_to": 2}),
        json!({"conversation_id": conversation, "up_to": "2"}),
        json!({"conversation_id": conversation, "up_to": -1}),
        json!({"conversation_id": conversation, "up_to": 1.5}),
        json!({"conversation_id": conversation, "message_ids": []}),
        json!({"conversation_id": conversation, "message_ids": "m_1"}),
        json!({"conversation_id": conversation, "message_ids": ["m_1"]}),
        json!({"conversation_id": conversation, "message_ids": [elsewhere["id"]]}),
        json!({"conversation_id": conversation, "message_ids": vec![message["id"].clone(); 501]}),
        json!({"conversation_id": conversation, "message_ids": [message["id"]], "up_to": 2}),
    ] {
        bob.post(path, &body).await.refused(422, "validation_failed");
        socket.refused("message.read", &body, "validation_failed").await;
    }
    assert_eq!(bob.get("messages/unread_count/").await.with(200)["total"], 1);
    let read = json!({"conversation_id": conversation, "message_ids": [message["id"]]});
    assert_eq!(socket.acked("message.read", &read).await["data"]["unread_count"], 0);
}
