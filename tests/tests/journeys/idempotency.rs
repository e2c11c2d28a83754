//! A POST with a key is done once, however often it comes, and gets its first answer each time.

use futures::future::join_all;
use parlance_tests::answer::Answer;
use parlance_tests::cloud::Cloud;
use parlance_tests::person::Person;
use reqwest::Method;
use serde_json::{Value, json};

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
