//! Measures the embedded DynamoDB through the AWS SDK: conditional puts as a message makes them, and reads.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement stops at the first surprise and prints"
)]

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use hdrhistogram::Histogram;
use parlance_local::dynamodb::{self, TableSpec};
use serde_json::json;

/// How long each measurement takes.
const SPAN: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() {
    let directory = tempfile::tempdir().unwrap();
    let options = dynamodb::Options { data_dir: Some(directory.path().to_owned()), ..Default::default() };
    let running = dynamodb::start(options).await.unwrap();
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
            "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": true}
        }),
    )
    .unwrap();
    running.create_tables(&[table]).await.unwrap();
    let client = client(&running.url);
    for (title, callers) in [("warm-up", 1), ("put", 1), ("put", 4), ("put", 16), ("put", 64)] {
        let client = client.clone();
        let call = move |caller, round| timed(put(client.clone(), title, callers, caller, round));
        measure(title, callers, call).await;
    }
    let paced = client.clone();
    measure("put, 100/s", 1, move |caller, round| {
        let put = put(paced.clone(), "paced", 1, caller, round);
        async move {
            tokio::time::sleep(Duration::from_millis(9)).await;
            timed(put).await
        }
    })
    .await;
    for callers in [1, 16] {
        let client = client.clone();
        measure("query of the tail", callers, move |caller, _| timed(tail(client.clone(), caller))).await;
    }
}

fn client(url: &str) -> Client {
    let credentials = aws_sdk_dynamodb::config::Credentials::new("local", "local", None, None, "local");
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version_latest()
        .region(aws_sdk_dynamodb::config::Region::new("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(credentials)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

async fn measure<F: Future<Output = Duration> + Send + 'static>(
    title: &str,
    callers: usize,
    call: impl Fn(usize, usize) -> F + Send + Sync + Clone + 'static,
) {
    let begun = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let call = call.clone();
            tokio::spawn(async move {
                let mut times = Histogram::<u64>::new(3).unwrap();
                let mut round = 0;
                while begun.elapsed() < SPAN {
                    let took = call(caller, round).await;
                    times.record(u64::try_from(took.as_micros()).unwrap()).unwrap();
                    round += 1;
                }
                times
            })
        })
        .collect();
    let mut all = Histogram::<u64>::new(3).unwrap();
    for task in tasks {
        all.add(task.await.unwrap()).unwrap();
    }
    println!(
        "{title:>18} × {callers:>2}: {:>6.0}/s  p50 {:>6} µs  p90 {:>6} µs  p99 {:>6} µs  max {:>6} µs",
        f64::from(u32::try_from(all.len()).unwrap()) / begun.elapsed().as_secs_f64(),
        all.value_at_quantile(0.5),
        all.value_at_quantile(0.9),
        all.value_at_quantile(0.99),
        all.max()
    );
}

async fn timed(call: impl Future<Output = ()>) -> Duration {
    let begun = Instant::now();
    call.await;
    begun.elapsed()
}

async fn put(client: Client, title: &'static str, callers: usize, caller: usize, round: usize) {
    client
        .put_item()
        .table_name("chat")
        .item("pk", AttributeValue::S(format!("C#{title}-{callers}-{caller}")))
        .item("sk", AttributeValue::S(format!("M#{round:012}")))
        .item("n", AttributeValue::N(round.to_string()))
        .item("rv", AttributeValue::N("1".into()))
        .item("rs", AttributeValue::N("1234567890123456789".into()))
        .item("b", AttributeValue::B(vec![7; 300].into()))
        .condition_expression("attribute_not_exists(pk)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await
        .unwrap();
}

async fn tail(client: Client, caller: usize) {
    let page = client
        .query()
        .table_name("chat")
        .key_condition_expression("pk = :pk AND begins_with(sk, :m)")
        .expression_attribute_values(":pk", AttributeValue::S(format!("C#put-64-{caller}")))
        .expression_attribute_values(":m", AttributeValue::S("M#".into()))
        .scan_index_forward(false)
        .limit(1)
        .consistent_read(true)
        .send()
        .await
        .unwrap();
    assert_eq!(page.count(), 1);
}
