//! Each constraint of each operation and frame broken in turn: a 4xx with a code of the contract, nothing stored, and the good request next to it served.

use std::time::Duration;

use parlance_protocol::spec::{
    frames::{FrameAnswer, client_frames},
    http::operations,
    operation::{Access, Operation},
};
use parlance_tests::answer::Answer;
use parlance_tests::cloud::Cloud;
use parlance_tests::specification::{broken, queries};
use serde_json::{Value, json};

use super::calls::{Call, data};
use super::scene::{Caller, Scene};

/// What would show that something was stored.
async fn stored(scene: &Scene) -> (usize, Value) {
    let list = scene.owner.get("conversations/").await.with(200);
    let log = scene.owner.log(&scene.conversation).await;
    (list["items"].as_array().unwrap().len(), log.into())
}

/// A scene in which the caller may do what the operation does.
async fn scene_for(operation: &Operation) -> Scene {
    let mut scene = Scene::of(Cloud::shared().await, Caller::Owner).await;
    if operation.access == Access::Service {
        scene.serve().await;
    }
    scene
}

fn is_refused(answer: &Answer, what: &str) {
    let is_contract =
        (400..500).contains(&answer.status) && answer.header("content-type").contains("problem+json");
    assert!(is_contract, "{what}: {} {}", answer.status, answer.text);
}

async fn is_served(operation: &Operation, scene: &Scene) {
    let answer = Call::of(operation, scene).by(&scene.caller).await;
    assert!(answer.status < 300, "the good {}: {}", operation.name, answer.text);
}

#[tokio::test]
async fn every_constraint_of_every_body_is_held() {
    for operation in operations() {
        let Some(shape) = &operation.body else { continue };
        let scene = scene_for(&operation).await;
        let before = stored(&scene).await;
        let good = Call::of(&operation, &scene).body.unwrap();
        for broken in broken(&shape.to_schema(), &good) {
            let call = Call::of(&operation, &scene).with_body(broken.value.clone());
            let answer = call.by(&scene.caller).await;
            is_refused(&answer, &format!("{} {}: {}", operation.name, broken.pointer, broken.value));
            // Of fields that exclude each other, either may be named as the one that is wrong.
            if answer.status == 422 && shape.to_schema()["oneOf"].is_null() {
                let problem = answer.json();
                let pointers: Vec<&str> = problem["errors"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|error| error["pointer"].as_str().unwrap())
                    .collect();
                let (field, _) = broken.pointer[1..].split_once('/').unwrap_or((&broken.pointer[1..], ""));
                assert!(
                    pointers.iter().all(|pointer| pointer.starts_with(&format!("/{field}"))),
                    "{} {}: {pointers:?}",
                    operation.name,
                    broken.pointer
                );
            }
        }
        let deep = format!("{{\"x\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
        for text in ["", "{", "[]", "null", "7", "\"x\"", "{\"a\":\"\\ud800\"}", deep.as_str()] {
            let call = Call::of(&operation, &scene);
            let request =
                scene.caller.request(call.method, &call.path).header("content-type", "application/json");
            let answer = Answer::to(request.body(text.to_owned())).await;
            is_refused(&answer, &format!("{}: {text:.40}", operation.name));
        }
        let call = Call::of(&operation, &scene);
        let request = scene.caller.request(call.method, &call.path).header("content-type", "text/plain");
        Answer::to(request.body(good.to_string())).await.refused(415, "unsupported_media_type");
        assert_eq!(stored(&scene).await, before, "{} stored something", operation.name);
        is_served(&operation, &scene).await;
    }
}

#[tokio::test]
async fn every_constraint_of_every_query_is_held() {
    for operation in operations() {
        let Some(shape) = &operation.query else { continue };
        let scene = scene_for(&operation).await;
        for (name, text, is_valid) in queries(&shape.to_schema()) {
            let answer = Call::of(&operation, &scene).with_parameter(&name, &text).by(&scene.caller).await;
            // A cursor is a text that only the server can have made.
            if !is_valid || name == "cursor" {
                is_refused(&answer, &format!("{}?{name}={text}", operation.name));
            } else {
                assert_eq!(answer.status, 200, "{}?{name}={text}: {}", operation.name, answer.text);
            }
        }
        is_served(&operation, &scene).await;
    }
}

#[tokio::test]
async fn every_id_of_every_path_is_held() {
    for operation in operations() {
        let placeholders = operation.placeholders();
        let scene = scene_for(&operation).await;
        let before = stored(&scene).await;
        for (before, name) in &placeholders {
            // Whatever a user may be called is a user, and whatever a thing of another system may be called is one.
            if !matches!(*before, "attachments" | "conversations" | "messages" | "webhooks") {
                continue;
            }
            let absent = format!("c_{}", "0".repeat(26));
            let long = "c".repeat(2_000);
            for bad in
                ["x", "c_", "c_%00", "m_1", "%2e%2e%2f", "%F0%9F%92%A5", absent.as_str(), long.as_str()]
            {
                let template = operation.path.replacen(&format!("{{{name}}}"), bad, 1);
                let path = Call::of(&Operation { path: template.leak(), ..operation.clone() }, &scene).path;
                let call = Call { path, ..Call::of(&operation, &scene) };
                let answer = call.by(&scene.caller).await;
                answer.refused(404, "not_found");
            }
        }
        if !placeholders.is_empty() {
            assert_eq!(stored(&scene).await, before, "{} stored something", operation.name);
            is_served(&operation, &scene).await;
        }
    }
}

#[tokio::test]
async fn every_constraint_of_every_frame_is_held() {
    let cloud = Cloud::shared().await;
    for frame in client_frames() {
        let scene = Scene::of(cloud, Caller::Owner).await;
        let mut socket = scene.caller.connect().await;
        let before = stored(&scene).await;
        for broken in broken(&frame.data.to_schema(), &data(&frame, &scene)) {
            let nack = socket.request(frame.kind, &broken.value).await;
            let status = nack["error"]["status"].as_u64().unwrap_or_default();
            assert!(
                (400..500).contains(&status),
                "{} {}: {}: {nack}",
                frame.kind,
                broken.pointer,
                broken.value
            );
        }
        for not_an_object in [json!(7), json!("x"), json!([]), json!(true)] {
            let nack = socket.request(frame.kind, &not_an_object).await;
            assert_eq!(nack["error"]["code"], "malformed", "{}: {not_an_object}", frame.kind);
        }
        assert_eq!(stored(&scene).await, before, "{} stored something", frame.kind);
        if matches!(frame.answer, FrameAnswer::Nothing) {
            let id = socket.ask(frame.kind, &data(&frame, &scene)).await;
            let nack = socket.answer_within(&id, Duration::from_millis(300)).await;
            assert_eq!(nack, None, "the good {}", frame.kind);
        } else {
            let answer = socket.request(frame.kind, &data(&frame, &scene)).await;
            assert_ne!(answer["type"], "nack", "the good {}: {answer}", frame.kind);
        }
    }
}
