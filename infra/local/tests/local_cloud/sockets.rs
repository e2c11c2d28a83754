//! Handshakes, routes, limits and ends of sockets.

use std::time::Duration;

use futures::{SinkExt as _, future::join_all};
use serde_json::json;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::stage::{limits, stage, stage_with};

#[tokio::test]
async fn a_frame_reaches_its_function_as_aws_would_hand_it_on() {
    let stage = stage().await;
    let mut socket = stage.socket("/ws/chat/c_1/?token=t").await;
    let event = socket.ask(r#"{"type":"two","do":"show"}"#).await;
    let context = &event["requestContext"];
    assert_eq!(event["body"], r#"{"type":"two","do":"show"}"#);
    assert_eq!(event["isBase64Encoded"], false);
    assert_eq!(context["routeKey"], "two");
    assert_eq!(context["eventType"], "MESSAGE");
    assert_eq!(context["stage"], "live");
    assert_eq!(context["identity"]["sourceIp"], "127.0.0.1");
    assert_eq!(context["authorizer"], json!({"principalId": "alice", "user_id": "alice", "count": "5"}));
    assert!(context["connectionId"].as_str().unwrap().ends_with('='));
    assert!(context["requestTimeEpoch"].as_u64().unwrap() >= context["connectedAt"].as_u64().unwrap());
    assert!(context["messageId"].is_string() && context["requestId"].is_string());
    stage.stop().await;
}

#[tokio::test]
async fn a_handshake_is_answered_as_authorizer_and_connect_decide() {
    let stage = stage_with(|options| options.limits = limits(&["authorizer=300ms"])).await;
    for (query, status, message) in [
        ("auth=deny", 403, "Forbidden"),
        ("auth=unauthorized", 401, "Unauthorized"),
        ("auth=fail", 500, "Internal server error"),
        ("auth=rubbish", 500, "Internal server error"),
        ("auth=hang", 500, "Internal server error"),
        ("do=refuse", 429, "Too Many Requests"),
        ("do=error", 502, "Internal server error"),
        ("do=rubbish", 502, "Internal server error"),
        ("do=hang", 502, "Internal server error"),
        ("do=crash", 502, "Internal server error"),
    ] {
        let (refused, body) = stage.refusal(&format!("/ws/messaging/?{query}")).await;
        assert_eq!((refused, body["message"].as_str().unwrap()), (status, message), "{query}");
        stage.socket("/ws/messaging/").await;
    }
    stage.stop().await;
}

#[tokio::test]
async fn more_handshakes_than_a_second_lets_in_are_refused_until_the_next() {
    let stage = stage_with(|options| options.limits = limits(&["handshakes_per_second=2"])).await;
    let dials = join_all((0..8).map(|_| stage.handshake("/ws/messaging/", &[]))).await;
    // A second may have ended in between.
    let let_in = dials.iter().filter(|dial| dial.is_ok()).count();
    assert!((2..=4).contains(&let_in), "{let_in}");
    tokio::time::sleep(Duration::from_secs(1)).await;
    stage.socket("/ws/messaging/").await;
    stage.stop().await;
}

#[tokio::test]
async fn the_subprotocol_that_connect_names_is_answered() {
    let stage = stage().await;
    let offered = [("sec-websocket-protocol", "bearer, abc")];
    let (_, headers) = stage.handshake("/ws/messaging/?do=subprotocol", &offered).await.unwrap();
    assert_eq!(headers["sec-websocket-protocol"], "bearer");
    stage.stop().await;
}

#[tokio::test]
async fn a_frame_without_route_or_with_a_failing_function_is_answered_by_the_gateway_itself() {
    let stage = stage().await;
    let mut socket = stage.socket("/live").await;
    for (frame, message) in [
        ("no json".to_owned(), "Forbidden"),
        (json!({"type": "unknown"}).to_string(), "Forbidden"),
        (json!({"type": "$connect"}).to_string(), "Forbidden"),
        (json!({"type": "two", "do": "error"}).to_string(), "Internal server error"),
        (json!({"type": "two", "do": "rubbish"}).to_string(), "Internal server error"),
        (json!({"type": "one", "do": "crash"}).to_string(), "Internal server error"),
        (json!({"type": "one", "do": "hang"}).to_string(), "Internal server error"),
    ] {
        let answer = socket.ask(frame.clone()).await;
        assert_eq!(answer["message"], message, "{frame}");
        assert!(answer["connectionId"].is_string() && answer["requestId"].is_string());
    }
    assert_eq!(socket.ask(r#"{"type":"two","do":"show"}"#).await["requestContext"]["routeKey"], "two");
    stage.stop().await;
}

#[tokio::test]
async fn only_a_route_with_a_response_answers_and_then_always() {
    let stage = stage().await;
    let mut socket = stage.socket("/live").await;
    socket.send(r#"{"type":"one","do":"echo"}"#).await;
    socket.send(r#"{"type":"two","do":"silence"}"#).await;
    assert_eq!(socket.text().await, "");
    stage.stop().await;
}

#[tokio::test]
async fn frames_of_one_client_are_handled_side_by_side() {
    let stage = stage().await;
    let mut socket = stage.socket("/live").await;
    socket.send(r#"{"type":"two","do":"slow"}"#).await;
    socket.send(r#"{"type":"two"}"#).await;
    assert_eq!(socket.text().await, "done");
    assert_eq!(socket.text().await, "slow");
    stage.stop().await;
}

#[tokio::test]
async fn frames_and_messages_over_the_limit_close_with_1009_and_binary_ones_with_1003() {
    let stage = stage().await;
    let padded = |bytes: usize| {
        let frame = json!({"type": "two", "pad": ""}).to_string();
        json!({"type": "two", "pad": "x".repeat(bytes - frame.len())}).to_string()
    };
    let mut socket = stage.socket("/live").await;
    socket.send(padded(32 * 1_024)).await;
    assert_eq!(socket.text().await, "done");
    socket.send(padded(32 * 1_024 + 1)).await;
    assert_eq!(u16::from(socket.close_frame().await.code), 1_009);

    let mut socket = stage.socket("/live").await;
    socket.0.send(Message::Binary(Bytes::from_static(b"\x00"))).await.unwrap();
    assert_eq!(u16::from(socket.close_frame().await.code), 1_003);
    stage.stop().await;
}

#[tokio::test]
async fn a_silent_socket_and_an_old_one_are_closed() {
    let stage = stage_with(|options| options.limits = limits(&["idle=400ms", "lifetime=1500ms"])).await;
    let mut silent = stage.socket("/live").await;
    let mut busy = stage.socket("/live").await;
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        busy.send(r#"{"type":"two"}"#).await;
        assert_eq!(busy.text().await, "done");
    }
    assert_eq!(u16::from(silent.close_frame().await.code), 1_001);
    assert_eq!(u16::from(busy.close_frame().await.code), 1_001);
    stage.stop().await;
}

#[tokio::test]
async fn what_is_no_handshake_is_refused() {
    let stage = stage().await;
    assert_eq!(stage.get("/ws/messaging/").await.status(), 400);
    let old = stage.http.get(format!("{}/ws/messaging/", stage.url("http")));
    let old = old
        .header("upgrade", "websocket")
        .header("connection", "upgrade")
        .header("sec-websocket-version", "8");
    assert_eq!(old.send().await.unwrap().status(), 426);
    stage.stop().await;
}

#[tokio::test]
async fn the_echo_keeps_awss_limits_unless_asked_not_to() {
    let stage = stage().await;
    let mut socket = stage.socket("/_local/echo").await;
    socket.send("hello").await;
    assert_eq!(socket.text().await, "hello");
    socket.send("x".repeat(40_000)).await;
    assert_eq!(u16::from(socket.close_frame().await.code), 1_009);

    let mut socket = stage.socket("/_local/echo?profile=rfc").await;
    socket.send("x".repeat(1_000_000)).await;
    assert_eq!(socket.text().await.len(), 1_000_000);
    socket.0.send(Message::Binary(Bytes::from_static(b"\x00\xff"))).await.unwrap();
    assert_eq!(socket.next().await, Message::Binary(Bytes::from_static(b"\x00\xff")));
    stage.stop().await;
}
