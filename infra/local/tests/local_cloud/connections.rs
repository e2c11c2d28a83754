//! `@connections`: posting to clients, asking about them, cutting them off.

use std::time::{Duration, Instant};

use reqwest::{Method, Response};
use serde_json::Value;

use crate::stage::{Stage, limits, stage, stage_with};

async fn call(stage: &Stage, method: Method, id: &str, body: impl Into<reqwest::Body>) -> Response {
    let url = format!("{}/@connections/{}", stage.url("connections"), id.replace('=', "%3D"));
    stage.http.request(method, url).body(body).send().await.unwrap()
}

fn error_type(answer: &Response) -> &str {
    answer.headers()["x-amzn-errortype"].to_str().unwrap()
}

#[tokio::test]
async fn a_post_reaches_the_client_and_a_deleted_connection_closes() {
    let stage = stage().await;
    let mut socket = stage.socket("/live").await;
    let id = socket.connection_id().await;
    let answer = call(&stage, Method::POST, &id, "hello").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(socket.text().await, "hello");

    let about: Value = call(&stage, Method::GET, &id, "").await.json().await.unwrap();
    assert!(about["connectedAt"].is_string() && about["lastActiveAt"].is_string());
    assert_eq!(about["identity"]["sourceIp"], "127.0.0.1");

    assert_eq!(call(&stage, Method::DELETE, &id, "").await.status(), 204);
    assert_eq!(u16::from(socket.close_frame().await.code), 1_000);
    let gone = call(&stage, Method::POST, &id, "too late").await;
    assert_eq!((gone.status().as_u16(), error_type(&gone)), (410, "GoneException"));
    stage.stop().await;
}

#[tokio::test]
async fn a_connection_that_is_not_there_is_gone_and_too_much_is_refused() {
    let stage = stage().await;
    for method in [Method::POST, Method::GET, Method::DELETE] {
        let gone = call(&stage, method, "AAAAAAAAAAAAAAA=", "x").await;
        assert_eq!((gone.status().as_u16(), error_type(&gone)), (410, "GoneException"));
    }
    let mut socket = stage.socket("/live").await;
    let id = socket.connection_id().await;
    let most = "x".repeat(128 * 1_024);
    assert_eq!(call(&stage, Method::POST, &id, most.clone()).await.status(), 200);
    assert_eq!(socket.text().await, most);
    let refused = call(&stage, Method::POST, &id, format!("{most}x")).await;
    assert_eq!((refused.status().as_u16(), error_type(&refused)), (413, "PayloadTooLargeException"));
    let elsewhere = stage.http.post(stage.url("connections").replace("/live", "/other/@connections/x"));
    assert_eq!(elsewhere.send().await.unwrap().status(), 403);
    stage.stop().await;
}

#[tokio::test]
async fn a_client_that_reads_slowly_is_refused_frames_and_delays_nobody() {
    let stage = stage_with(|options| options.limits = limits(&["backlog_bytes=100000"])).await;
    let mut slow = stage.socket("/live").await;
    let mut quick = stage.socket("/live").await;
    let (slow_id, quick_id) = (slow.connection_id().await, quick.connection_id().await);
    let frame = "x".repeat(100_000);
    let mut accepted = 0;
    let refused = loop {
        let answer = call(&stage, Method::POST, &slow_id, frame.clone()).await;
        if answer.status() != 200 {
            break answer;
        }
        accepted += 1;
        assert!(accepted < 1_000, "a slow client was never refused");
    };
    assert_eq!((refused.status().as_u16(), error_type(&refused)), (429, "LimitExceededException"));
    let began = Instant::now();
    assert_eq!(call(&stage, Method::POST, &quick_id, "hello").await.status(), 200);
    assert_eq!(quick.text().await, "hello");
    assert!(began.elapsed() < Duration::from_secs(1));
    for _ in 0..accepted {
        assert_eq!(slow.text().await.len(), frame.len());
    }
    assert_eq!(call(&stage, Method::POST, &slow_id, "again").await.status(), 200);
    assert_eq!(slow.text().await, "again");
    stage.stop().await;
}
