//! Every field of the requests that create conversations, wrong in every way.

use parlance_tests::cloud::Cloud;
use parlance_tests::person::Person;
use serde_json::{Value, json};

async fn refused_at(person: &Person, path: &str, body: &Value, pointer: &str) {
    let answer = person.post(path, body).await;
    assert_eq!(answer.status, 422, "{body}: {}", answer.text);
    let problem = answer.refused(422, "validation_failed");
    let errors = problem["errors"].as_array().unwrap();
    assert!(
        errors.iter().all(|error| error["pointer"].as_str().unwrap().starts_with(pointer)),
        "{body}: {problem}"
    );
}

async fn count(person: &Person) -> usize {
    person.get("conversations/").await.with(200)["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_group_is_made_of_valid_fields() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let refused = async |field: &str, value: Value, pointer: &str| {
        refused_at(&alice, "conversations/", &json!({field: value}), pointer).await;
    };
    for title in [
        json!(7),
        json!([]),
        json!({}),
        json!(""),
        json!("  "),
        json!("ü".repeat(201)),
        json!("a\u{0}b"),
        json!("a\nb"),
    ] {
        refused("title", title, "/title").await;
    }
    for people in [
        json!(7),
        json!("x"),
        json!({}),
        json!([7]),
        json!([null]),
        json!([""]),
        json!(["x".repeat(129)]),
        json!(["a\u{0}"]),
        json!((0..1_001).map(|number| number.to_string()).collect::<Vec<_>>()),
    ] {
        refused("participant_ids", people, "/participant_ids").await;
    }
    for kind in [json!(7), json!(""), json!("club"), json!("direct"), json!("GROUP"), json!([])] {
        refused("kind", kind, "/kind").await;
    }
    for history in [json!(7), json!(""), json!("some"), json!({})] {
        refused("history", history, "/history").await;
    }
    let long = "x".repeat(129);
    for reference in [
        json!(7),
        json!("x"),
        json!([]),
        json!({}),
        json!({"type": "order"}),
        json!({"id": "1"}),
        json!({"type": 1, "id": "1"}),
        json!({"type": "order", "id": ""}),
        json!({"type": "order", "id": null}),
        json!({"type": "order", "id": long}),
        json!({"type": long, "id": "1"}),
        json!({"type": "or\u{0}der", "id": "1"}),
    ] {
        refused("ref", reference, "/ref").await;
    }
    for body in ["", "{", "\u{feff}{}", "{\"title\":\"\\ud800\"}"] {
        alice.post_bytes("conversations/", body).await.refused(400, "malformed");
    }
    for body in ["null", "[]", "7", "\"x\""] {
        alice.post_bytes("conversations/", body).await.refused(422, "validation_failed");
    }
    assert_eq!(count(&alice).await, 0);
    let good = json!({"title": "ü".repeat(200), "kind": null, "ref": {"type": "a#b%", "id": alice.id},
        "participant_ids": [bob.id], "history": null});
    let created = alice.post("conversations/", &good).await.with(201);
    assert_eq!((&created["ref"], count(&bob).await), (&good["ref"], 1));
}

#[tokio::test]
async fn a_direct_conversation_is_with_one_other_person() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    for user in [
        json!(null),
        json!(7),
        json!([bob.id]),
        json!({}),
        json!(""),
        json!("x".repeat(129)),
        json!("a\u{0}"),
        json!("a\nb"),
        json!(alice.id),
    ] {
        refused_at(&alice, "conversations/direct/", &json!({"user_id": user}), "/user_id").await;
    }
    refused_at(&alice, "conversations/direct/", &json!({}), "/user_id").await;
    alice.post_bytes("conversations/direct/", "{\"user_id\"").await.refused(400, "malformed");
    assert_eq!(count(&alice).await, 0);
    alice.direct_with(&bob).await;
    assert_eq!((count(&alice).await, count(&bob).await), (1, 1));
}
