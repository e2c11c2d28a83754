//! The embedded EventBridge over its protocol, with rules to a function that the tests play and to a queue.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use parlance_local::eventbridge::{self, Options, RuleSpec, Running, Targets};
use parlance_local::faults::Faults;
use parlance_local::lambda::{FunctionName, InvocationOutcome, Invoke};
use parlance_local::sqs::{self, QueueSpec, queue_arn};
use serde_json::{Value, json};

/// A function that remembers what it was called with.
#[derive(Default)]
struct Function(Mutex<Vec<(String, Value)>>);

#[async_trait]
impl Invoke for Function {
    async fn invoke(&self, _: &FunctionName, _: &str, _: Bytes) -> InvocationOutcome {
        panic!("a rule waits for no function")
    }

    fn invoke_async(&self, _: &FunctionName, trigger: &str, payload: Bytes) {
        self.0.lock().unwrap().push((trigger.to_owned(), serde_json::from_slice(&payload).unwrap()));
    }
}

struct World {
    running: Running,
    sqs: sqs::Running,
    function: Arc<Function>,
    faults: Faults,
}

async fn world() -> World {
    let faults = Faults::default();
    let options = Options { region: "us-east-1".into(), faults: faults.clone(), ..Options::default() };
    let running = eventbridge::start(options).await.unwrap();
    let sqs = sqs::start(sqs::Options { region: "us-east-1".into(), ..Default::default() }).await.unwrap();
    let queues = [("queue", json!({})), ("small", json!({"MaximumMessageSize": 1024})), ("dead", json!({}))];
    sqs.create_queues(&queues.map(|(name, properties)| QueueSpec::parse(name, &properties).unwrap()))
        .await
        .unwrap();
    let to_queue = json!({
        "EventBusName": "bus",
        "EventPattern": {"detail-type": ["thing.made"], "detail": {"size": [{"numeric": [">", 5]}]}},
        "Targets": [
            {"Id": "queue", "Arn": queue_arn("us-east-1", "queue")},
            {"Id": "small", "Arn": queue_arn("us-east-1", "small"),
             "RetryPolicy": {"MaximumRetryAttempts": 1}, "DeadLetterConfig": {"Arn": queue_arn("us-east-1", "dead")}}
        ]
    });
    let to_function = json!({"EventBusName": "bus", "Pattern": {"source": ["tests"]}});
    let rules = vec![
        RuleSpec::parse("Large", &to_queue).unwrap().unwrap(),
        RuleSpec::of_function(&FunctionName::new("F"), "All", &to_function).unwrap().unwrap(),
    ];
    let function = Arc::new(Function::default());
    let invoke: Arc<dyn Invoke> = Arc::<Function>::clone(&function);
    running.connect(vec!["bus".into()], rules, Targets::new(invoke, &sqs));
    World { running, sqs, function, faults }
}

impl World {
    async fn ask(&self, operation: &str, body: &Value) -> (u16, Value) {
        let answer = reqwest::Client::new()
            .post(&self.running.url)
            .header("x-amz-target", format!("AWSEvents.{operation}"))
            .header("content-type", "application/x-amz-json-1.1")
            .body(body.to_string());
        let answer = answer.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn put(&self, entries: Value) -> (u16, Value) {
        self.ask("PutEvents", &json!({ "Entries": entries })).await
    }

    /// Messages of a queue, once there are so many.
    async fn messages(&self, queue: &str, count: usize) -> Vec<Value> {
        let receive = json!({
            "QueueUrl": sqs::queue_url(&self.sqs.url, queue), "MaxNumberOfMessages": 10, "WaitTimeSeconds": 0
        });
        let mut bodies = Vec::new();
        for _ in 0..100 {
            let answer = reqwest::Client::new()
                .post(&self.sqs.url)
                .header("x-amz-target", "AmazonSQS.ReceiveMessage")
                .body(receive.to_string());
            let answer: Value = answer.send().await.unwrap().json().await.unwrap();
            for message in answer["Messages"].as_array().into_iter().flatten() {
                bodies.push(serde_json::from_str(message["Body"].as_str().unwrap()).unwrap());
            }
            if bodies.len() >= count {
                return bodies;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{queue}: {bodies:?}");
    }
}

fn entry(kind: &str, detail: &Value) -> Value {
    json!({
        "EventBusName": "bus", "Source": "tests", "DetailType": kind, "Detail": detail.to_string(),
        "Time": 1_790_000_000.5, "Resources": ["arn:thing"]
    })
}

#[tokio::test]
async fn an_event_goes_to_the_targets_of_the_rules_that_it_matches_and_is_remembered() {
    let world = world().await;
    let entries = json!([
        entry("thing.made", &json!({"size": 9})),
        entry("thing.made", &json!({"size": 3})),
        entry("thing.lost", &json!({"size": 9})),
    ]);
    let (status, answer) = world.put(entries).await;
    assert_eq!((status, &answer["FailedEntryCount"]), (200, &json!(0)));
    let large = world.messages("queue", 1).await;
    assert_eq!(large.len(), 1);
    let event = &large[0];
    assert_eq!((&event["source"], &event["detail-type"]), (&json!("tests"), &json!("thing.made")));
    assert_eq!((&event["detail"], &event["resources"]), (&json!({"size": 9}), &json!(["arn:thing"])));
    assert_eq!((&event["id"], &event["region"]), (&answer["Entries"][0]["EventId"], &json!("us-east-1")));
    assert_eq!(event["time"].as_str().unwrap().len(), "2026-09-21T13:33:20Z".len());
    let calls = world.function.0.lock().unwrap().clone();
    assert_eq!(calls.len(), 3, "the other rule takes all");
    assert!(calls.iter().all(|(trigger, _)| trigger == "rule FAll"));
    assert_eq!(world.running.recent().len(), 3);
    assert_eq!(&world.running.recent()[0], event);
}

#[tokio::test]
async fn what_a_target_does_not_take_is_tried_again_and_set_aside() {
    let world = world().await;
    world.put(json!([entry("thing.made", &json!({"size": 9, "text": "x".repeat(2_000)}))])).await;
    let aside = world.messages("dead", 1).await;
    assert_eq!(aside[0]["detail"]["size"], 9);
    assert_eq!(world.messages("queue", 1).await.len(), 1, "the other target has it");
}

#[tokio::test]
async fn entries_fail_one_by_one_and_requests_as_a_whole() {
    let world = world().await;
    let good = entry("thing.made", &json!({}));
    let without = |name: &str, value: Value| {
        let mut entry = good.clone();
        entry[name] = value;
        entry
    };
    let (status, answer) = world
        .put(json!([
            good,
            without("Source", Value::Null),
            without("Detail", json!("{")),
            without("Detail", json!("[]")),
            without("EventBusName", json!("other")),
        ]))
        .await;
    assert_eq!((status, &answer["FailedEntryCount"]), (200, &json!(4)));
    let codes: Vec<&str> = answer["Entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| entry["ErrorCode"].as_str())
        .collect();
    assert_eq!(codes, ["InvalidArgument", "MalformedDetail", "MalformedDetail", "ResourceNotFoundException"]);
    assert_eq!(world.running.recent().len(), 1);

    let large = entry("thing.made", &json!({"text": "x".repeat(27_000)}));
    for (entries, name) in [
        (json!([]), "ValidationException"),
        (json!(vec![&good; 11]), "ValidationException"),
        (json!(vec![&large; 10]), "ValidationException"),
        (json!("entries"), "SerializationException"),
    ] {
        let (status, answer) = world.put(entries).await;
        assert_eq!((status, &answer["__type"]), (400, &json!(name)));
    }
    let (status, answer) = world.ask("ListRules", &json!({})).await;
    assert_eq!((status, &answer["__type"]), (400, &json!("UnknownOperationException")));
    assert_eq!(world.put(json!(vec![&large; 9])).await.0, 200);
}

#[tokio::test]
async fn it_fails_when_it_is_asked_to() {
    let world = world().await;
    let good = json!([entry("thing.made", &json!({}))]);
    world.faults.set(serde_json::from_str(r#"{"name":"events.throttle"}"#).unwrap());
    assert_eq!(world.put(good.clone()).await.1["Entries"][0]["ErrorCode"], "ThrottlingException");
    world.faults.clear(&[]);
    world.faults.set(serde_json::from_str(r#"{"name":"events.twice"}"#).unwrap());
    world.put(good).await;
    assert_eq!(world.running.recent().len(), 2);
}
