//! A POST with a key is done once, however often it comes, and gets its first answer each time.

use std::time::Duration;

use futures::future::join_all;
use parlance_tests::answer::Answer;
use parlance_tests::cloud::{Cloud, Setup};
use parlance_tests::deadline::within;
use parlance_tests::endurance::Storm;
use parlance_tests::person::Person;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

async fn post(person: &Person, path: &str, key: &str, body: &Value) -> Answer {
    let request = person.request(Method::POST, path).json(body);
    Answer::to(request.header("idempotency-key", key)).await
}

#[tokio::test]
async fn a_conversation_is_created_once_and_its_answer_is_given_again() {
    let [alice, bob] = Cloud::shared().await.people(["alice", "bob"]);
    let body = json!({"title": "Once", "participant_ids": [bob.id]});
    let first = post(&alice, "conversations/", "key 1", &body).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, ""), "{}", first.text);
    let again = post(&alice, "conversations/", "key 1", &body).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
    assert_eq!((&again.text, again.header("location")), (&first.text, first.header("location")));
    let listed = alice.get("conversations/").await.with(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);

    let other = json!({"title": "Other", "participant_ids": [bob.id]});
    post(&alice, "conversations/", "key 1", &other).await.refused(409, "idempotency_conflict");
    let other = post(&alice, "conversations/", "key 2", &other).await;
    assert_eq!((other.status, other.header("idempotency-replayed")), (201, ""));
    assert_ne!(other.json()["id"], first.json()["id"]);
}

#[tokio::test]
async fn a_first_request_is_not_refused_for_what_it_claimed_itself() {
    let cloud = Setup::default().start().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    for name in ["dynamodb.duplicate", "dynamodb.lost_reply"] {
        cloud.faults().begin(&json!({"name": name, "for_ms": 150})).await;
        let body = json!({"conversation_id": conversation, "content": name});
        post(&alice, "messages/", name, &body).await.with(201);
        cloud.faults().end().await;
    }
}

#[tokio::test]
async fn of_many_at_once_one_is_done_and_the_others_are_told_to_come_again() {
    let [alice, bob] = Cloud::shared().await.people(["alice", "bob"]);
    let body = json!({"title": "At once", "participant_ids": [bob.id]});
    let answers = join_all((0..10).map(|_| post(&alice, "conversations/", "at once", &body))).await;
    for answer in &answers {
        if answer.status == 409 {
            let problem = answer.refused(409, "conflict");
            assert_eq!(problem["retryable"], true);
            assert!(
                problem["retry_after_ms"].as_u64().unwrap() > 0 && !answer.header("retry-after").is_empty()
            );
        } else {
            assert_eq!(answer.status, 201, "{}", answer.text);
        }
    }
    let listed = alice.get("conversations/").await.with(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let late = post(&alice, "conversations/", "at once", &body).await;
    assert_eq!((late.status, late.header("idempotency-replayed")), (201, "true"));
}

#[tokio::test]
async fn the_first_answer_may_be_a_refusal_and_keys_belong_to_their_user_and_route() {
    let [alice, bob] = Cloud::shared().await.people(["alice", "bob"]);
    let oneself = json!({"user_id": alice.id});
    for replayed in ["", "true"] {
        let refused = post(&alice, "conversations/direct/", "shared", &oneself).await;
        refused.refused(422, "validation_failed");
        assert_eq!(refused.header("idempotency-replayed"), replayed);
    }
    let body = json!({"title": "Mine", "participant_ids": []});
    for person in [&alice, &bob] {
        let created = post(person, "conversations/", "shared", &body).await;
        assert_eq!((created.status, created.header("idempotency-replayed")), (201, ""));
    }
}

#[tokio::test]
async fn a_key_of_the_wrong_form_is_refused_and_one_that_asks_for_a_ticket_gets_another() {
    let alice = Cloud::shared().await.person("alice");
    let long = "x".repeat(65);
    for key in ["", &long] {
        let refused = post(&alice, "conversations/", key, &json!({"participant_ids": []})).await;
        let problem = refused.refused(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], "/Idempotency-Key");
    }
    post(&alice, "conversations/", &long[1..], &json!({"participant_ids": []})).await.with(201);
    let one = post(&alice, "ws/ticket/", "ticket", &json!({})).await.with(201);
    let other = post(&alice, "ws/ticket/", "ticket", &json!({})).await.with(201);
    assert_ne!(one["ticket"], other["ticket"], "a secret that is used once is not kept for a retry");
}

/// Asks with one key until the answer is one that no further attempt would change.
async fn insists(person: &Person, path: &str, key: &str, body: &Value) -> (u16, Value) {
    within(&format!("{path} to be answered"), async {
        loop {
            let request = person.request(Method::POST, path).header("idempotency-key", key).json(body);
            if let Ok(answer) = request.send().await {
                let status = answer.status().as_u16();
                let body: Value = answer.json().await.unwrap_or_default();
                if status < 429 && body["retryable"] != true {
                    return (status, body);
                }
            }
            sleep(Duration::from_millis(50)).await;
        }
    })
    .await
}

/// One of each POST that changes something, each with a key of its own; the ids of what they made.
async fn posts_everything(
    round: &str,
    [alice, bob, carol, dave]: &[Person; 4],
    service: &Person,
) -> Vec<Value> {
    let key = |what: &str| format!("{what} {round}");
    let made = json!({"title": key("group"), "participant_ids": [bob.id]});
    let (status, group) = insists(alice, "conversations/", &key("group"), &made).await;
    assert_eq!(status, 201, "{group}");
    let id = group["id"].as_str().unwrap();
    let of = |what: &str| format!("conversations/{id}/{what}/");
    let task = json!({"task_id": key("task"), "participant_ids": [bob.id], "title": key("task")});
    let file = json!({"filename": "a.txt", "content_type": "text/plain", "size": 5});
    let hook = json!({"url": "http://127.0.0.1:9/hook", "events": ["participant.updated"]});
    let steps = [
        (alice, "conversations/direct/".to_owned(), json!({"user_id": carol.id})),
        (alice, "conversations/task/".to_owned(), task),
        (alice, of("add_participant"), json!({"user_id": dave.id})),
        (alice, of("update_title"), json!({"title": key("renamed")})),
        (alice, "messages/".to_owned(), json!({"conversation_id": id, "content": "once"})),
        (bob, "messages/mark_as_read/".to_owned(), json!({"conversation_id": id, "up_to": 4})),
        (bob, of("mute"), json!({})),
        (bob, of("archive"), json!({})),
        (alice, of("remove_participant"), json!({"user_id": dave.id})),
        (bob, of("leave"), json!({})),
        (alice, "blocks/".to_owned(), json!({"user_id": format!("stranger {round}")})),
        (alice, "attachments/".to_owned(), file),
        (service, "webhooks/".to_owned(), hook),
    ];
    let mut ids = vec![group["id"].clone()];
    for (person, path, body) in steps {
        let (status, answer) = insists(person, &path, &key(&path.replace('/', " ")), &body).await;
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        ids.push(answer["id"].clone());
    }
    ids
}

#[tokio::test]
async fn every_post_with_its_key_takes_effect_once_whatever_fails() {
    let setup = Setup::default().parameter("EventBus", "create").with("--rate-limits", "off");
    let cloud = setup.parameter("WebhookDestinations", "loopback").start().await;
    let people = cloud.people(["alice", "bob", "carol", "dave"]);
    let service = cloud.person("back end").as_service();
    let rounds = ["1", "2", "3"];

    let storm = Storm::begin(cloud.faults());
    let mut made = Vec::new();
    for round in rounds {
        made.push(posts_everything(round, &people, &service).await);
    }
    storm.end().await;

    let [alice, bob, ..] = &people;
    for (round, first) in rounds.iter().zip(&made) {
        let kinds: Vec<Value> =
            alice.log(first[0].as_str().unwrap()).await.iter().map(|entry| entry["type"].clone()).collect();
        let expected = [
            "conversation.created",
            "participant.added",
            "conversation.updated",
            "message.created",
            "participant.removed",
            "participant.removed",
        ];
        assert_eq!(kinds, expected, "each change stands once in its log");
        assert_eq!(
            &posts_everything(round, &people, &service).await,
            first,
            "each key still gets its first answer"
        );
    }
    let count = async |person: &Person, path: &str| {
        person.get(path).await.with(200)["items"].as_array().unwrap().len()
    };
    assert_eq!(
        count(alice, "conversations/").await,
        2 * rounds.len() + 1,
        "groups, tasks, and one with carol"
    );
    assert_eq!(count(alice, "blocks/").await, rounds.len());
    assert_eq!(count(&service, "webhooks/").await, rounds.len());
    let left = made.iter().map(|first| first[0].as_str().unwrap());
    for id in left {
        bob.get(&format!("conversations/{id}/")).await.refused(404, "not_found");
    }
}
