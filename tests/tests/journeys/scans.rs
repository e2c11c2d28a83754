//! Files after their upload: scanned before anybody sees them, shown in their message as more is known, handed out to members, and deleted with
//! their message.

#[path = "scans/inspected.rs"]
mod inspected;

use std::io::{Cursor, Write};
use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER};
use parlance_tests::answer::Answer;
use parlance_tests::cloud::{Cloud, Setup};
use parlance_tests::person::{Person, file_part};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A picture of three by two pixels.
const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAAEElEQVR4nGNgUHBgSGj4DwAFJwJAihDjOAAAAABJRU5ErkJggg==";

/// What every scanner takes for malware; in two halves, so that none takes this file for it.
const TEST_VIRUS: [&str; 2] = ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD", "-ANTIVIRUS-TEST-FILE!$H+H*"];

async fn uploaded(person: &Person, name: &str, content_type: &str, bytes: &[u8]) -> String {
    let parts = [file_part(name, content_type, bytes)];
    person.posts_form("attachments/", &parts).await.with(201)["id"].as_str().unwrap().to_owned()
}

async fn sends(person: &Person, conversation: &str, client_id: &str, files: &[&str]) -> Answer {
    let body = json!({"conversation_id": conversation, "client_id": client_id, "attachments": files});
    person.post("messages/", &body).await
}

async fn fetched(url: &str) -> Response {
    Client::builder().no_proxy().build().unwrap().get(url).send().await.unwrap()
}

/// Asks until the attachment is as wanted.
async fn shown(person: &Person, id: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..400 {
        let shown = person.get(&format!("attachments/{id}/")).await.with(200);
        if is_so(&shown) {
            return shown;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the attachment {id} never came to be as wanted");
}

fn picture() -> Vec<u8> {
    BASE64.decode(PICTURE.as_bytes()).unwrap()
}

#[tokio::test]
async fn a_picture_is_shown_to_members_as_more_is_known_of_it_and_handed_out_to_them_alone() {
    let cloud = Cloud::shared().await;
    let [alice, bob, eve] = cloud.people(["alice", "bob", "eve"]);
    let conversation = alice.direct_with(&bob).await;
    let mut laptop = bob.connect().await;
    let id = uploaded(&alice, "cat.png", "image/png", &picture()).await;
    bob.get(&format!("attachments/{id}/")).await.refused(404, "not_found");
    let message = sends(&alice, &conversation, "one", &[&id]).await.with(201)["message"].clone();
    assert_eq!(message["attachments"][0]["id"], json!(id));

    let created = laptop.event_of("message.created").await;
    assert_eq!(created["data"]["attachments"][0]["filename"], "cat.png");
    let mut latest = created["data"].clone();
    while latest["attachments"][0]["width"] != 3 {
        latest = laptop.event_of("message.updated").await["data"].clone();
        assert!(latest["attachments"][0].get("download_url").is_none(), "{latest}");
    }
    assert_eq!((&latest["attachments"][0]["state"], &latest["edited_at"]), (&json!("clean"), &Value::Null));
    assert_eq!(bob.get(&format!("messages/{}/", message["id"].as_str().unwrap())).await.with(200), latest);

    let seen = shown(&bob, &id, |seen| seen["thumbnail_url"].is_string()).await;
    let file = fetched(seen["download_url"].as_str().unwrap()).await;
    let header = |name: &str| file.headers().get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!((file.status().as_u16(), header("content-type").as_str()), (200, "image/png"));
    assert!(header("content-disposition").starts_with("attachment; filename=\"cat.png\""));
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(file.bytes().await.unwrap(), picture());
    let small = fetched(seen["thumbnail_url"].as_str().unwrap()).await;
    assert_eq!(
        (small.status().as_u16(), &small.headers()["content-type"]),
        (200, &"image/jpeg".parse().unwrap())
    );
    eve.get(&format!("attachments/{id}/")).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_file_belongs_to_one_message_and_to_a_message_of_its_uploader() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let id = uploaded(&alice, "a.txt", "text/plain", b"hello").await;
    let refused = sends(&bob, &conversation, "his", &[&id]).await.refused(422, "validation_failed");
    assert_eq!(refused["errors"][0]["pointer"], "/attachments");
    sends(&alice, &conversation, "twice", &[&id, &id]).await.refused(422, "validation_failed");
    let names = ["a", "b", "c", "d", "e", "f"];
    let files = [id.as_str()];
    let answers =
        futures::future::join_all(names.iter().map(|name| sends(&alice, &conversation, name, &files))).await;
    let sent: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(sent.len(), 1);
    let message = sent[0].json()["message"].clone();
    let again = sends(&alice, &conversation, message["client_id"].as_str().unwrap(), &files).await.with(200);
    assert_eq!((&again["duplicate"], &again["message"]["id"]), (&json!(true), &message["id"]));
    assert_eq!(bob.contents(&conversation).await.len(), 1);
}

/// An archive with one file, compressed.
fn zipped(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file(name, SimpleFileOptions::default()).unwrap();
    archive.write_all(bytes).unwrap();
    archive.finish().unwrap().into_inner()
}

#[tokio::test]
async fn an_infected_file_is_handed_out_to_nobody_at_any_moment() {
    let virus = TEST_VIRUS.concat();
    stays_hidden("a.txt", "text/plain", virus.as_bytes()).await;
}

#[tokio::test]
async fn an_archive_with_an_infected_file_is_handed_out_to_nobody_at_any_moment() {
    let virus = TEST_VIRUS.concat();
    stays_hidden("a.zip", "application/zip", &zipped("a.txt", virus.as_bytes())).await;
}

async fn stays_hidden(name: &str, content_type: &str, bytes: &[u8]) {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let (mut phone, mut laptop) = (alice.connect().await, bob.connect().await);
    let id = uploaded(&alice, name, content_type, bytes).await;
    let watching = shown(&alice, &id, |seen| {
        assert!(seen["download_url"].is_null(), "{seen}");
        seen["state"] == "infected"
    });
    let files = [id.as_str()];
    let (sent, seen) = futures::join!(sends(&alice, &conversation, "one", &files), watching);
    assert!(seen["download_url"].is_null());
    let warned = phone.event_of("notification.created").await;
    assert_eq!(
        (&warned["data"]["kind"], &warned["data"]["attachment_id"]),
        (&json!("file_removed"), &json!(id))
    );
    // The scan may have ended before the message was sent.
    if sent.status == 201 {
        let mut latest = laptop.event_of("message.created").await;
        while latest["data"]["attachments"][0]["state"] != "infected" {
            latest = laptop.event_of("message.updated").await;
        }
    } else {
        sent.refused(409, "attachment_not_clean");
    }
    sends(&alice, &conversation, "two", &[&uploaded(&alice, "b.txt", "text/plain", b"hello").await])
        .await
        .with(201);
}

#[tokio::test]
async fn the_words_beside_a_file_may_be_taken_away_again() {
    let [alice, bob] = Cloud::shared().await.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let id = uploaded(&alice, "a.txt", "text/plain", b"words").await;
    let edit = async |message: &Value| {
        let path = format!("messages/{}/", message["id"].as_str().unwrap());
        Answer::to(alice.request(Method::PATCH, &path).json(&json!({"content": " "}))).await
    };
    let with_file = sends(&alice, &conversation, "one", &[&id]).await.with(201)["message"].clone();
    assert_eq!(edit(&with_file).await.with(200)["content"], " ");
    let bare = alice.says(&conversation, "words").await;
    let problem = edit(&bare).await.refused(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "/content");
}

#[tokio::test]
async fn a_deleted_message_leaves_nothing_of_its_files() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let id = uploaded(&alice, "cat.png", "image/png", &picture()).await;
    let message = sends(&alice, &conversation, "one", &[&id]).await.with(201)["message"].clone();
    let seen = shown(&bob, &id, |seen| seen["thumbnail_url"].is_string()).await;
    let path = format!("messages/{}/delete/", message["id"].as_str().unwrap());
    assert_eq!(Answer::to(alice.request(Method::DELETE, &path)).await.status, 204);
    bob.get(&format!("attachments/{id}/")).await.refused(404, "not_found");
    for name in ["download_url", "thumbnail_url"] {
        let url = seen[name].as_str().unwrap();
        let mut tries = 0;
        while fetched(url).await.status().is_success() {
            tries += 1;
            assert!(tries < 200, "{name} is still there");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test]
async fn events_that_come_twice_late_and_in_any_order_come_to_the_same() {
    let cloud = Setup::default().start().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    for fault in ["s3event.twice", "s3event.shuffle", "scan.twice"] {
        cloud.faults().begin(&json!({"name": fault})).await;
    }
    let mut files = Vec::new();
    for number in 0..4 {
        let id = uploaded(&alice, "cat.png", "image/png", &picture()).await;
        sends(&alice, &conversation, &format!("m{number}"), &[&id]).await.with(201);
        files.push(id);
    }
    for id in &files {
        shown(&bob, id, |seen| seen["thumbnail_url"].is_string()).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    for entry in bob.log(&conversation).await.iter().filter(|entry| entry["type"] == "message.created") {
        let message = &entry["data"];
        assert_eq!(message["attachments"][0]["state"], "clean");
        assert!(message["version"].as_u64().unwrap() <= 4, "no more than what came to be known: {message}");
    }
}
