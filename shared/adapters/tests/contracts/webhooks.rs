//! Webhooks: where they are kept, what waits for them, and the way to their receivers, guard included.

use std::time::{Duration, Instant};

use parlance_adapters::{Adapters, sqs::waiting_delivery, webhooks::HttpWebhookClient};
use parlance_application::ports::webhooks::{Delivery, Receipt, SignedDelivery, WebhookClient};
use parlance_domain::webhook::{Destinations, WebhookUrl};
use parlance_local::sqs::{self, QueueSpec};
use parlance_testkit::{
    contracts::webhooks,
    memory::webhooks::{MemoryDeliveries, MemoryWebhooks},
};
use serde_json::json;

use super::{
    gateway::Gateway,
    servers::{Tables, configuration, free_port},
};

#[tokio::test]
async fn dynamodb_keeps_webhooks_and_so_does_the_memory_twin() {
    let tables = Tables::start().await;
    webhooks::holds(&*tables.adapters().webhooks().unwrap()).await;
    webhooks::holds(&MemoryWebhooks::default()).await;
}

#[tokio::test]
async fn sqs_keeps_deliveries_and_so_does_the_memory_twin() {
    let service =
        sqs::start(sqs::Options { region: "us-east-1".into(), ..Default::default() }).await.unwrap();
    let created =
        service.create_queues(&[QueueSpec::parse("deliveries", &json!({})).unwrap()]).await.unwrap();
    let variables = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_ENDPOINT_URL_SQS", service.url.as_str()),
        ("WEBHOOK_DELIVERY_QUEUE_URL", created[0].url.as_str()),
    ];
    let queue = Adapters::new(configuration(&variables.into())).delivery_queue().unwrap();
    let ask = async |operation: &str, body: serde_json::Value| -> serde_json::Value {
        let request = reqwest::Client::new().post(&service.url);
        let request = request.header("x-amz-target", format!("AmazonSQS.{operation}")).body(body.to_string());
        request.send().await.unwrap().json().await.unwrap()
    };
    let url = &created[0].url;
    webhooks::queue_holds(&*queue, async || {
        let mut found: Vec<Delivery> = Vec::new();
        loop {
            let answer = ask("ReceiveMessage", json!({"QueueUrl": url, "MaxNumberOfMessages": 10})).await;
            let Some(messages) = answer["Messages"].as_array() else { return found };
            found.extend(
                messages.iter().map(|message| waiting_delivery(message["Body"].as_str().unwrap()).unwrap()),
            );
        }
    })
    .await;

    // A postponed delivery hides for its pause, and comes back after it.
    let delivery = Delivery { webhook: webhooks::webhook("a").id, id: "e-w".into(), body: "{}".into() };
    queue.enqueue(&[delivery]).await.remove(0).unwrap();
    let receive = json!({"QueueUrl": url, "WaitTimeSeconds": 5, "VisibilityTimeout": 600});
    let first = ask("ReceiveMessage", receive.clone()).await;
    let receipt = first["Messages"][0]["ReceiptHandle"].as_str().unwrap().to_owned();
    let begun = Instant::now();
    queue.postpone(&receipt, Duration::from_millis(1_900)).await.unwrap();
    let again = ask("ReceiveMessage", receive).await;
    assert!(again["Messages"][0]["Body"].is_string());
    assert!(begun.elapsed() >= Duration::from_millis(900), "whole seconds count");
    assert!(queue.postpone("rubbish", Duration::ZERO).await.is_err());

    let twin = MemoryDeliveries::default();
    webhooks::queue_holds(&twin, async || twin.take()).await;
}

async fn post(destinations: Destinations, url: &str) -> Receipt {
    let url = WebhookUrl::from_stored(url).unwrap();
    let client = HttpWebhookClient::new(destinations).unwrap();
    let delivery =
        SignedDelivery { url: &url, id: "e-w", seconds: 7, signatures: "v1,abc v1,def".into(), body: "{}" };
    client.post(&delivery).await
}

#[tokio::test]
async fn a_receivers_answer_is_judged_by_its_status() {
    let gateway = Gateway::start().await;
    let nowhere = format!("http://127.0.0.1:{}/", free_port().await);
    for (url, receipt) in [
        (format!("{}/hook", gateway.url), Receipt::Accepted),
        (format!("{}/gone", gateway.url), Receipt::Gone),
        (format!("{}/broken", gateway.url), Receipt::Refused(500)),
        (format!("{}/slow-down", gateway.url), Receipt::Refused(429)),
        (nowhere, Receipt::Unreachable),
    ] {
        assert_eq!(post(Destinations::Loopback, &url).await, receipt, "{url}");
    }
    let calls = gateway.calls.lock().unwrap();
    assert_eq!(calls.len(), 4);
    assert_eq!((calls[0].method.as_str(), calls[0].body.as_ref()), ("POST", &b"{}"[..]));
}

#[tokio::test]
async fn nothing_private_is_connected_to_whatever_the_url_says() {
    let gateway = Gateway::start().await;
    let port = gateway.url.rsplit(':').next().unwrap().split('/').next().unwrap().to_owned();
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1", "2130706433"] {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}:{port}/live/hook");
            let receipt = post(Destinations::Public, &url).await;
            assert!(matches!(receipt, Receipt::Forbidden | Receipt::Unreachable), "{url}: {receipt:?}");
        }
        let https = format!("https://{host}:{port}/live/hook");
        assert_eq!(post(Destinations::Public, &https).await, Receipt::Forbidden, "{https}");
    }
    for private in ["http://10.0.0.1/", "http://169.254.169.254/latest/", "http://[fd00:ec2::254]/"] {
        assert_eq!(post(Destinations::Loopback, private).await, Receipt::Forbidden, "{private}");
    }
    assert!(gateway.calls.lock().unwrap().is_empty());
    let allowed = format!("http://localhost:{port}/live/hook");
    assert_eq!(post(Destinations::Loopback, &allowed).await, Receipt::Accepted);
}
