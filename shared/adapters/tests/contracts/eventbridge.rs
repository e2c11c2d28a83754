//! The event bus over the wire.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use parlance_adapters::Adapters;
use parlance_local::{
    eventbridge::{self, Targets},
    faults::Faults,
    lambda::{FunctionName, InvocationOutcome, Invoke},
    sqs,
};
use parlance_testkit::{contracts::event_bus, memory::event_bus::MemoryEventBus};

use super::servers::{configuration, free_port};

struct NoFunctions;

#[async_trait]
impl Invoke for NoFunctions {
    async fn invoke(&self, _: &FunctionName, _: &str, _: Bytes) -> InvocationOutcome {
        InvocationOutcome::Unavailable { reason: "there are none".to_owned() }
    }

    fn invoke_async(&self, _: &FunctionName, _: &str, _: Bytes) {}
}

async fn service(faults: Faults) -> (eventbridge::Running, Adapters) {
    let options = eventbridge::Options { region: "us-east-1".to_owned(), faults, ..Default::default() };
    let running = eventbridge::start(options).await.unwrap();
    let queues = sqs::start(sqs::Options::default()).await.unwrap();
    running.connect(vec!["Bus".to_owned()], Vec::new(), Targets::new(Arc::new(NoFunctions), &queues));
    let adapters = adapters(&running.url, "Bus");
    (running, adapters)
}

fn adapters(url: &str, bus: &str) -> Adapters {
    let variables = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_ENDPOINT_URL_EVENTBRIDGE", url),
        ("EVENT_BUS", bus),
    ];
    Adapters::new(configuration(&variables.into()))
}

#[tokio::test]
async fn eventbridge_takes_events() {
    let (running, adapters) = service(Faults::default()).await;
    let bus = adapters.event_bus().unwrap().unwrap();
    event_bus::holds(&*bus, || {
        let events = running.recent();
        let text = |event: &serde_json::Value, name: &str| event[name].as_str().unwrap().to_owned();
        let is_ours = |event: &serde_json::Value| {
            event["source"] == "parlance" && event["time"] == "2026-09-21T14:13:20Z"
        };
        assert!(events.iter().all(is_ours));
        events.iter().map(|event| (text(event, "detail-type"), event["detail"].to_string())).collect()
    })
    .await;
}

#[tokio::test]
async fn the_memory_twin_takes_events() {
    let bus = MemoryEventBus::default();
    let arrived =
        || bus.events().into_iter().map(|event| (event.kind.as_str().to_owned(), event.detail)).collect();
    event_bus::holds(&bus, arrived).await;
}

#[tokio::test]
async fn an_event_that_is_refused_alone_fails_alone_and_without_a_bus_all_fail() {
    let faults = Faults::default();
    let (running, adapters_of_bus) = service(faults.clone()).await;
    let bus = adapters_of_bus.event_bus().unwrap().unwrap();
    let events = event_bus::events(200, 100);
    faults.set(serde_json::from_str(r#"{"name":"events.throttle","rate":0.5}"#).unwrap());
    let outcomes = bus.put(&events).await;
    faults.clear(&[]);
    let put: Vec<String> = events
        .iter()
        .zip(&outcomes)
        .filter(|(_, outcome)| outcome.is_ok())
        .map(|(event, _)| event.id.to_string())
        .collect();
    let arrived: Vec<String> =
        running.recent().iter().map(|event| event["detail"]["id"].as_str().unwrap().to_owned()).collect();
    assert!(!put.is_empty() && put.len() < events.len());
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    assert_eq!(sorted(arrived), sorted(put));
    let refusal = outcomes.into_iter().find_map(Result::err).unwrap();
    assert!(format!("{refusal:?}").contains("ThrottlingException"));

    let nowhere = format!("http://127.0.0.1:{}", free_port().await);
    for (url, name) in [(&running.url, "Other"), (&nowhere, "Bus")] {
        let bus = adapters(url, name).event_bus().unwrap().unwrap();
        let outcomes = bus.put(&events[..12]).await;
        assert!(outcomes.len() == 12 && outcomes.iter().all(Result::is_err), "{url} {name}");
    }
}
