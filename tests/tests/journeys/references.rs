//! Conversations of things in other systems, and the trusted back ends that act on them.

use std::collections::BTreeSet;

use futures::future::join_all;
use parlance_tests::cloud::Cloud;
use parlance_tests::person::Person;
use reqwest::Method;
use serde_json::{Value, json};

fn ids(conversation: &Value) -> Vec<String> {
    let participants = conversation["participants"].as_array().unwrap().iter();
    participants.map(|one| one["user_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn of_fifty_requests_at_once_one_creates_the_conversation_of_a_task() {
    let cloud = Cloud::shared().await;
    let [alice, bob, mallory] = cloud.people(["alice", "bob", "mallory"]);
    let body = |other: &Person| json!({"task_id": alice.id, "participant_ids": [other.id], "title": "Task"});
    let (of_alice, of_bob) = (body(&bob), body(&alice));
    let requests = (0..25).flat_map(|_| [(&alice, &of_alice), (&bob, &of_bob)]);
    let answers = join_all(requests.map(|(person, body)| person.post("conversations/task/", body))).await;
    let created: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(created.len(), 1);
    assert!(answers.iter().all(|answer| [200, 201].contains(&answer.status)));
    let found: BTreeSet<String> = answers.iter().map(|answer| answer.json()["id"].to_string()).collect();
    assert_eq!(found.len(), 1);
    let task = created[0].json();
    assert_eq!((&task["kind"], &task["ref"]), (&json!("task"), &json!({"type": "task", "id": alice.id})));
    assert_eq!((&task["title"], &task["seq"]), (&json!("Task"), &json!(1)));
    mallory.post("conversations/task/", &of_alice).await.refused(409, "conflict");
    let path = format!("conversations/ref/task/{}", alice.id);
    for path in [&path, &format!("{path}/")] {
        assert_eq!(bob.get(path).await.with(200)["id"], task["id"]);
        mallory.get(path).await.refused(404, "not_found");
    }
    let etag = bob.get(&path).await.header("etag").to_owned();
    let unchanged = bob.request(Method::GET, &path).header("if-none-match", etag).send().await.unwrap();
    assert_eq!(unchanged.status(), 304);
}

#[tokio::test]
async fn of_fifty_requests_at_once_one_creates_the_direct_conversation() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let (to_bob, to_alice) = (json!({"user_id": bob.id}), json!({"user_id": alice.id}));
    let requests = (0..25).flat_map(|_| [(&alice, &to_bob), (&bob, &to_alice)]);
    let answers = join_all(requests.map(|(person, body)| person.post("conversations/direct/", body))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    let found: BTreeSet<String> = answers.iter().map(|answer| answer.json()["id"].to_string()).collect();
    assert_eq!(found.len(), 1);
    assert_eq!(alice.log(&alice.direct_with(&bob).await).await.len(), 1);
}

#[tokio::test]
async fn each_field_of_a_task_is_checked() {
    let cloud = Cloud::shared().await;
    let alice = cloud.person("alice");
    let long = "x".repeat(129);
    for (field, value) in [
        ("task_id", json!(null)),
        ("task_id", json!(7)),
        ("task_id", json!("")),
        ("task_id", json!(long)),
        ("task_id", json!("a\u{0}")),
        ("title", json!("")),
        ("title", json!(7)),
        ("participant_ids", json!("x")),
        ("participant_ids", json!([7])),
    ] {
        let mut body = json!({"task_id": alice.id});
        body[field] = value;
        let problem = alice.post("conversations/task/", &body).await.refused(422, "validation_failed");
        let pointer = problem["errors"][0]["pointer"].as_str().unwrap();
        assert!(pointer.starts_with(&format!("/{field}")), "{body}: {problem}");
    }
    alice.get(&format!("conversations/ref/task/{}/", alice.id)).await.refused(404, "not_found");
    alice.get(&format!("conversations/ref/{long}/x/")).await.refused(404, "not_found");
    alice.post("conversations/task/", &json!({"task_id": alice.id})).await.with(201);
}

#[tokio::test]
async fn a_trusted_back_end_runs_the_conversations_that_carry_a_reference() {
    let cloud = Cloud::shared().await;
    let [backend, alice, bob, carol] = cloud.people(["backend", "alice", "bob", "carol"]);
    let service = backend.as_service();
    let reference = json!({"type": "a:b#%", "id": alice.id});
    let body = json!({"kind": "ats", "ref": reference, "participant_ids": [alice.id, bob.id]});
    let mut phone = alice.connect().await;
    let created = service.post("conversations/", &body).await.with(201);
    assert_eq!((&created["created_by"], &created["ref"]), (&json!(backend.id), &reference));
    assert_eq!(ids(&created), [alice.id.clone(), bob.id.clone()], "it is for others");
    assert_eq!(phone.event_of("conversation.created").await["data"]["created_by"], backend.id.as_str());

    let conversation = created["id"].as_str().unwrap();
    let at = |rest: &str| format!("conversations/{conversation}/{rest}");
    let user = json!({"user_id": carol.id, "role": "owner"});
    assert_eq!(ids(&service.post(&at("add_participant/"), &user).await.with(200)).len(), 3);
    let path = at(&format!("participants/{}/", bob.id));
    service.ask(Method::PATCH, &path, &json!({"role": "admin"})).await.with(200);
    assert_eq!(
        service.post(&at("update_title/"), &json!({"title": "Interview"})).await.with(200)["title"],
        "Interview"
    );
    let shown = service.post(&at("remove_participant/"), &json!({"user_id": carol.id})).await.with(200);
    assert_eq!(ids(&shown).len(), 2);
    let owner = shown["participants"].as_array().unwrap().iter().find(|one| one["role"] == "owner").unwrap();
    assert_eq!(owner["user_id"], bob.id.as_str(), "an admin took the place of the owner who was removed");
    for rest in ["", "messages/", "log/", "participants/"] {
        service.get(&at(rest)).await.with(200);
        backend.get(&at(rest)).await.refused(404, "not_found");
    }
    service.get(&format!("conversations/ref/a%3Ab%23%25/{}/", alice.id)).await.with(200);
    let said = service.says(conversation, "an interview awaits you").await;
    assert_eq!(said["sender_id"], backend.id.as_str());
    assert_eq!(phone.event_of("message.created").await["data"], said);
    let send = json!({"conversation_id": conversation, "content": "x"});
    backend.post("messages/", &send).await.refused(404, "not_found");
    let problem = service.ask(Method::DELETE, &at(""), &json!({})).await.refused(403, "forbidden");
    assert!(problem["detail"].as_str().unwrap().contains("delete the conversation"));
    service.post("conversations/", &body).await.refused(409, "conflict");
}

#[tokio::test]
async fn a_trusted_back_end_has_no_right_where_there_is_no_reference() {
    let cloud = Cloud::shared().await;
    let [backend, alice, bob] = cloud.people(["backend", "alice", "bob"]);
    let service = backend.as_service();
    for conversation in [alice.group_with([&bob]).await, alice.direct_with(&bob).await] {
        let at = |rest: &str| format!("conversations/{conversation}/{rest}");
        for rest in ["", "messages/", "log/", "participants/"] {
            service.get(&at(rest)).await.refused(404, "not_found");
        }
        let user = json!({"user_id": backend.id});
        service.post(&at("add_participant/"), &user).await.refused(404, "not_found");
        service.post(&at("remove_participant/"), &user).await.refused(404, "not_found");
        service.post(&at("update_title/"), &json!({"title": "x"})).await.refused(404, "not_found");
        let send = json!({"conversation_id": conversation, "content": "x"});
        service.post("messages/", &send).await.refused(404, "not_found");
    }
    let own = service.post("conversations/", &json!({"participant_ids": [alice.id]})).await.with(201);
    assert!(ids(&own).contains(&backend.id), "without a reference it is one of the participants");
    let empty = json!({"ref": {"type": "order", "id": backend.id}});
    let problem = service.post("conversations/", &empty).await.refused(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "/participant_ids");
}
