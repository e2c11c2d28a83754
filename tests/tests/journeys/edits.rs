//! Messages that are edited and deleted.

use parlance_tests::answer::Answer;
use parlance_tests::cloud::Cloud;
use parlance_tests::credentials;
use parlance_tests::person::Person;
use reqwest::Method;
use serde_json::{Value, json};

fn id_of(message: &Value) -> &str {
    message["id"].as_str().unwrap()
}

async fn patch(person: &Person, message: &Value, body: &Value, if_match: Option<&str>) -> Answer {
    let request = person.request(Method::PATCH, &format!("messages/{}/", id_of(message))).json(body);
    Answer::to(match if_match {
        Some(tags) => request.header("if-match", tags),
        None => request,
    })
    .await
}

async fn delete(person: &Person, message: &Value) -> Answer {
    Answer::to(person.request(Method::DELETE, &format!("messages/{}/delete/", id_of(message)))).await
}

#[tokio::test]
async fn an_edit_is_told_to_everybody_and_to_the_one_who_asked_by_his_answer() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let message = alice.says(&conversation, "one").await;
    let (mut phone, mut tablet) = (alice.connect().await, alice.connect().await);
    let mut laptop = bob.connect().await;

    let edit = json!({"message_id": message["id"], "content": "first"});
    let ack = phone.acked("message.edit", &edit).await;

    assert_eq!((&ack["conversation_id"], &ack["seq"]), (&json!(conversation), &json!(3)));
    let edited = &ack["data"];
    assert_eq!((&edited["id"], &edited["seq"], &edited["n"]), (&message["id"], &json!(2), &json!(1)));
    assert_eq!((&edited["content"], &edited["version"]), (&json!("first"), &json!(2)));
    assert!(edited["edited_at"].is_string());
    for socket in [&mut tablet, &mut laptop] {
        let event = socket.event_of("message.updated").await;
        assert_eq!((&event["seq"], &event["data"]), (&json!(3), edited));
    }
    let log = bob.log(&conversation).await;
    assert_eq!((&log[1]["data"]["content"], &log[2]["type"]), (&json!("first"), &json!("message.updated")));

    let again = phone.acked("message.edit", &edit).await;
    assert!(again["seq"].is_null() && again["conversation_id"].is_null(), "nothing was appended: {again}");
    assert_eq!(&again["data"], edited);
    assert_eq!(bob.log(&conversation).await.len(), 3);
}

#[tokio::test]
async fn an_edit_may_insist_on_the_version_that_it_replaces() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let message = alice.says(&conversation, "one").await;
    let mut phone = alice.connect().await;

    let two = patch(&alice, &message, &json!({"content": "two"}), Some("\"1\"")).await;
    assert_eq!((two.header("etag"), two.with(200)["version"].as_u64()), ("\"2\"", Some(2)));
    let stale = json!({"content": "stale"});
    for tags in ["\"1\"", "W/\"2\"", "2", "\"1\", \"3\""] {
        patch(&alice, &message, &stale, Some(tags)).await.refused(412, "version_conflict");
    }
    patch(&alice, &message, &json!({"content": "stale", "if_version": 1}), Some("\"2\""))
        .await
        .refused(412, "version_conflict");
    let frame = json!({"message_id": message["id"], "content": "stale", "if_version": 1});
    phone.refused("message.edit", &frame, "version_conflict").await;

    patch(&alice, &message, &json!({"content": "three", "if_version": 2}), None).await.with(200);
    patch(&alice, &message, &json!({"content": "four"}), Some("\"9\", \"3\"")).await.with(200);
    patch(&alice, &message, &json!({"content": "five"}), Some("*")).await.with(200);
    assert_eq!(bob.contents(&conversation).await, ["five"]);
}

#[tokio::test]
async fn a_deletion_leaves_a_tombstone_and_no_text_behind() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let said = json!({
        "conversation_id": conversation, "content": "regrettable", "client_id": "c1", "mentions": [bob.id],
        "metadata": {"mood": "bad"},
    });
    let message = alice.post("messages/", &said).await.with(201)["message"].clone();
    let kept = alice.says(&conversation, "kept").await;
    patch(&alice, &message, &json!({"content": "regrettable too"}), None).await.with(200);
    let (mut phone, mut laptop) = (alice.connect().await, bob.connect().await);

    let ack = phone.acked("message.delete", &json!({"message_id": message["id"]})).await;

    let tombstone = &ack["data"];
    for field in ["id", "seq", "n", "sender_id", "client_id", "created_at", "kind"] {
        assert_eq!(tombstone[field], message[field], "{field}");
    }
    assert_eq!((&tombstone["content"], &tombstone["deleted"]), (&json!(""), &json!(true)));
    assert_eq!((&tombstone["mentions"], &tombstone["metadata"]), (&json!([]), &json!(null)));
    let event = laptop.event_of("message.deleted").await;
    assert_eq!((&event["seq"], &event["data"]), (&ack["seq"], tombstone));
    assert_eq!(&bob.get(&format!("messages/{}/", id_of(&message))).await.with(200), tombstone);
    let log = serde_json::to_string(&bob.log(&conversation).await).unwrap();
    assert!(!log.contains("regrettable") && !log.contains("mood") && log.contains("kept"), "{log}");
    let of_bob = bob.get(&format!("conversations/{conversation}/")).await.with(200);
    assert_eq!(of_bob["unread_count"], 2, "a deleted message still counts");

    let again = phone.acked("message.delete", &json!({"message_id": message["id"]})).await;
    assert!(again["seq"].is_null(), "{again}");
    for _ in 0..2 {
        let answer = delete(&alice, &kept).await;
        assert_eq!((answer.status, &*answer.text), (204, ""));
    }
    patch(&alice, &kept, &json!({"content": "back again"}), None).await.refused(409, "conflict");
    assert_eq!(bob.log(&conversation).await.len(), 6);
}

#[tokio::test]
async fn only_the_sender_edits_and_only_admins_delete_what_is_not_theirs() {
    let cloud = Cloud::shared().await;
    let [alice, bob, carol, mallory] = cloud.people(["alice", "bob", "carol", "mallory"]);
    let conversation = alice.group_with([&bob, &carol]).await;
    let (of_alice, of_bob) = (alice.says(&conversation, "a").await, bob.says(&conversation, "b").await);
    let text = json!({"content": "x"});

    for person in [&bob, &carol] {
        patch(person, &of_alice, &text, None).await.refused(403, "forbidden");
        let problem = delete(person, &of_alice).await.refused(403, "forbidden");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("delete others' messages"), "the missing right is named: {detail}");
    }
    patch(&alice, &of_bob, &text, None).await.refused(403, "forbidden");
    let mut socket = mallory.connect().await;
    for message in [&of_alice, &of_bob] {
        patch(&mallory, message, &text, None).await.refused(404, "not_found");
        delete(&mallory, message).await.refused(404, "not_found");
        let data = json!({"message_id": message["id"], "content": "x"});
        socket.refused("message.edit", &data, "not_found").await;
        socket.refused("message.delete", &data, "not_found").await;
    }
    assert_eq!(alice.contents(&conversation).await, ["a", "b"]);

    patch(&bob, &of_bob, &text, None).await.with(200);
    assert_eq!(delete(&alice, &of_bob).await.status, 204, "the owner may");
    let claims = credentials::claims_with(&mallory.id, &json!({"scope": "messaging:admin"}));
    let administrator = mallory.showing(credentials::signed(&claims));
    assert_eq!(delete(&administrator, &of_alice).await.status, 204, "whoever administers the system may");
    patch(&administrator, &of_alice, &text, None).await.refused(403, "forbidden");
    let seen = administrator.get(&format!("messages/{}/", id_of(&of_alice))).await.with(200);
    assert_eq!(seen["deleted"], true, "he sees what he oversees");
    assert_eq!(alice.contents(&conversation).await, ["", ""]);

    let direct = alice.direct_with(&bob).await;
    let between_two = alice.says(&direct, "c").await;
    patch(&administrator, &between_two, &text, None).await.refused(404, "not_found");
    delete(&administrator, &between_two).await.refused(404, "not_found");
    delete(&bob, &between_two).await.refused(403, "forbidden");
    assert_eq!(delete(&alice, &between_two).await.status, 204);
}

#[tokio::test]
async fn a_socket_for_one_conversation_changes_no_message_of_another() {
    let cloud = Cloud::shared().await;
    let [alice, bob, carol] = cloud.people(["alice", "bob", "carol"]);
    let (here, elsewhere) = (alice.direct_with(&bob).await, alice.direct_with(&carol).await);
    let (inside, outside) = (alice.says(&here, "inside").await, alice.says(&elsewhere, "outside").await);
    let mut narrow = alice.connect_to(&format!("/ws/chat/{here}/")).await;

    let edit = |message: &Value| json!({"message_id": message["id"], "content": "changed"});
    narrow.refused("message.edit", &edit(&outside), "not_found").await;
    narrow.refused("message.delete", &edit(&outside), "not_found").await;
    narrow.acked("message.edit", &edit(&inside)).await;
    let flat = json!({"type": "message.delete", "id": "f1", "message_id": inside["id"]});
    narrow.send(flat.to_string()).await;
    assert_eq!(narrow.answer(Some("f1")).await["data"]["deleted"], true);
    assert_eq!(carol.contents(&elsewhere).await, ["outside"]);
}

#[tokio::test]
async fn every_field_of_an_edit_is_checked() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let message = alice.says(&conversation, "good").await;
    let mut phone = alice.connect().await;

    let too_long = "x".repeat(16 * 1_024 + 1);
    for content in
        [json!(null), json!(7), json!([]), json!(""), json!(" \n"), json!("a\u{0}"), json!(too_long)]
    {
        let problem = patch(&alice, &message, &json!({"content": content}), None).await;
        assert_eq!(problem.refused(422, "validation_failed")["errors"][0]["pointer"], "/content");
        let frame = json!({"message_id": message["id"], "content": content});
        phone.refused("message.edit", &frame, "validation_failed").await;
    }
    for if_version in [json!("1"), json!(-1), json!(1.5), json!([])] {
        let body = json!({"content": "good", "if_version": if_version});
        patch(&alice, &message, &body, None).await.refused(422, "validation_failed");
    }
    for message_id in [json!(null), json!(7), json!([])] {
        let frame = json!({"message_id": message_id, "content": "good"});
        phone.refused("message.edit", &frame, "validation_failed").await;
        phone.refused("message.delete", &frame, "validation_failed").await;
    }
    for message_id in ["", "m_1", "../x", &format!("{}0", id_of(&message))] {
        let frame = json!({"message_id": message_id, "content": "good"});
        phone.refused("message.edit", &frame, "not_found").await;
        phone.refused("message.delete", &frame, "not_found").await;
    }
    assert_eq!(bob.log(&conversation).await.len(), 2, "nothing was stored");
    patch(&alice, &message, &json!({"content": &too_long[1..]}), None).await.with(200);
}
