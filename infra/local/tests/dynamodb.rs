//! The embedded DynamoDB through the AWS SDK: what the log's append stands on, and what goes wrong on demand.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and its child says where it listens"
)]

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
    WriteRequest,
};
use parlance_local::dynamodb::{Options, Running, TableSpec, start};
use parlance_local::faults::{FaultSpec, Faults};
use serde_json::json;

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn entry(seq: u32, body: &str) -> HashMap<String, AttributeValue> {
    let sort_key = text(&format!("M#{seq:012}"));
    HashMap::from([("pk".into(), text("C#1")), ("sk".into(), sort_key), ("body".into(), text(body))])
}

fn client(url: &str, attempts: u32) -> Client {
    let credentials = aws_sdk_dynamodb::config::Credentials::new("local", "local", None, None, "local");
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version_latest()
        .region(aws_sdk_dynamodb::config::Region::new("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(credentials)
        .retry_config(aws_sdk_dynamodb::config::retry::RetryConfig::standard().with_max_attempts(attempts))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

async fn service(options: Options) -> (Running, Client) {
    let running = start(options).await.unwrap();
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
            "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
            "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": true}
        }),
    );
    let created = running.create_tables(&[table.unwrap()]).await.unwrap();
    assert!(created[0].stream_arn.as_ref().unwrap().contains(":table/chat/stream/"));
    let client = client(&running.url, 1);
    (running, client)
}

async fn append(client: &Client, seq: u32, body: &str) -> Result<f64, aws_sdk_dynamodb::Error> {
    let put = client.put_item().table_name("chat").set_item(Some(entry(seq, body)));
    let put = put.condition_expression("attribute_not_exists(pk)");
    let put = put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    let done = put.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await?;
    Ok(done.consumed_capacity.unwrap().capacity_units.unwrap())
}

async fn stored(client: &Client) -> Vec<String> {
    let pages = client
        .query()
        .table_name("chat")
        .key_condition_expression("pk = :pk AND begins_with(sk, :m)")
        .expression_attribute_values(":pk", text("C#1"))
        .expression_attribute_values(":m", text("M#"))
        .consistent_read(true)
        .into_paginator()
        .items()
        .send();
    let items: Vec<_> = pages.collect::<Result<_, _>>().await.unwrap();
    items.iter().map(|item| item["sk"].as_s().unwrap().clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_in_the_log_is_written_once_and_the_second_writer_sees_the_first() {
    let (_running, client) = service(Options::default()).await;
    assert_eq!(append(&client, 1, "first").await.unwrap().to_string(), "1");
    let Err(aws_sdk_dynamodb::Error::ConditionalCheckFailedException(refused)) =
        append(&client, 1, "second").await
    else {
        panic!("written twice");
    };
    assert_eq!(refused.item().unwrap()["body"], text("first"));
    assert_eq!(stored(&client).await, ["M#000000000001"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_sees_every_write_that_was_answered() {
    let (_running, client) = service(Options::default()).await;
    let tasks = (0..4).map(|task| {
        let client = client.clone();
        tokio::spawn(async move {
            for round in 0..100_u32 {
                let mut item = entry(task * 1_000 + round, "x");
                item.insert("pk".into(), text("C#2"));
                let sort_key = item["sk"].clone();
                client.put_item().table_name("chat").set_item(Some(item)).send().await.unwrap();
                let get = client.get_item().table_name("chat").key("pk", text("C#2")).key("sk", sort_key);
                assert!(get.consistent_read(true).send().await.unwrap().item.is_some());
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_whole_and_says_which_part_failed() {
    let (_running, client) = service(Options::default()).await;
    append(&client, 1, "first").await.unwrap();
    let part = |seq| {
        let put = Put::builder().table_name("chat").set_item(Some(entry(seq, "x")));
        let put = put.condition_expression("attribute_not_exists(pk)").build().unwrap();
        TransactWriteItem::builder().put(put).build()
    };
    let refused = client.transact_write_items().transact_items(part(2)).transact_items(part(1)).send().await;
    let refused = refused.unwrap_err().into_service_error();
    let TransactWriteItemsError::TransactionCanceledException(refused) = refused else {
        panic!("{refused:?}");
    };
    let codes: Vec<_> = refused.cancellation_reasons().iter().map(|reason| reason.code().unwrap()).collect();
    assert_eq!(codes, ["None", "ConditionalCheckFailed"]);
    assert_eq!(stored(&client).await, ["M#000000000001"]);
    client.transact_write_items().transact_items(part(2)).transact_items(part(3)).send().await.unwrap();
    assert_eq!(stored(&client).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_malformed_is_refused_in_aws_words_and_nothing_else_is_disturbed() {
    let (running, client) = service(Options::default()).await;
    let error = client.put_item().table_name("chat").item("pk", text("C#1")).send().await.unwrap_err();
    assert_eq!(error.code(), Some("ValidationException"));
    assert_eq!(
        error.message(),
        Some("One or more parameter values were invalid: Missing the key sk in the item")
    );
    let error = client.get_item().table_name("none").key("pk", text("a")).key("sk", text("b")).send().await;
    assert!(error.unwrap_err().into_service_error().is_resource_not_found_exception());
    let raw = reqwest::Client::new().post(&running.url).body("{]").send().await.unwrap();
    assert!(raw.status().is_client_error());
    append(&client, 1, "first").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_loses_nothing_that_it_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "serve_until_killed", "--nocapture"])
        .env("DATA_DIR", directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url =
        lines.map_while(Result::ok).find_map(|line| line.split_once("url=").map(|(_, url)| url.to_owned()));
    let client = client(&url.unwrap(), 1);
    let (acknowledged, next, over) =
        (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicU32::new(1)), Arc::new(AtomicBool::new(false)));
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let (client, acknowledged, next, over) =
                (client.clone(), acknowledged.clone(), next.clone(), over.clone());
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    let seq = next.fetch_add(1, Ordering::Relaxed);
                    if append(&client, seq, "kept").await.is_err() {
                        return;
                    }
                    acknowledged.lock().unwrap().push(format!("M#{seq:012}"));
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(700)).await;
    child.kill().unwrap();
    child.wait().unwrap();
    over.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    let (_running, client) =
        service(Options { data_dir: Some(directory.path().to_owned()), ..Options::default() }).await;
    let stored = stored(&client).await;
    let acknowledged = acknowledged.lock().unwrap();
    assert!(acknowledged.len() > 100, "only {} writes", acknowledged.len());
    let lost: Vec<_> = acknowledged.iter().filter(|key| stored.binary_search(key).is_err()).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it is the process that another test kills"]
async fn serve_until_killed() {
    let Ok(directory) = std::env::var("DATA_DIR") else { return };
    let (running, _client) =
        service(Options { data_dir: Some(directory.into()), ..Options::default() }).await;
    println!("url={}", running.url);
    std::future::pending::<()>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_strike_before_and_after_a_write_and_only_while_they_last() {
    let faults = Faults::default();
    let (running, client) = service(Options { faults: faults.clone(), ..Options::default() }).await;
    let set = |name: &str| {
        faults.clear(&[]);
        let spec = json!({"name": name, "delay_ms": 150}).to_string();
        faults.set(serde_json::from_str::<FaultSpec>(&spec).unwrap());
    };
    for (name, code) in [
        ("dynamodb.throttle", "ProvisionedThroughputExceededException"),
        ("dynamodb.conflict", "TransactionConflictException"),
        ("dynamodb.internal", "InternalServerError"),
    ] {
        set(name);
        assert_eq!(append(&client, 1, "x").await.unwrap_err().code(), Some(code));
    }
    set("dynamodb.throttle");
    let put = Put::builder().table_name("chat").set_item(Some(entry(1, "x"))).build().unwrap();
    let part = TransactWriteItem::builder().put(put).build();
    let refused = client.transact_write_items().transact_items(part).send().await.unwrap_err();
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = refused.into_service_error()
    else {
        panic!("it is not cancelled")
    };
    assert_eq!(cancelled.cancellation_reasons()[0].code(), Some("ThrottlingError"));
    set("dynamodb.lost_reply");
    assert!(append(&client, 1, "x").await.unwrap_err().code().is_none());
    faults.clear(&[]);
    assert_eq!(stored(&client).await, ["M#000000000001"], "the answer was lost, the write was not");
    set("dynamodb.duplicate");
    assert_eq!(append(&client, 2, "x").await.unwrap_err().code(), Some("ConditionalCheckFailedException"));
    set("dynamodb.unprocessed");
    let put = aws_sdk_dynamodb::types::PutRequest::builder().set_item(Some(entry(3, "x"))).build().unwrap();
    let batch = client
        .batch_write_item()
        .request_items("chat", vec![WriteRequest::builder().put_request(put).build()]);
    assert_eq!(batch.send().await.unwrap().unprocessed_items.unwrap()["chat"].len(), 1);
    set("dynamodb.slow");
    let begun = std::time::Instant::now();
    append(&client, 3, "x").await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(150));
    set("dynamodb.hang");
    assert!(tokio::time::timeout(Duration::from_millis(200), append(&client, 4, "x")).await.is_err());
    faults.clear(&[]);
    assert_eq!(stored(&client).await.len(), 3);
    drop(running);
    assert!(append(&client, 5, "x").await.is_err(), "a dropped service is gone");
}
