//! Webhooks: made by services alone, delivered signed, tried again, and never to where they should not lead.

use std::collections::BTreeSet;

use parlance_tests::answer::Answer;
use parlance_tests::cloud::{Cloud, Setup};
use parlance_tests::deadline::eventually;
use parlance_tests::person::Person;
use parlance_tests::receiver::{Received, Receiver};
use reqwest::Method;
use serde_json::{Value, json};

const PATH: &str = "webhooks/";

/// A local cloud that feeds webhooks of this machine and is soon out of patience.
fn impatient() -> Setup {
    Setup::default()
        .parameter("EventBus", "create")
        .parameter("WebhookDestinations", "loopback")
        .parameter("WebhookRetrySeconds", "1")
}

async fn patch(person: &Person, path: &str, body: &Value) -> Answer {
    Answer::to(person.request(Method::PATCH, path).json(body)).await
}

async fn delete(person: &Person, path: &str) -> u16 {
    Answer::to(person.request(Method::DELETE, path)).await.status
}

async fn made(service: &Person, url: &str, events: &[&str]) -> Value {
    service.post(PATH, &json!({"url": url, "events": events})).await.with(201)
}

fn place_of(webhook: &Value) -> String {
    format!("webhooks/{}/", webhook["id"].as_str().unwrap())
}

async fn state(service: &Person, webhook: &Value, state: &str) -> Value {
    eventually(&format!("the webhook to be {state}"), async || {
        Some(service.get(&place_of(webhook)).await.with(200)).filter(|webhook| webhook["state"] == state)
    })
    .await
}

async fn posts(receiver: &Receiver, count: usize) -> Vec<Received> {
    eventually(&format!("{count} posts"), async || {
        Some(receiver.received()).filter(|posts| posts.len() >= count)
    })
    .await
}

#[tokio::test]
async fn what_happens_is_posted_signed_to_whoever_asked_for_it() {
    let cloud = impatient().start().await;
    let [alice, bob, billing] = cloud.people(["alice", "bob", "billing"]);
    let (billing, receiver) = (billing.as_service(), Receiver::start().await);
    let webhook =
        made(&billing, &format!("{}/hook", receiver.url), &["message.created", "participant.added"]).await;
    assert_eq!(webhook["state"], "active");
    let secret = webhook["secret"].as_str().unwrap().to_owned();
    assert!(billing.get(&place_of(&webhook)).await.with(200)["secret"].is_null(), "it is shown once");
    assert!(billing.get(PATH).await.with(200)["items"][0]["secret"].is_null());

    let conversation = alice.group_with([&bob]).await;
    let message = alice.says(&conversation, "gr\u{fc}\u{df} dich").await;
    let posts_of_message = posts(&receiver, 1).await;
    let post = &posts_of_message[0];
    assert_eq!((post.path.as_str(), post.header("content-type")), ("/hook", "application/json"));
    assert!(post.is_signed_with(&secret), "{post:?}");
    let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    assert!(!post.is_signed_with(other));
    let event = post.json();
    assert_eq!((&event["type"], &event["data"]), (&json!("message.created"), &message));
    assert_eq!((&event["actor_id"], &event["conversation_id"]), (&json!(alice.id), &json!(conversation)));
    assert!(post.header("webhook-id").starts_with(event["id"].as_str().unwrap()));

    // Both secrets are good while the receiver changes over.
    let rotated = patch(&billing, &place_of(&webhook), &json!({"rotate_secret": true})).await.with(200);
    let fresh = rotated["secret"].as_str().unwrap();
    assert_ne!(fresh, secret);
    alice.says(&conversation, "again").await;
    let second = &posts(&receiver, 2).await[1];
    assert!(second.is_signed_with(&secret) && second.is_signed_with(fresh));
    assert_ne!(second.header("webhook-id"), post.header("webhook-id"));

    // What it did not ask for is not posted: conversation.created came before both messages.
    let types: BTreeSet<String> =
        receiver.received().iter().map(|post| post.json()["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(types, BTreeSet::from(["message.created".to_owned()]));
    assert!(!cloud.logs().contains(fresh) && !cloud.logs().contains(&secret), "a secret is in no log");

    assert_eq!(delete(&billing, &place_of(&webhook)).await, 204);
    assert_eq!(delete(&billing, &place_of(&webhook)).await, 404);
}

#[tokio::test]
async fn a_failed_delivery_comes_again_with_the_same_id_and_redirections_are_failures() {
    let cloud = impatient().start().await;
    let [alice, bob, billing] = cloud.people(["alice", "bob", "billing"]);
    let (billing, receiver) = (billing.as_service(), Receiver::start().await);
    receiver.answer([500, 302, 429]);
    let webhook = made(&billing, &format!("{}/hook", receiver.url), &["message.created"]).await;
    let conversation = alice.group_with([&bob]).await;
    alice.says(&conversation, "hello").await;
    posts(&receiver, 1).await;
    state(&billing, &webhook, "failing").await;
    let attempts = posts(&receiver, 4).await;
    state(&billing, &webhook, "active").await;
    let ids: BTreeSet<&str> = attempts.iter().map(|post| post.header("webhook-id")).collect();
    assert_eq!((attempts.len(), ids.len()), (4, 1));
    assert!(
        attempts
            .iter()
            .all(|post| post.path == "/hook" && post.is_signed_with(webhook["secret"].as_str().unwrap()))
    );
}

/// How many deliveries have been set aside.
async fn set_aside(cloud: &Cloud) -> usize {
    let service = cloud.endpoints().await["sqs"].as_str().unwrap().to_owned();
    let queue = format!("{service}/000000000000/WebhookDeadLetterQueue");
    let ask = json!({"QueueUrl": queue, "AttributeNames": ["ApproximateNumberOfMessages"]});
    let request =
        reqwest::Client::new().post(&service).header("x-amz-target", "AmazonSQS.GetQueueAttributes");
    let answer: Value = request.body(ask.to_string()).send().await.unwrap().json().await.unwrap();
    answer["Attributes"]["ApproximateNumberOfMessages"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn what_fails_at_every_attempt_is_set_aside_and_the_next_event_is_tried() {
    let cloud = impatient().parameter("WebhookAttempts", "2").start().await;
    let [alice, bob, billing] = cloud.people(["alice", "bob", "billing"]);
    let (billing, receiver) = (billing.as_service(), Receiver::start().await);
    receiver.answer([500, 500]);
    let webhook = made(&billing, &receiver.url, &["message.created"]).await;
    let conversation = alice.group_with([&bob]).await;
    alice.says(&conversation, "lost on the receiver").await;
    eventually("the delivery to be set aside", async || (set_aside(&cloud).await == 1).then_some(())).await;
    assert_eq!(receiver.received().len(), 2);
    alice.says(&conversation, "heard").await;
    state(&billing, &webhook, "active").await;
    assert_eq!(posts(&receiver, 3).await[2].json()["data"]["content"], "heard");
    assert_eq!(set_aside(&cloud).await, 1);
}

#[tokio::test]
async fn a_webhook_whose_receiver_fails_for_long_or_is_gone_is_disabled() {
    let setup = impatient().parameter("WebhookDisableAfterSeconds", "2");
    let cloud = setup.start().await;
    let [alice, bob, billing] = cloud.people(["alice", "bob", "billing"]);
    let (billing, broken, gone) = (billing.as_service(), Receiver::start().await, Receiver::start().await);
    broken.answer([500; 100]);
    gone.answer([410]);
    let failing = made(&billing, &broken.url, &["message.created"]).await;
    let leaving = made(&billing, &gone.url, &["message.created"]).await;
    let conversation = alice.group_with([&bob]).await;
    alice.says(&conversation, "hello").await;
    assert_eq!(state(&billing, &leaving, "disabled").await["disabled_reason"], "gone");
    assert_eq!(state(&billing, &failing, "disabled").await["disabled_reason"], "failing");
    let asked = broken.received().len();
    alice.says(&conversation, "nobody hears this").await;
    let enabled = patch(&billing, &place_of(&leaving), &json!({"enabled": true})).await.with(200);
    assert_eq!(enabled["state"], "active");
    alice.says(&conversation, "somebody hears this").await;
    let heard = eventually("the enabled webhook to hear", async || {
        gone.received().into_iter().find(|post| post.json()["data"]["content"] == "somebody hears this")
    });
    heard.await;
    assert_eq!(broken.received().len(), asked, "a disabled webhook is left alone");
}

#[tokio::test]
async fn webhooks_are_for_services_and_each_sees_its_own() {
    let cloud = Cloud::shared().await;
    let [alice, billing, hiring] = cloud.people(["alice", "billing", "hiring"]);
    let (billing, hiring) = (billing.as_service(), hiring.as_service());
    let body = json!({"url": "https://example.com/hook", "events": ["message.created"]});
    let webhook = billing.post(PATH, &body).await.with(201);
    assert_eq!(webhook["state"], "waiting", "this stack has no event bus");
    let place = place_of(&webhook);
    for problem in [
        alice.get(PATH).await.refused(403, "forbidden"),
        alice.post(PATH, &body).await.refused(403, "forbidden"),
        alice.get(&place).await.refused(403, "forbidden"),
        patch(&alice, &place, &json!({})).await.refused(403, "forbidden"),
        Answer::to(alice.request(Method::DELETE, &place)).await.refused(403, "forbidden"),
    ] {
        assert!(problem["detail"].as_str().unwrap().contains("messaging:service"), "{problem}");
    }
    hiring.get(&place).await.refused(404, "not_found");
    patch(&hiring, &place, &json!({"enabled": false})).await.refused(404, "not_found");
    assert_eq!(delete(&hiring, &place).await, 404);
    assert_eq!(hiring.get(PATH).await.with(200)["items"], json!([]));
    billing.get("webhooks/w_1/").await.refused(404, "not_found");
    let disabled = patch(&billing, &place, &json!({"enabled": false})).await.with(200);
    assert_eq!((&disabled["state"], &disabled["disabled_reason"]), (&json!("disabled"), &json!("owner")));
    let items = billing.get(PATH).await.with(200)["items"].as_array().unwrap().clone();
    assert_eq!(items, [disabled]);
    assert_eq!(delete(&billing, &place).await, 204);
}

#[tokio::test]
async fn every_field_of_a_webhook_is_checked() {
    let cloud = Cloud::shared().await;
    let billing = cloud.person("billing").as_service();
    let good = json!({"url": "https://example.com/hook", "events": ["message.created"]});
    let webhook = billing.post(PATH, &good).await.with(201);
    let cases = [
        ("url", json!(null), "/url"),
        ("url", json!(7), "/url"),
        ("url", json!("example.com"), "/url"),
        ("url", json!("http://example.com/"), "/url"),
        ("url", json!("https://user:secret@example.com/"), "/url"),
        ("url", json!("https://example.com:22/"), "/url"),
        ("url", json!("https://127.0.0.1/"), "/url"),
        ("url", json!("https://[::ffff:10.0.0.1]/"), "/url"),
        ("url", json!("https://169.254.169.254/latest/meta-data/"), "/url"),
        ("url", json!(format!("https://example.com/{}", "x".repeat(2_048))), "/url"),
        ("events", json!(null), "/events"),
        ("events", json!([]), "/events"),
        ("events", json!("message.created"), "/events"),
        ("events", json!(["message.created", "typing.indicator"]), "/events/1"),
        ("events", json!([7]), "/events/0"),
        ("events", json!(vec!["message.created"; 100]), "/events"),
        ("secret", json!(true), "/secret"),
        ("secret", json!("hunter2"), "/secret"),
        ("secret", json!("whsec_c2hvcnQ="), "/secret"),
    ];
    for (field, value, pointer) in cases {
        let mut body = good.clone();
        body[field] = value.clone();
        let problem = billing.post(PATH, &body).await.refused(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
        if !value.is_null() {
            let problem = patch(&billing, &place_of(&webhook), &json!({field: value})).await;
            assert_eq!(problem.refused(422, "validation_failed")["errors"][0]["pointer"], pointer);
        }
    }
    for (body, pointer) in [
        (json!({"enabled": "yes"}), "/enabled"),
        (json!({"rotate_secret": 1}), "/rotate_secret"),
        (json!({"rotate_secret": true, "secret": webhook["secret"]}), "/rotate_secret"),
    ] {
        let problem = patch(&billing, &place_of(&webhook), &body).await.refused(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], pointer);
    }
    billing.post_bytes(PATH, "{").await.refused(400, "malformed");
    let unchanged = billing.get(&place_of(&webhook)).await.with(200);
    assert_eq!((&unchanged["url"], &unchanged["state"]), (&webhook["url"], &webhook["state"]));
    assert_eq!(delete(&billing, &place_of(&webhook)).await, 204);
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_not_followed_where_only_the_internet_is_allowed() {
    let cloud =
        Setup::default().parameter("EventBus", "create").parameter("WebhookRetrySeconds", "1").start().await;
    let [alice, bob, billing] = cloud.people(["alice", "bob", "billing"]);
    let billing = billing.as_service();
    let webhook = made(&billing, "https://localhost/hook", &["message.created"]).await;
    let conversation = alice.group_with([&bob]).await;
    alice.says(&conversation, "hello").await;
    state(&billing, &webhook, "failing").await;
    eventually("the refusal to be logged", async || cloud.logs().contains("Forbidden").then_some(())).await;
}
