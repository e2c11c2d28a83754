//! Posting to sockets: ids, signatures, outcomes, and connections that are used again.

use std::time::{Duration, Instant};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use parlance_adapters::apigateway::ManagementPoster;
use parlance_application::ports::{
    connections::ConnectionProbe,
    delivery::{ConnectionPoster, Posted},
};
use parlance_domain::ids::ConnectionId;

use super::gateway::Gateway;

fn id(text: &str) -> ConnectionId {
    ConnectionId::parse(text).unwrap()
}

fn posting_to(url: &str) -> ManagementPoster {
    let credentials = Credentials::new("id", "secret", None, None, "test");
    ManagementPoster::new(&url.parse().unwrap(), "eu-central-1", SharedCredentialsProvider::new(credentials))
}

#[tokio::test]
async fn a_frame_is_posted_signed_to_the_encoded_id() {
    let gateway = Gateway::start().await;
    let poster = posting_to(&gateway.url);
    poster.prewarm().await;
    assert_eq!(poster.post(&id("L0SM9cOFvHcCIhw="), b"{\"type\":\"x\"}").await, Posted::Delivered);
    poster.close(&id("a/b?c#d%e")).await.unwrap();
    let calls = gateway.calls.lock().unwrap().clone();
    let [warmed, post, closed] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!((warmed.method.as_str(), warmed.socket), ("GET", 0));
    assert_eq!((post.method.as_str(), post.path.as_str()), ("POST", "/live/@connections/L0SM9cOFvHcCIhw%3D"));
    assert_eq!(&post.body[..], b"{\"type\":\"x\"}");
    assert!(post.authorization.starts_with("AWS4-HMAC-SHA256 Credential="), "{}", post.authorization);
    assert!(post.authorization.contains("/eu-central-1/execute-api/aws4_request"));
    assert_eq!(
        (closed.method.as_str(), closed.path.as_str()),
        ("DELETE", "/live/@connections/a%2Fb%3Fc%23d%25e")
    );
    assert_eq!(closed.socket, 0, "one connection serves them all");
}

#[tokio::test]
async fn a_socket_is_gone_where_the_gateway_says_so_and_nowhere_else() {
    let gateway = Gateway::start().await;
    let poster = posting_to(&gateway.url);
    assert!(!poster.is_gone(&id("open")).await.unwrap());
    assert!(poster.is_gone(&id("gone")).await.unwrap());
    for unknown in ["slow-down", "broken", "hanging"] {
        assert!(poster.is_gone(&id(unknown)).await.is_err(), "{unknown}");
    }
    assert!(gateway.calls.lock().unwrap().iter().all(|call| call.method == "GET"));
}

#[tokio::test]
async fn every_answer_has_its_outcome() {
    let gateway = Gateway::start().await;
    let poster = posting_to(&gateway.url);
    let outcomes = [
        ("well", Posted::Delivered),
        ("gone", Posted::Gone),
        ("slow-down", Posted::Throttled),
        ("too-large", Posted::Refused),
        ("broken", Posted::Failed),
    ];
    for (name, outcome) in outcomes {
        assert_eq!(poster.post(&id(name), b"{}").await, outcome, "{name}");
    }
    let sent = gateway.calls.lock().unwrap().len();
    assert_eq!(sent, outcomes.len(), "nothing is tried twice");
    let started = Instant::now();
    assert_eq!(poster.post(&id("hanging"), b"{}").await, Posted::Failed);
    assert!(started.elapsed() < Duration::from_secs(2));
    let nowhere = format!("http://127.0.0.1:{}/live", super::servers::free_port().await);
    assert_eq!(posting_to(&nowhere).post(&id("well"), b"{}").await, Posted::Failed);
}
