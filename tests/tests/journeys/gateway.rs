//! What API Gateway answers by itself.

use parlance_tests::answer::Answer;
use parlance_tests::cloud::{Cloud, Setup, kill};
use reqwest::Method;
use rustix::process::Signal;
use serde_json::json;

#[tokio::test]
async fn a_message_beyond_128_kilobytes_closes_the_socket() {
    let alice = Cloud::shared().await.person("alice");
    let mut socket = alice.connect().await;
    let (start, end) = (r#"{"type":"ping","id":"p","data":{"filling":""#, r#""}}"#);
    let of_size = |size: usize| format!("{start}{}{end}", "x".repeat(size - start.len() - end.len()));

    socket.send_in_frames(&of_size(128 * 1_024), 30_000).await;
    let answer = socket.answer(Some("p")).await;
    assert!(["pong", "nack"].contains(&answer["type"].as_str().unwrap()), "{answer}");
    socket.send_in_frames(&of_size(128 * 1_024 + 1), 30_000).await;
    assert_eq!(socket.closed().await, 1_009);
    alice.connect().await;
}

#[tokio::test]
async fn a_frame_beyond_32_kilobytes_closes_the_socket() {
    let alice = Cloud::shared().await.person("alice");
    let (start, end) = (r#"{"type":"ping","id":"p","data":{"filling":""#, r#""}}"#);
    let of_size = |size: usize| format!("{start}{}{end}", "x".repeat(size - start.len() - end.len()));
    let mut socket = alice.connect().await;
    for size in [32 * 1_024 - 1, 32 * 1_024] {
        socket.send(of_size(size)).await;
        let answer = socket.answer(Some("p")).await;
        assert!(["pong", "nack"].contains(&answer["type"].as_str().unwrap()), "{answer}");
    }
    socket.send(of_size(32 * 1_024 + 1)).await;
    assert_eq!(socket.closed().await, 1_009);
}

#[tokio::test]
async fn a_binary_frame_closes_the_socket() {
    let mut socket = Cloud::shared().await.person("alice").connect().await;
    socket.send_binary(br#"{"type":"ping"}"#.to_vec()).await;
    assert_eq!(socket.closed().await, 1_003);
}

#[tokio::test]
async fn bytes_that_are_no_utf8_close_the_socket() {
    let mut socket = Cloud::shared().await.person("alice").connect().await;
    socket.send_text_bytes(b"{\"type\":\"ping\",\"id\":\"\xff\"}".to_vec()).await;
    assert_eq!(socket.closed().await, 1_007);
}

#[tokio::test]
async fn a_function_that_hangs_is_given_up_and_the_next_call_is_served() {
    let cloud = Setup::default().with("--limit", "integration=1s").start().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let mut socket = alice.connect().await;
    socket.says(&conversation, "before").await;
    let send = cloud.pids_of("WsMessageSend", 1).await[0];
    alice.says(&conversation, "before, over HTTP").await;
    let messages = cloud.pids_of("HttpMessages", 1).await[0];

    for function in [send, messages] {
        kill(function, Signal::STOP);
    }
    let message = json!({"conversation_id": conversation, "content": "hangs"});
    socket.ask("message.send", &message).await;
    let own = socket.answer(None).await;
    assert_eq!(own["message"], "Internal server error");
    assert!(own["connectionId"].is_string() && own["requestId"].is_string(), "{own}");
    let answer = alice.post("messages/", &message).await;
    assert_eq!((answer.status, answer.json()), (503, json!({"message": "Service Unavailable"})));
    for function in [send, messages] {
        cloud.kill_child(function).await;
    }
    socket.says(&conversation, "after").await;
    alice.says(&conversation, "after, over HTTP").await;
}

#[tokio::test]
async fn pages_of_allowed_origins_may_ask_and_others_may_not() {
    let alice = Cloud::shared().await.person("alice");
    let preflight = async |origin: &str| {
        let request = alice.anonymous(Method::OPTIONS, "conversations/").header("origin", origin);
        let request = request.header("access-control-request-method", "POST");
        Answer::to(request.header("access-control-request-headers", "authorization,content-type")).await
    };
    let allowed = preflight("http://localhost:5173").await;
    assert_eq!(allowed.status, 204);
    assert_eq!(allowed.header("access-control-allow-origin"), "http://localhost:5173");
    assert!(allowed.header("access-control-allow-methods").contains("POST"), "{allowed:?}");
    let headers = allowed.header("access-control-allow-headers").to_ascii_lowercase();
    for header in ["authorization", "content-type", "idempotency-key", "if-none-match"] {
        assert!(headers.contains(header), "{header} of {headers}");
    }
    assert_eq!(preflight("https://evil.example").await.header("access-control-allow-origin"), "");

    let request = alice.request(Method::GET, "conversations/").header("origin", "http://127.0.0.1:3000");
    let answer = Answer::to(request).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, "http://127.0.0.1:3000"));
    assert!(
        answer.header("access-control-expose-headers").to_ascii_lowercase().contains("etag"),
        "{answer:?}"
    );
    let request = alice.request(Method::GET, "conversations/").header("origin", "https://evil.example");
    assert_eq!(Answer::to(request).await.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn one_trailing_slash_may_be_there_or_not() {
    let alice = Cloud::shared().await.person("alice");
    for path in ["conversations", "conversations/", "/healthz", "/healthz/", "limits", "limits/"] {
        assert_eq!(alice.get(path).await.status, 200, "{path}");
    }
    let nowhere = alice.get("nowhere/").await;
    assert_eq!((nowhere.status, nowhere.json()), (404, json!({"message": "Not Found"})));
}

#[tokio::test]
async fn each_invocation_is_one_readable_line() {
    let cloud = Cloud::start().await;
    let alice = cloud.person("alice");
    alice.get("conversations/").await.with(200);
    alice.get("conversations/").await.with(200);
    let mut socket = alice.connect().await;
    socket.request("ping", &json!({})).await;
    parlance_tests::deadline::eventually("the lines", async || {
        let output = cloud.output();
        let line = |parts: &[&str]| output.lines().any(|line| parts.iter().all(|part| line.contains(part)));
        (line(&["GET /api/messaging/conversations", "HttpConversationsFunction", " ms", "cold"])
            && line(&["GET /api/messaging/conversations", "HttpConversationsFunction", " ms", "warm"])
            && line(&["WsDefaultFunction", "ok"])
            && line(&["$connect", "WsConnectFunction"]))
        .then_some(())
    })
    .await;
}
