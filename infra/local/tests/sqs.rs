//! The embedded SQS through the AWS SDK.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName,
    SendMessageBatchRequestEntry,
};
use parlance_local::sqs::{Options, QueueSpec, Running, queue_arn, start};
use serde_json::json;

async fn service(options: Options) -> (Running, Client, String) {
    let running = start(Options { region: "us-east-1".into(), ..options }).await.unwrap();
    let dead = QueueSpec::parse("dead", &json!({})).unwrap();
    let policy = json!({"deadLetterTargetArn": queue_arn("us-east-1", "dead"), "maxReceiveCount": 2});
    let work = QueueSpec::parse("work", &json!({"VisibilityTimeout": 1, "RedrivePolicy": policy})).unwrap();
    let created = running.create_queues(&[dead, work]).await.unwrap();
    let credentials = aws_sdk_sqs::config::Credentials::new("local", "local", None, None, "local");
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version_latest()
        .region(aws_sdk_sqs::config::Region::new("us-east-1"))
        .endpoint_url(&running.url)
        .credentials_provider(credentials)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let url = created[1].url.clone();
    (running, Client::from_conf(config), url)
}

async fn receive(client: &Client, url: &str, wait: i32) -> Vec<aws_sdk_sqs::types::Message> {
    let request = client.receive_message().queue_url(url).max_number_of_messages(10).wait_time_seconds(wait);
    let all = request
        .message_attribute_names("All")
        .message_system_attribute_names(MessageSystemAttributeName::All);
    all.send().await.unwrap().messages.unwrap_or_default()
}

#[tokio::test]
async fn a_message_is_sent_received_hidden_and_deleted() {
    let (_running, client, url) = service(Options::default()).await;
    let attribute =
        MessageAttributeValue::builder().data_type("String").string_value("blue").build().unwrap();
    let sent = client
        .send_message()
        .queue_url(&url)
        .message_body("hello")
        .message_attributes("colour", attribute)
        .send()
        .await
        .unwrap();
    assert_eq!(sent.md5_of_message_body(), Some("5d41402abc4b2a76b9719d911017c592"));
    let received = receive(&client, &url, 0).await;
    assert_eq!(received.len(), 1);
    assert_eq!((received[0].body(), received[0].message_id()), (Some("hello"), sent.message_id()));
    assert_eq!(received[0].md5_of_message_attributes(), sent.md5_of_message_attributes());
    assert_eq!(received[0].message_attributes().unwrap()["colour"].string_value(), Some("blue"));
    let count = &received[0].attributes().unwrap()[&MessageSystemAttributeName::ApproximateReceiveCount];
    assert_eq!(count, "1");
    assert!(receive(&client, &url, 0).await.is_empty(), "a message in flight is hidden");
    let handle = received[0].receipt_handle().unwrap();
    client.delete_message().queue_url(&url).receipt_handle(handle).send().await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert!(receive(&client, &url, 0).await.is_empty());
}

#[tokio::test]
async fn a_delayed_message_comes_when_its_time_has_come() {
    let (_running, client, url) = service(Options::default()).await;
    let begun = Instant::now();
    client.send_message().queue_url(&url).message_body("later").delay_seconds(1).send().await.unwrap();
    assert!(receive(&client, &url, 0).await.is_empty());
    let attributes = client
        .get_queue_attributes()
        .queue_url(&url)
        .attribute_names(QueueAttributeName::All)
        .send()
        .await
        .unwrap();
    let attributes = attributes.attributes().unwrap();
    assert_eq!(attributes[&QueueAttributeName::ApproximateNumberOfMessagesDelayed], "1");
    assert_eq!(receive(&client, &url, 5).await.len(), 1);
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(990) && took < Duration::from_millis(1_500), "{took:?}");
}

#[tokio::test]
async fn a_waiting_receiver_gets_a_message_at_once() {
    let (_running, client, url) = service(Options::default()).await;
    let (other, same) = (client.clone(), url.clone());
    let received = tokio::spawn(async move { (receive(&other, &same, 10).await, Instant::now()) });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let sent = Instant::now();
    client.send_message().queue_url(&url).message_body("now").send().await.unwrap();
    let (messages, at) = received.await.unwrap();
    assert_eq!(messages.len(), 1);
    assert!(at.duration_since(sent) < Duration::from_millis(100));
}

#[tokio::test]
async fn a_message_received_too_often_goes_to_the_dead_letter_queue() {
    let (_running, client, url) = service(Options::default()).await;
    client.send_message().queue_url(&url).message_body("poison").send().await.unwrap();
    for _ in 0..2 {
        let received = receive(&client, &url, 5).await;
        assert_eq!(received.len(), 1);
        let handle = received[0].receipt_handle().unwrap();
        let request = client.change_message_visibility().queue_url(&url).receipt_handle(handle);
        request.visibility_timeout(0).send().await.unwrap();
    }
    assert!(receive(&client, &url, 0).await.is_empty());
    let dead = client.get_queue_url().queue_name("dead").send().await.unwrap().queue_url.unwrap();
    assert_eq!(receive(&client, &dead, 1).await[0].body(), Some("poison"));
}

#[tokio::test]
async fn batches_succeed_and_fail_entry_by_entry() {
    let (_running, client, url) = service(Options::default()).await;
    let entry = |id: &str, delay| {
        let entry = SendMessageBatchRequestEntry::builder().id(id).message_body(id).delay_seconds(delay);
        entry.build().unwrap()
    };
    let sent = client
        .send_message_batch()
        .queue_url(&url)
        .entries(entry("a", 0))
        .entries(entry("b", 901))
        .entries(entry("c", 0))
        .send()
        .await
        .unwrap();
    assert_eq!((sent.successful().len(), sent.failed().len()), (2, 1));
    assert_eq!((sent.failed()[0].id(), sent.failed()[0].code()), ("b", "InvalidParameterValue"));
    let entries = receive(&client, &url, 0).await.into_iter().enumerate().map(|(number, message)| {
        let entry = DeleteMessageBatchRequestEntry::builder().id(number.to_string());
        entry.receipt_handle(message.receipt_handle.unwrap()).build().unwrap()
    });
    let deleted = client
        .delete_message_batch()
        .queue_url(&url)
        .set_entries(Some(entries.collect()))
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.successful().len(), 2);
}

#[tokio::test]
async fn refusals_carry_the_names_that_the_sdk_knows() {
    let (_running, client, url) = service(Options::default()).await;
    let error =
        client.send_message().queue_url("http://x/0/none").message_body("m").send().await.unwrap_err();
    assert!(error.into_service_error().is_queue_does_not_exist());
    let error = client.delete_message().queue_url(&url).receipt_handle("rubbish").send().await.unwrap_err();
    assert!(error.into_service_error().is_receipt_handle_is_invalid());
    let error = client.send_message().queue_url(&url).message_body("\u{0}").send().await.unwrap_err();
    assert!(error.into_service_error().is_invalid_message_contents());
    let error = client.send_message().queue_url(&url).message_body("m").delay_seconds(901).send().await;
    assert!(error.unwrap_err().message().unwrap().contains("DelaySeconds"));
}

#[tokio::test]
async fn a_restart_keeps_what_was_queued() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options { data_dir: Some(directory.path().to_owned()), ..Options::default() };
    let (running, client, url) = service(options.clone()).await;
    client.send_message().queue_url(&url).message_body("kept").send().await.unwrap();
    drop(running);
    let (_running, client, url) = service(options).await;
    assert_eq!(receive(&client, &url, 1).await[0].body(), Some("kept"));
    client.purge_queue().queue_url(&url).send().await.unwrap();
}
