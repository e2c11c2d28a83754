//! A message that is sent again is recognised: on a socket and over HTTP alike.

use futures::future::join_all;
use parlance_tests::cloud::Cloud;
use parlance_tests::person::Person;
use parlance_tests::socket::Socket;
use reqwest::Method;
use serde_json::{Value, json};

struct Scene {
    alice: Person,
    bob: Person,
    conversation: String,
    socket: Socket,
}

async fn scene() -> Scene {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let socket = alice.connect().await;
    Scene { alice, bob, conversation, socket }
}

impl Scene {
    fn message(&self, client_id: &str, after: Option<u64>) -> Value {
        let mut data =
            json!({"conversation_id": self.conversation, "content": "once", "client_id": client_id});
        if let Some(after) = after {
            data["after"] = after.into();
        }
        data
    }
}

#[tokio::test]
async fn a_retry_is_recognised_whichever_way_it_comes() {
    for after in [None, Some(1)] {
        let mut scene = scene().await;
        let message = scene.message("one", after);
        let first = scene.socket.acked("message.send", &message).await;
        let again = scene.socket.acked("message.send", &message).await;
        let by_http = scene.alice.post("messages/", &message).await.with(200);

        assert_eq!(first["data"]["duplicate"], false);
        assert_eq!(again["data"], json!({"message": first["data"]["message"], "duplicate": true}));
        assert!(
            again["seq"].is_null() && again["conversation_id"].is_null(),
            "nothing was appended: {again}"
        );
        assert_eq!((&by_http["message"], &by_http["duplicate"]), (&first["data"]["message"], &json!(true)));
        assert_eq!(scene.bob.contents(&scene.conversation).await, ["once"]);
    }
}

#[tokio::test]
async fn a_retry_over_a_socket_is_recognised_after_a_first_try_over_http() {
    for after in [None, Some(1)] {
        let mut scene = scene().await;
        let message = scene.message("one", after);
        let first = scene.alice.post("messages/", &message).await;
        assert!(first.header("location").ends_with(&format!("{}/", id(&first.json()["message"]))));
        let again = scene.socket.acked("message.send", &message).await;
        assert_eq!(again["data"]["duplicate"], true);
        assert_eq!(again["data"]["message"], first.with(201)["message"]);
    }
}

#[tokio::test]
async fn twenty_tries_at_once_store_one_message() {
    for after in [None, Some(1)] {
        let scene = scene().await;
        let message = scene.message("one", after);
        let answers = join_all((0..20).map(|_| scene.alice.post("messages/", &message))).await;
        assert_eq!(scene.bob.contents(&scene.conversation).await, ["once"]);
        let stored = &scene.bob.log(&scene.conversation).await[1]["data"];
        for answer in &answers {
            assert!([200, 201].contains(&answer.status), "{}", answer.text);
            assert_eq!(&answer.json()["message"], stored);
            assert_eq!(answer.json()["duplicate"], answer.status == 200);
        }
        let first = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(first, 1, "one of them wrote it, the others found it");
    }
}

#[tokio::test]
async fn an_idempotency_key_is_a_client_id() {
    let scene = scene().await;
    let body = json!({"conversation_id": scene.conversation, "content": "once"});
    for (status, duplicate) in [(201, false), (200, true)] {
        let request = scene.alice.request(Method::POST, "messages/").json(&body);
        let answer = parlance_tests::answer::Answer::to(request.header("idempotency-key", "key 1")).await;
        assert_eq!(answer.with(status)["duplicate"], duplicate);
    }
    assert_eq!(scene.bob.contents(&scene.conversation).await, ["once"]);
}

#[tokio::test]
async fn the_same_id_of_another_user_or_in_another_conversation_is_another_message() {
    let mut scene = scene().await;
    let carol = Cloud::shared().await.person("carol");
    let elsewhere = scene.alice.direct_with(&carol).await;
    for (client_id, after) in [("shared", None), ("shared too", Some(1))] {
        let message = scene.message(client_id, after);
        assert_eq!(scene.socket.acked("message.send", &message).await["data"]["duplicate"], false);
        scene.bob.post("messages/", &message).await.with(201);
        let mut other = message.clone();
        other["conversation_id"] = elsewhere.as_str().into();
        scene.alice.post("messages/", &other).await.with(201);
    }
}

#[tokio::test]
async fn the_same_id_with_another_text_is_no_retry() {
    for after in [None, Some(1)] {
        let mut scene = scene().await;
        let first = scene.socket.acked("message.send", &scene.message("one", after)).await;
        let mut other = scene.message("one", after);
        other["content"] = "something else".into();
        scene.socket.refused("message.send", &other, "idempotency_conflict").await;
        scene.alice.post("messages/", &other).await.refused(409, "idempotency_conflict");
        assert_eq!(scene.bob.contents(&scene.conversation).await, ["once"]);

        let path = format!("messages/{}/", id(&first["data"]["message"]));
        scene.alice.ask(Method::PATCH, &path, &json!({"content": "edited"})).await.with(200);
        let again = scene.alice.post("messages/", &scene.message("one", after)).await.with(200);
        assert_eq!(again["message"]["content"], "edited", "the message as it is now");
    }
}

#[tokio::test]
async fn without_a_client_id_each_frame_is_a_new_message() {
    let mut scene = scene().await;
    for _ in 0..2 {
        scene.socket.says(&scene.conversation, "again").await;
    }
    assert_eq!(scene.bob.contents(&scene.conversation).await, ["again", "again"]);
}

#[tokio::test]
async fn a_cursor_beyond_the_log_is_refused_and_nothing_is_stored() {
    let mut scene = scene().await;
    let message = scene.message("ahead", Some(99));
    let refusal = scene.socket.refused("message.send", &message, "out_of_date").await;
    assert_eq!(refusal["retryable"], true);
    scene.alice.post("messages/", &message).await.refused(409, "out_of_date");
    assert!(scene.bob.contents(&scene.conversation).await.is_empty());
    scene.socket.acked("message.send", &scene.message("ahead", Some(1))).await;
}

fn id(message: &Value) -> &str {
    message["id"].as_str().unwrap()
}
