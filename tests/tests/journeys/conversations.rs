//! Conversations over HTTP: created, listed, shown.

use std::collections::BTreeSet;

use futures::future::join_all;
use parlance_tests::answer::Answer;
use parlance_tests::cloud::Cloud;
use parlance_tests::person::Person;
use reqwest::Method;
use serde_json::{Value, json};

async fn get_if_changed(person: &Person, path: &str, etag: &str) -> Answer {
    Answer::to(person.request(Method::GET, path).header("if-none-match", etag)).await
}

#[tokio::test]
async fn of_twenty_requests_at_once_one_creates_the_direct_conversation() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let (to_bob, to_alice) = (json!({"user_id": bob.id}), json!({"user_id": alice.id}));
    let from_alice = (0..10).map(|_| alice.post("conversations/direct/", &to_bob));
    let from_bob = (0..10).map(|_| bob.post("conversations/direct/", &to_alice));
    let answers = join_all(from_alice.chain(from_bob)).await;

    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 201].contains(status)), "{statuses:?}");
    let ids: BTreeSet<String> = answers.iter().map(|answer| answer.json()["id"].to_string()).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(alice.log(&alice.direct_with(&bob).await).await.len(), 1);
}

#[tokio::test]
async fn of_ten_requests_at_once_one_takes_a_reference() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let reference = json!({"type": "order", "id": alice.id});
    let body = json!({"kind": "support", "ref": reference, "participant_ids": [bob.id]});
    let answers = join_all((0..10).map(|_| alice.post("conversations/", &body))).await;
    let created: Vec<Value> =
        answers.iter().filter(|answer| answer.status == 201).map(Answer::json).collect();
    assert_eq!((created.len(), &created[0]["ref"], &created[0]["kind"]), (1, &reference, &json!("support")));
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        answer.refused(409, "conflict");
    }
}

#[tokio::test]
async fn a_new_conversation_is_announced_to_everybody_in_it() {
    let cloud = Cloud::shared().await;
    let [alice, bob, mallory] = cloud.people(["alice", "bob", "mallory"]);
    let (mut laptop, mut foreign) = (bob.connect().await, mallory.connect().await);
    let body =
        json!({"title": "Plans ✈", "participant_ids": [bob.id, alice.id, bob.id], "history": "joined"});
    let answer = alice.post("conversations/", &body).await;
    let created = answer.with(201);

    assert!(answer.header("location").ends_with(&format!("/{}/", created["id"].as_str().unwrap())));
    assert_eq!((&created["title"], &created["kind"]), (&body["title"], &json!("group")));
    assert_eq!((&created["history"], &created["participant_count"]), (&json!("joined"), &json!(2)));
    let roles: Vec<(&Value, &Value)> = created["participants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|participant| (&participant["user_id"], &participant["role"]))
        .collect();
    assert_eq!(roles, [(&json!(alice.id), &json!("owner")), (&json!(bob.id), &json!("member"))]);
    let event = laptop.event_of("conversation.created").await;
    assert_eq!((&event["conversation_id"], &event["seq"]), (&created["id"], &json!(1)));
    assert_eq!(event["data"]["title"], body["title"]);
    assert!(event["data"]["unread_count"].is_null(), "an event is the same for every reader");
    assert!(foreign.events_within(std::time::Duration::from_millis(300)).await.is_empty());
}

#[tokio::test]
async fn a_conversation_counts_what_its_reader_has_not_read() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    for text in ["one", "two", "three"] {
        alice.says(&conversation, text).await;
    }
    let path = format!("conversations/{conversation}/");
    let of_bob = bob.get(&path).await.with(200);
    assert_eq!(
        (&of_bob["unread_count"], &of_bob["head_n"], &of_bob["head_seq"]),
        (&json!(3), &json!(3), &json!(4))
    );
    assert_eq!(of_bob["last_message"]["content"], "three");
    assert_eq!(alice.get(&path).await.with(200)["unread_count"], 0, "one's own sending reads");
    bob.says(&conversation, "answer").await;
    assert_eq!(bob.get(&path).await.with(200)["unread_count"], 0);
    assert_eq!(alice.get(&path).await.with(200)["unread_count"], 1);
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let message = alice.says(&conversation, "first").await;

    let path = format!("conversations/{conversation}/");
    let etag = bob.get(&path).await.header("etag").to_owned();
    let unchanged = get_if_changed(&bob, &path, &etag).await;
    assert_eq!((unchanged.status, &*unchanged.text), (304, ""));
    alice.says(&conversation, "second").await;
    let changed = get_if_changed(&bob, &path, &etag).await;
    assert_eq!(changed.with(200)["last_message"]["content"], "second");
    assert_ne!(changed.header("etag"), etag);

    let path = format!("messages/{}/", message["id"].as_str().unwrap());
    let found = bob.get(&path).await;
    assert_eq!((found.header("etag"), found.with(200)), ("\"1\"", message));
    for (known, status) in [("\"1\"", 304), ("W/\"1\"", 304), ("*", 304), ("\"2\"", 200)] {
        assert_eq!(get_if_changed(&bob, &path, known).await.status, status, "{known}");
    }
}

#[tokio::test]
async fn the_list_has_the_most_recent_first_page_by_page() {
    let cloud = Cloud::shared().await;
    let alice = cloud.person("alice");
    let mut expected = Vec::new();
    for number in 0..7 {
        let other = cloud.person(&format!("other{number}"));
        expected.insert(0, alice.direct_with(&other).await);
        // The order is by time of activity, in milliseconds.
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    }
    let oldest = expected.pop().unwrap();
    alice.says(&oldest, "awake again").await;
    expected.insert(0, oldest);

    let mut listed = Vec::new();
    let mut query = "limit=3".to_owned();
    loop {
        let page = alice.get(&format!("conversations/?{query}")).await.with(200);
        listed.extend(
            page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else { break };
        query = format!("limit=3&cursor={next}");
    }
    assert_eq!(listed, expected);
}

#[tokio::test]
async fn the_list_can_be_filtered() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let direct = alice.direct_with(&bob).await;
    let body = json!({"kind": "task", "ref": {"type": "task", "id": alice.id}, "participant_ids": [bob.id]});
    let task = alice.post("conversations/", &body).await.with(201)["id"].as_str().unwrap().to_owned();
    alice.says(&direct, "unread").await;
    for (query, expected) in [
        ("kind=direct".to_owned(), vec![&direct]),
        ("kind=task".to_owned(), vec![&task]),
        ("kind=group".to_owned(), vec![]),
        ("unread=true".to_owned(), vec![&direct]),
        ("unread=false".to_owned(), vec![&task]),
        (format!("ref_type=task&ref_id={}", alice.id), vec![&task]),
        ("ref_id=other".to_owned(), vec![]),
        ("archived=true".to_owned(), vec![]),
    ] {
        let page = bob.get(&format!("conversations/?{query}")).await.with(200);
        let ids = page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap());
        assert_eq!(ids.collect::<Vec<_>>(), expected, "{query}");
    }
    for query in ["kind=club", "unread=1", "limit=0", "limit=201", "archived=yes"] {
        bob.get(&format!("conversations/?{query}")).await.refused(422, "validation_failed");
    }
}

#[tokio::test]
async fn a_stranger_cannot_tell_that_a_conversation_exists() {
    let cloud = Cloud::shared().await;
    let [alice, bob, mallory] = cloud.people(["alice", "bob", "mallory"]);
    let conversation = alice.direct_with(&bob).await;
    let message = alice.says(&conversation, "secret").await["id"].as_str().unwrap().to_owned();
    let unknown = format!("c_{}", "0".repeat(26));
    let mut socket = mallory.connect().await;

    for rest in ["", "messages/", "log/"] {
        let foreign = mallory.get(&format!("conversations/{conversation}/{rest}")).await;
        let absent = mallory.get(&format!("conversations/{unknown}/{rest}")).await;
        assert_eq!(foreign.refused(404, "not_found"), absent.refused(404, "not_found"));
        bob.get(&format!("conversations/{conversation}/{rest}")).await.with(200);
    }
    mallory.get(&format!("messages/{message}/")).await.refused(404, "not_found");
    bob.get(&format!("messages/{message}/")).await.with(200);
    for id in [&conversation, &unknown] {
        let data = json!({"conversation_id": id, "content": "let me in"});
        socket.refused("message.send", &data, "not_found").await;
        mallory.post("messages/", &data).await.refused(404, "not_found");
    }
    assert!(mallory.get("conversations/").await.with(200)["items"].as_array().unwrap().is_empty());
    assert_eq!(bob.contents(&conversation).await, ["secret"]);
}
