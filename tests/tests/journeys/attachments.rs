//! Files on their way in: announced, posted straight to the store as a browser does it, or in parts, or in a form to us.

#[path = "attachments/bad_input.rs"]
mod bad_input;
#[path = "attachments/parts.rs"]
mod parts;

use std::net::SocketAddr;
use std::time::Duration;

use data_encoding::HEXLOWER;
use futures::future::join_all;
use parlance_tests::answer::Answer;
use parlance_tests::cloud::{Cloud, Setup};
use parlance_tests::person::{Person, file_part, form, text_part};
use parlance_tests::proxy::{Proxy, free_port};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The SHA-256 of these bytes, as requests have it.
fn digest_of(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// An announcement of these bytes.
fn announcement(name: &str, content_type: &str, bytes: &[u8]) -> Value {
    json!({"filename": name, "content_type": content_type, "size": bytes.len()})
}

/// Posts a file to the store by a form, as a browser does: the fields, then the file.
async fn post_to_store(plan: &Value, content_type: &str, bytes: &[u8]) -> u16 {
    let mut parts: Vec<Vec<u8>> = plan["fields"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| text_part(name, value.as_str().unwrap()))
        .collect();
    parts.push(file_part("whatever.bin", content_type, bytes));
    let (boundary, body) = form(&parts);
    let client = Client::builder().no_proxy().build().unwrap();
    let request = client.post(plan["url"].as_str().unwrap());
    let request = request.header("content-type", format!("multipart/form-data; boundary={boundary}"));
    request.body(body).send().await.unwrap().status().as_u16()
}

fn id_of(attachment: &Value) -> &str {
    attachment["id"].as_str().unwrap()
}

async fn ended(person: &Person, id: &str) -> Answer {
    person.post(&format!("attachments/{id}/complete/"), &json!({})).await
}

#[tokio::test]
async fn a_file_is_announced_posted_by_a_form_and_ended() {
    let cloud = Cloud::shared().await;
    let alice = cloud.person("alice");
    let mut body = announcement("Ärger 1.txt", "TEXT/plain; a=b", b"hello");
    body["sha256"] = digest_of(b"hello").to_uppercase().into();
    let answer = alice.post("attachments/", &body).await;
    let begun = answer.with(201);
    assert_eq!(answer.header("location"), format!("/api/messaging/attachments/{}/", id_of(&begun)));
    assert_eq!(begun["state"], "uploading");
    assert_eq!((&begun["filename"], &begun["content_type"]), (&json!("Ärger 1.txt"), &json!("text/plain")));
    assert_eq!((&begun["size"], &begun["sha256"]), (&json!(5), &json!(digest_of(b"hello"))));
    let plan = &begun["upload"];
    assert_eq!(plan["method"], "form");
    assert_eq!(plan["fields"]["key"], format!("quarantine/{}", id_of(&begun)), "no name of the user's");

    ended(&alice, id_of(&begun)).await.refused(409, "conflict");
    assert_eq!(post_to_store(plan, "text/plain", b"hello").await, 204);
    // The store may have told of it already, and the scan have ended.
    let after = ended(&alice, id_of(&begun)).await.with(200);
    assert_ne!(after["state"], "uploading", "{after}");
    assert_eq!(after["upload"], Value::Null);
    assert_eq!(ended(&alice, id_of(&begun)).await.status, 200, "done again, it is done");
    let shown = alice.get(&format!("attachments/{}/", id_of(&begun))).await.with(200);
    assert_eq!((&shown["id"], &shown["upload"]), (&begun["id"], &Value::Null));
}

#[tokio::test]
async fn the_store_takes_exactly_what_was_announced() {
    let cloud = Cloud::shared().await;
    let alice = cloud.person("alice");
    let mut body = announcement("a.txt", "text/plain", b"hello");
    body["sha256"] = digest_of(b"hello").into();
    let begun = alice.post("attachments/", &body).await.with(201);
    let plan = &begun["upload"];
    for wrong in [b"hell".as_slice(), b"hello!", b""] {
        assert!(post_to_store(plan, "text/plain", wrong).await >= 400, "another size");
    }
    assert!(post_to_store(plan, "text/plain", b"jello").await >= 400, "other bytes");
    let changes = [
        ("key", format!("clean/{}", id_of(&begun))),
        ("key", "quarantine/a_00000000000000000000000000".to_owned()),
        ("Content-Type", "text/html".to_owned()),
        ("success_action_status", "200".to_owned()),
        ("success_action_redirect", "https://evil.example/".to_owned()),
        ("acl", "public-read".to_owned()),
        ("x-amz-date", "20300101T000000Z".to_owned()),
        ("policy", "e30=".to_owned()),
    ];
    for (field, value) in changes {
        let mut tampered = plan.clone();
        tampered["fields"][field] = value.clone().into();
        assert!(post_to_store(&tampered, "text/plain", b"hello").await >= 400, "{field}={value}");
    }
    ended(&alice, id_of(&begun)).await.refused(409, "conflict");
    assert_eq!(post_to_store(plan, "text/plain", b"hello").await, 204, "and that, of all, is taken");
    assert_eq!(ended(&alice, id_of(&begun)).await.status, 200);
}

#[tokio::test]
async fn a_retry_is_answered_as_the_first_request_and_an_expired_form_is_given_anew() {
    let cloud = Cloud::shared().await;
    let alice = cloud.person("alice");
    let keyed = async |body: &Value| {
        let request = alice.request(Method::POST, "attachments/").header("idempotency-key", "k");
        Answer::to(request.json(body)).await
    };
    let body = announcement("a.txt", "text/plain", b"hello");
    let first = keyed(&body).await;
    let again = keyed(&body).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
    assert_eq!(first.with(201), again.json());
    keyed(&announcement("b.txt", "text/plain", b"hello")).await.refused(409, "idempotency_conflict");

    let shown = alice.get(&format!("attachments/{}/", id_of(&first.json()))).await.with(200);
    assert_eq!(shown["upload"]["method"], "form");
    assert_eq!(post_to_store(&shown["upload"], "text/plain", b"hello").await, 204);

    let other = alice.post("attachments/", &body).await.with(201);
    assert_ne!(other["id"], first.json()["id"], "without a key each is new");
}

#[tokio::test]
async fn a_small_file_comes_in_a_form_to_us() {
    let cloud = Cloud::shared().await;
    let alice = cloud.person("alice");
    let bytes: Vec<u8> = (0..=255).collect();
    let parts = [
        text_part("csrfmiddlewaretoken", "ignored"),
        text_part("sha256", &digest_of(&bytes)),
        file_part("C:\\fakepath\\Ärger.bin", "application/x-thing", &bytes),
    ];
    let made = alice.posts_form("attachments/", &parts).await.with(201);
    assert_eq!((&made["filename"], &made["size"]), (&json!("Ärger.bin"), &json!(256)));
    assert_eq!((&made["content_type"], &made["upload"]), (&json!("application/x-thing"), &Value::Null));
    assert_eq!(made["sha256"], digest_of(&bytes));
    assert_ne!(made["state"], "uploading", "{made}");

    let renamed = [text_part("filename", "b.txt"), text_part("content_type", "text/plain"), parts[2].clone()];
    let made = alice.posts_form("attachments/", &renamed).await.with(201);
    assert_eq!((&made["filename"], &made["content_type"]), (&json!("b.txt"), &json!("text/plain")));

    let largest = vec![b'x'; 4 * 1024 * 1024];
    let made =
        alice.posts_form("attachments/", &[file_part("large", "text/plain", &largest)]).await.with(201);
    assert_eq!(made["size"], 4 * 1024 * 1024);
}

#[tokio::test]
async fn a_form_that_is_sent_again_is_recognised_though_its_boundary_is_another() {
    let cloud = Cloud::shared().await;
    let alice = cloud.person("alice");
    let keyed = async |bytes: &[u8]| {
        let (boundary, body) = form(&[file_part("a.txt", "text/plain", bytes)]);
        let request = alice.request(Method::POST, "attachments/").header("idempotency-key", "k");
        let request = request.header("content-type", format!("multipart/form-data; boundary={boundary}"));
        Answer::to(request.body(body)).await
    };
    let first = keyed(b"hello").await.with(201);
    let again = keyed(b"hello").await;
    assert_eq!((again.json(), again.header("idempotency-replayed")), (first, "true"));
    keyed(b"jello").await.refused(409, "idempotency_conflict");
}

#[tokio::test]
async fn a_stranger_cannot_tell_that_a_file_exists() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let id = alice.uploads("a.txt", b"hello").await;
    let absent = format!("a_{}", "0".repeat(26));
    let parts = json!({"parts": [{"part_number": 1}]});
    for id in [&id, &absent] {
        for (method, below) in [
            (Method::GET, ""),
            (Method::GET, "parts/"),
            (Method::POST, "parts/"),
            (Method::POST, "complete/"),
            (Method::DELETE, "delete/"),
        ] {
            let path = format!("attachments/{id}/{below}");
            bob.ask(method, &path, &parts).await.refused(404, "not_found");
        }
    }
    assert_eq!(alice.get(&format!("attachments/{id}/")).await.status, 200);
}

#[tokio::test]
async fn a_file_that_was_deleted_is_gone_and_deleting_it_again_changes_nothing() {
    let cloud = Cloud::shared().await;
    let alice = cloud.person("alice");
    let id = alice.uploads("a.txt", b"hello").await;
    let begun = alice.post("attachments/", &announcement("b.txt", "text/plain", b"hello")).await.with(201);
    for id in [id.as_str(), id_of(&begun)] {
        let path = format!("attachments/{id}/delete/");
        for _ in 0..2 {
            assert_eq!(Answer::to(alice.request(Method::DELETE, &path)).await.status, 204);
        }
        alice.get(&format!("attachments/{id}/")).await.refused(404, "not_found");
        ended(&alice, id).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn who_uploads_too_fast_is_told_when_to_come_again() {
    let cloud = Setup::default().limited().start().await;
    let alice = cloud.person("alice");
    let body = announcement("a.txt", "text/plain", b"hello");
    let answers = join_all((0..20).map(|_| alice.post("attachments/", &body))).await;
    let refused = answers.iter().find(|answer| answer.status == 429).expect("a refusal");
    assert_eq!(refused.header("ratelimit-policy"), "\"uploads\";q=5;w=1");
    refused.refused(429, "rate_limited");
    assert!(answers.iter().any(|answer| answer.status == 201));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(alice.post("attachments/", &body).await.status, 201);
}

#[tokio::test]
async fn without_redis_nothing_is_announced_and_what_is_there_can_be_seen() {
    let port = free_port();
    let redis = Proxy::before(SocketAddr::from(([127, 0, 0, 1], port))).await;
    let setup = Setup::default().limited().with("--redis-port", port);
    let cloud = setup.environment("REDIS_URL", format!("redis://{}", redis.address)).start().await;
    let alice = cloud.person("alice");
    let id = alice.uploads("a.txt", b"hello").await;
    redis.cut();
    let body = announcement("a.txt", "text/plain", b"hello");
    let refused = alice.post("attachments/", &body).await;
    assert_eq!(refused.refused(503, "unavailable")["retryable"], true);
    assert_eq!(alice.get(&format!("attachments/{id}/")).await.status, 200);
}
