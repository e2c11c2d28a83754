//! Event sources between the embedded services and functions that the tests play themselves.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use parlance_local::dynamodb::{self, TableSpec};
use parlance_local::event_sources::{EventMapping, Options, Running, start};
use parlance_local::faults::Faults;
use parlance_local::lambda::{FunctionName, InvocationOutcome, Invoke};
use parlance_local::sqs::{self, QueueSpec, queue_arn};
use serde_json::{Value, json};

type Behaviour = Box<dyn Fn(&[Value]) -> InvocationOutcome + Send + Sync>;

/// A function that remembers what it was called with.
struct Function {
    calls: Mutex<Vec<(Instant, Vec<Value>)>>,
    behaviour: Behaviour,
}

#[async_trait]
impl Invoke for Function {
    async fn invoke(&self, _: &FunctionName, _: &str, payload: Bytes) -> InvocationOutcome {
        let payload: Value = serde_json::from_slice(&payload).unwrap();
        let records = payload["Records"].as_array().unwrap().clone();
        self.calls.lock().unwrap().push((Instant::now(), records.clone()));
        (self.behaviour)(&records)
    }

    fn invoke_async(&self, _: &FunctionName, _: &str, _: Bytes) {}
}

impl Function {
    fn sort_keys(&self) -> Vec<Vec<String>> {
        let key = |record: &Value| record["dynamodb"]["Keys"]["sk"]["S"].as_str().unwrap().to_owned();
        self.calls.lock().unwrap().iter().map(|(_, records)| records.iter().map(key).collect()).collect()
    }

    async fn until(&self, what: &str, enough: impl Fn(&Self) -> bool) {
        for _ in 0..500 {
            if enough(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{what}: {:?}", self.sort_keys());
    }
}

fn answered(json: &Value) -> InvocationOutcome {
    InvocationOutcome::Answered(Bytes::from(json.to_string()))
}

fn crashed() -> InvocationOutcome {
    InvocationOutcome::FunctionError { kind: "Unhandled".into(), payload: Bytes::new() }
}

struct World {
    dynamodb: Arc<dynamodb::Running>,
    sqs: Arc<sqs::Running>,
    client: Client,
    stream: String,
    data_dir: Option<PathBuf>,
}

async fn world(data_dir: Option<PathBuf>) -> World {
    let options = dynamodb::Options { data_dir: data_dir.clone(), ..Default::default() };
    let dynamodb = Arc::new(dynamodb::start(options).await.unwrap());
    let table = TableSpec::parse(
        "chat",
        &json!({
            "AttributeDefinitions": [
                {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}
            ],
            "KeySchema": [
                {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}
            ],
            "BillingMode": "PAY_PER_REQUEST",
            "StreamSpecification": {"StreamViewType": "NEW_IMAGE"}
        }),
    );
    let created = dynamodb.create_tables(&[table.unwrap()]).await.unwrap();
    let options =
        sqs::Options { region: "us-east-1".into(), data_dir: data_dir.clone(), ..Default::default() };
    let sqs = Arc::new(sqs::start(options).await.unwrap());
    let queues = [
        QueueSpec::parse("timer", &json!({"VisibilityTimeout": 1})).unwrap(),
        QueueSpec::parse("dead", &json!({})).unwrap(),
    ];
    sqs.create_queues(&queues).await.unwrap();
    let credentials = aws_sdk_dynamodb::config::Credentials::new("local", "local", None, None, "local");
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version_latest()
        .region(aws_sdk_dynamodb::config::Region::new("us-east-1"))
        .endpoint_url(&dynamodb.url)
        .credentials_provider(credentials)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let stream = created[0].stream_arn.clone().unwrap();
    World { dynamodb, sqs, client: Client::from_conf(config), stream, data_dir }
}

impl World {
    async fn map(
        &self,
        kind: &str,
        properties: Value,
        behaviour: impl Fn(&[Value]) -> InvocationOutcome + Send + Sync + 'static,
    ) -> (Running, Arc<Function>) {
        let function = Arc::new(Function { calls: Mutex::default(), behaviour: Box::new(behaviour) });
        let mapping =
            EventMapping::parse(&FunctionName::new("OnLogEntry"), kind, &properties).unwrap().unwrap();
        let options = Options {
            mappings: vec![mapping],
            invoke: function.clone(),
            dynamodb: self.dynamodb.clone(),
            sqs: self.sqs.clone(),
            data_dir: self.data_dir.clone(),
            region: "us-east-1".into(),
            faults: Faults::default(),
        };
        (start(options).await.unwrap(), function)
    }

    fn stream(&self, more: &Value) -> Value {
        let mut properties = json!({
            "Stream": self.stream, "StartingPosition": "TRIM_HORIZON", "BisectBatchOnFunctionError": true,
            "FunctionResponseTypes": ["ReportBatchItemFailures"], "MaximumRetryAttempts": 1,
            "DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": queue_arn("us-east-1", "dead")}},
            "FilterCriteria": {"Filters": [{
                "Pattern": r#"{"eventName":["INSERT"],"dynamodb":{"Keys":{"sk":{"S":[{"prefix":"M#"}]}}}}"#
            }]}
        });
        properties.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        properties
    }

    async fn put(&self, conversation: &str, sort_key: &str) {
        let put = self.client.put_item().table_name("chat").item("sk", AttributeValue::S(sort_key.into()));
        let put = put.item("pk", AttributeValue::S(conversation.into()));
        put.item("body", AttributeValue::B(vec![1, 2, 3].into())).send().await.unwrap();
    }

    async fn dead_letters(&self) -> Vec<Value> {
        let credentials = aws_sdk_sqs::config::Credentials::new("local", "local", None, None, "local");
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version_latest()
            .region(aws_sdk_sqs::config::Region::new("us-east-1"))
            .endpoint_url(&self.sqs.url)
            .credentials_provider(credentials)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        let url = sqs::queue_url(&self.sqs.url, "dead");
        let client = aws_sdk_sqs::Client::from_conf(config);
        let received =
            client.receive_message().queue_url(url).max_number_of_messages(10).wait_time_seconds(5).send();
        let messages = received.await.unwrap().messages.unwrap_or_default();
        messages.iter().map(|message| serde_json::from_str(message.body().unwrap()).unwrap()).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inserted_entry_reaches_the_function_at_once_and_in_lambdas_shape() {
    let world = world(None).await;
    let (_running, function) =
        world.map("DynamoDB", world.stream(&json!({})), |_| answered(&json!({}))).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    world.put("C#1", "#META").await;
    world.put("C#1", "M#000000000001").await;
    let put = Instant::now();
    function.until("no call", |function| !function.sort_keys().is_empty()).await;
    let (at, records) = function.calls.lock().unwrap()[0].clone();
    let late = at.saturating_duration_since(put);
    assert!(late < Duration::from_millis(30), "{late:?}");
    let record = &records[0];
    assert_eq!(record["eventSourceARN"], world.stream.as_str());
    assert_eq!((&record["eventName"], &record["eventSource"]), (&json!("INSERT"), &json!("aws:dynamodb")));
    assert_eq!(record["awsRegion"], "us-east-1");
    assert_eq!(record["dynamodb"]["NewImage"]["body"], json!({"B": "AQID"}));
    assert_eq!(record["dynamodb"]["StreamViewType"], "NEW_IMAGE");
    assert!(record["dynamodb"]["ApproximateCreationDateTime"].as_f64().unwrap() > 1e9);
    world.put("C#1", "M#000000000001").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(function.sort_keys(), [["M#000000000001"]], "a change is no insert");
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_one_conversation_stay_in_order_and_a_window_gathers_them() {
    let world = world(None).await;
    let properties =
        json!({"BatchSize": 10, "MaximumBatchingWindowInSeconds": 1, "ParallelizationFactor": 10});
    let (_running, function) =
        world.map("DynamoDB", world.stream(&properties), |_| answered(&json!({}))).await;
    for number in 1..=40 {
        world.put(&format!("C#{}", number % 3), &format!("M#{number:012}")).await;
    }
    function.until("not all", |function| function.sort_keys().concat().len() == 40).await;
    let calls = function.calls.lock().unwrap().clone();
    assert!(calls.len() <= 8 && calls.iter().all(|(_, records)| records.len() <= 10), "{}", calls.len());
    for conversation in 0..3 {
        let conversation = json!({"S": format!("C#{conversation}")});
        let seen = calls.iter().flat_map(|(_, records)| records);
        let seen = seen.filter(|record| record["dynamodb"]["Keys"]["pk"] == conversation);
        let places: Vec<_> =
            seen.map(|record| record["dynamodb"]["SequenceNumber"].as_str().unwrap().to_owned()).collect();
        assert!(places.is_sorted() && !places.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poisoned_record_is_found_by_halving_and_set_aside() {
    let world = world(None).await;
    for number in 1..=8 {
        world.put("C#1", &format!("M#{number:012}")).await;
    }
    let poisoned = |records: &[Value]| {
        let poison = records.iter().any(|record| record["dynamodb"]["Keys"]["sk"]["S"] == "M#000000000005");
        if poison { crashed() } else { answered(&json!({"batchItemFailures": []})) }
    };
    let (_running, function) = world.map("DynamoDB", world.stream(&json!({})), poisoned).await;
    let letters = world.dead_letters().await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0]["requestContext"]["condition"], "RetryAttemptsExhausted");
    assert_eq!(letters[0]["DDBStreamBatchInfo"]["batchSize"], 1);
    function
        .until("the last", |function| function.sort_keys().concat().contains(&"M#000000000008".into()))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_first_reported_failure_on_records_are_repeated() {
    let world = world(None).await;
    for number in 1..=3 {
        world.put("C#1", &format!("M#{number:012}")).await;
    }
    let second_chance = Mutex::new(true);
    let behaviour = move |records: &[Value]| {
        if std::mem::take(&mut *second_chance.lock().unwrap()) {
            let failed = records[1]["dynamodb"]["SequenceNumber"].clone();
            return answered(&json!({"batchItemFailures": [{"itemIdentifier": failed}]}));
        }
        answered(&json!({"batchItemFailures": []}))
    };
    let properties = json!({"BisectBatchOnFunctionError": false});
    let (_running, function) = world.map("DynamoDB", world.stream(&properties), behaviour).await;
    function.until("no repetition", |function| function.sort_keys().len() == 2).await;
    let calls = function.sort_keys();
    assert_eq!(calls[0].len(), 3);
    assert_eq!(calls[1], ["M#000000000002", "M#000000000003"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_reading_goes_on_where_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let before = world(Some(directory.path().to_owned())).await;
    let (running, function) =
        before.map("DynamoDB", before.stream(&json!({})), |_| answered(&json!({}))).await;
    before.put("C#1", "M#000000000001").await;
    function.until("no call", |function| !function.sort_keys().is_empty()).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    drop(running);
    before.put("C#1", "M#000000000002").await;
    drop(before);
    let after = world(Some(directory.path().to_owned())).await;
    let (_running, function) =
        after.map("DynamoDB", after.stream(&json!({})), |_| answered(&json!({}))).await;
    after.put("C#1", "M#000000000003").await;
    function.until("not all", |function| function.sort_keys().concat().len() >= 2).await;
    assert_eq!(function.sort_keys().concat(), ["M#000000000002", "M#000000000003"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queues_messages_are_deleted_when_handled_and_come_back_when_not() {
    let world = world(None).await;
    let properties = json!({
        "Queue": queue_arn("us-east-1", "timer"), "BatchSize": 10,
        "FunctionResponseTypes": ["ReportBatchItemFailures"]
    });
    let first = Mutex::new(true);
    let behaviour = move |records: &[Value]| {
        if std::mem::take(&mut *first.lock().unwrap()) {
            return answered(&json!({"batchItemFailures": [{"itemIdentifier": records[0]["messageId"]}]}));
        }
        answered(&json!({"batchItemFailures": []}))
    };
    let (_running, function) = world.map("SQS", properties, behaviour).await;
    let body = reqwest::Client::new()
        .post(&world.sqs.url)
        .header("x-amz-target", "AmazonSQS.SendMessage")
        .header("content-type", "application/x-amz-json-1.0")
        .body(
            json!({"QueueUrl": sqs::queue_url(&world.sqs.url, "timer"), "MessageBody": "entry"}).to_string(),
        );
    assert_eq!(body.send().await.unwrap().status(), 200);
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let calls = function.calls.lock().unwrap().clone();
    assert_eq!(calls.len(), 2, "once, and once more after its visibility timeout");
    let record = &calls[1].1[0];
    assert_eq!((&record["body"], &record["eventSource"]), (&json!("entry"), &json!("aws:sqs")));
    assert_eq!(record["attributes"]["ApproximateReceiveCount"], "2");
}
