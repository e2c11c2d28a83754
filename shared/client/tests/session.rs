//! A whole client against a server that loses answers, cuts sockets and tells things out of order.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "session/server.rs"]
mod server;

use std::time::{Duration, Instant};

use parlance_client::{Client, ClientEvent, Draft, EventData, Events, Options, SendError};
use serde_json::json;
use tokio::time::{sleep, timeout};

use self::server::{Push, Server, here};

const PATIENCE: Duration = Duration::from_secs(20);

async fn connect(server: &Server) -> (Client, Events) {
    let (client, mut events) = Client::connect(Options::new(&server.origin, "token")).unwrap();
    until(&mut events, |event| matches!(event, ClientEvent::Connected)).await;
    client.create_direct("bob").await.unwrap();
    (client, events)
}

async fn until(events: &mut Events, is_it: impl Fn(&ClientEvent) -> bool) -> ClientEvent {
    let search = async {
        loop {
            let event = events.next().await.expect("the session goes on");
            if is_it(&event) {
                return event;
            }
        }
    };
    timeout(PATIENCE, search).await.expect("it comes in time")
}

fn is_message(event: &ClientEvent, content: &str) -> bool {
    let ClientEvent::Event(event) = event else { return false };
    matches!(event.data(), EventData::MessageCreated(message) if message.content == content)
}

/// The next texts, in the order in which the client tells them.
async fn texts(events: &mut Events, count: usize) -> Vec<String> {
    let mut texts = Vec::new();
    while texts.len() < count {
        if let ClientEvent::Event(event) = until(events, |event| matches!(event, ClientEvent::Event(_))).await
            && let EventData::MessageCreated(message) = event.data()
        {
            texts.push(message.content);
        }
    }
    texts
}

#[tokio::test]
async fn a_message_is_sent_and_told_in_its_place() {
    let server = Server::start().await;
    let (client, mut events) = connect(&server).await;
    let sent = client.send(here(), Draft::text("one")).await.unwrap();
    assert_eq!((sent.message.seq, sent.duplicate), (2, false));
    server.push(Push::Frame(server.append("bob", "two", "b1")));
    assert_eq!(texts(&mut events, 2).await, ["one", "two"]);
    let data = &server.sends()[0];
    assert_eq!(data["after"], 1);
    assert_eq!(data["client_id"].as_str().unwrap().len(), 26);
}

#[tokio::test]
async fn a_message_whose_answer_is_lost_with_its_socket_is_stored_once() {
    let server = Server::start().await;
    let (client, mut events) = connect(&server).await;
    server.lose_acks(1);
    let sending = tokio::spawn(async move { client.send(here(), Draft::text("one")).await });
    while server.sends().is_empty() {
        sleep(Duration::from_millis(10)).await;
    }
    server.push(Push::Cut);
    assert_eq!(texts(&mut events, 1).await, ["one"]);
    let sent = timeout(PATIENCE, sending).await.unwrap().unwrap().unwrap();
    assert!(sent.duplicate);
    assert_eq!(server.texts(), ["created", "one"]);
}

#[tokio::test]
async fn a_function_that_fails_is_asked_again_soon() {
    let server = Server::start().await;
    let (client, _events) = connect(&server).await;
    server.fail_sends(2);
    let sending = client.send(here(), Draft::text("one"));
    assert!(!timeout(Duration::from_secs(9), sending).await.unwrap().unwrap().duplicate);
    assert_eq!(server.sends().len(), 3);
    assert_eq!(server.texts(), ["created", "one"]);
}

#[tokio::test]
async fn messages_of_one_conversation_keep_their_order() {
    let server = Server::start().await;
    let (client, mut events) = connect(&server).await;
    server.fail_sends(1);
    let (one, two, three) = tokio::join!(
        client.send(here(), Draft::text("one")),
        client.send(here(), Draft::text("two")),
        client.send(here(), Draft::text("three")),
    );
    assert_eq!([one, two, three].map(|sent| sent.unwrap().message.seq), [2, 3, 4]);
    assert_eq!(texts(&mut events, 3).await, ["one", "two", "three"]);
}

#[tokio::test]
async fn a_message_that_is_out_of_date_goes_on_after_the_log_is_read() {
    let server = Server::start().await;
    let (client, mut events) = connect(&server).await;
    for index in 0..7 {
        server.append("bob", &format!("unseen {index}"), &format!("b{index}"));
    }
    server.refuse_as_out_of_date(1);
    client.send(here(), Draft::text("one")).await.unwrap();
    let sends = server.sends();
    assert_eq!((&sends[0]["after"], &sends[1]["after"]), (&json!(1), &json!(8)));
    assert_eq!(texts(&mut events, 8).await.last().unwrap(), "one");
}

#[tokio::test]
async fn events_are_told_once_in_order_and_gaps_are_filled_from_the_log() {
    let server = Server::start().await;
    let (_client, mut events) = connect(&server).await;
    let frames: Vec<String> =
        (0..9).map(|index| server.append("bob", &index.to_string(), &format!("b{index}"))).collect();
    server.push(Push::Frame(format!(
        r#"{{"type":"batch","events":[{},{},{}]}}"#,
        frames[1], frames[0], frames[1]
    )));
    server.push(Push::Frame(frames[8].clone()));
    server.push(Push::Frame(frames[3].clone()));
    assert_eq!(texts(&mut events, 9).await, ["0", "1", "2", "3", "4", "5", "6", "7", "8"]);
}

#[tokio::test]
async fn what_happens_while_no_socket_is_open_is_told_afterwards() {
    let server = Server::start().await;
    let (client, mut events) = connect(&server).await;
    server.close(true);
    server.push(Push::Cut);
    until(&mut events, |event| matches!(event, ClientEvent::Disconnected { .. })).await;
    server.append("bob", "missed", "b1");
    let sender = client.clone();
    let sending = tokio::spawn(async move { sender.send(here(), Draft::text("written offline")).await });
    sleep(Duration::from_millis(1_500)).await;
    assert!(server.handshakes() >= 2, "it keeps trying");
    server.close(false);
    assert_eq!(texts(&mut events, 2).await, ["missed", "written offline"]);
    sending.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_that_comes_back_says_where_it_stands_and_is_told_the_rest_in_order() {
    let server = Server::start().await;
    let (_client, mut events) = connect(&server).await;
    for missed in [3, 40] {
        server.close(true);
        server.push(Push::Cut);
        until(&mut events, |event| matches!(event, ClientEvent::Disconnected { .. })).await;
        let before = server.texts().len();
        let expected: Vec<String> = (0..missed).map(|index| format!("{missed}: {index}")).collect();
        for text in &expected {
            server.append("bob", text, text);
        }
        server.close(false);
        assert_eq!(texts(&mut events, missed).await, expected);
        let asked = server.syncs().pop().unwrap();
        assert_eq!(asked, json!({"conversations": {here().to_string(): before}}));
    }
}

#[tokio::test]
async fn what_was_not_acknowledged_before_the_program_ended_is_sent_by_the_next_one_and_stands_once() {
    let folder = tempfile::tempdir().unwrap();
    for is_stored in [false, true] {
        let server = Server::start().await;
        let path = folder.path().join(format!("{is_stored}.jsonl"));
        let options = || Options::new(&server.origin, "token").with_outbox(&path);
        let (client, mut events) = Client::connect(options()).unwrap();
        until(&mut events, |event| matches!(event, ClientEvent::Connected)).await;
        client.create_direct("bob").await.unwrap();
        client.send(here(), Draft::text("before")).await.unwrap();
        if is_stored {
            server.lose_acks(1_000);
        } else {
            server.fail_sends(1_000);
        }
        let sends = server.sends().len();
        let sending = ["one", "two"].map(|text| client.send(here(), Draft::text(text)));
        let nothing = timeout(Duration::from_millis(300), futures::future::join_all(sending)).await;
        assert!(nothing.is_err(), "no answer came");
        assert_eq!(server.sends().len(), sends + 1, "the second waits for the first");
        assert!(Client::connect(options()).is_err(), "one program at a time");
        drop((client, events));
        server.append("bob", "meanwhile", "c-bob");
        server.lose_acks(0);
        server.fail_sends(0);

        let (_client, mut events) = loop {
            // The first session ends in its own time.
            match Client::connect(options()) {
                Ok(begun) => break begun,
                Err(_) => sleep(Duration::from_millis(10)).await,
            }
        };
        until(&mut events, |event| is_message(event, "two")).await;
        let [first, second] = if is_stored { ["one", "meanwhile"] } else { ["meanwhile", "one"] };
        assert_eq!(server.texts(), ["created", "before", first, second, "two"]);
        let left = std::fs::read(&path).unwrap();
        assert!(left.is_empty(), "{}", String::from_utf8_lossy(&left));
    }
}

#[tokio::test]
async fn what_an_earlier_program_left_and_is_refused_comes_back_as_an_event() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.jsonl");
    let elsewhere = parlance_client::ids::ConversationId::from_bytes([9; 16]);
    let left =
        json!({"queued": {"conversation_id": elsewhere, "client_id": "k", "after": 3, "content": "lost"}});
    std::fs::write(&path, format!("{left}\n")).unwrap();
    let server = Server::start().await;
    let options = Options::new(&server.origin, "token").with_outbox(&path);
    let (_client, mut events) = Client::connect(options).unwrap();
    let unsent = until(&mut events, |event| matches!(event, ClientEvent::Unsent { .. })).await;
    let ClientEvent::Unsent { message, error: SendError::Gone } = unsent else { panic!("{unsent:?}") };
    assert_eq!(message.draft, Draft::text("lost"));
    assert!(std::fs::read(&path).unwrap().is_empty());
}

#[tokio::test]
async fn a_session_that_is_closed_for_good_stays_closed() {
    let server = Server::start().await;
    let (client, mut events) = connect(&server).await;
    let data = json!({"code": "forbidden", "reason": "deactivated", "reconnect": false, "retry_after_ms": 0});
    server.push(Push::Frame(json!({"type": "session.closing", "data": data}).to_string()));
    until(&mut events, |event| matches!(event, ClientEvent::Closed { .. })).await;
    assert!(events.next().await.is_none());
    let refused = client.send(here(), Draft::text("one")).await;
    assert!(matches!(refused, Err(SendError::Closed)));
    assert_eq!(server.handshakes(), 1);
}

#[tokio::test]
async fn a_client_that_is_told_to_wait_before_it_comes_back_waits() {
    let server = Server::start().await;
    let (_client, mut events) = connect(&server).await;
    let data = json!({"code": "unavailable", "reason": "busy", "reconnect": true, "retry_after_ms": 1_500});
    let told = Instant::now();
    server.push(Push::Frame(json!({"type": "session.closing", "data": data}).to_string()));
    server.push(Push::Cut);
    until(&mut events, |event| matches!(event, ClientEvent::Connected)).await;
    assert!(told.elapsed() >= Duration::from_millis(1_500), "after {:?}", told.elapsed());
}

#[tokio::test]
async fn a_session_whose_token_ends_gets_another_socket_before_the_old_one_is_gone() {
    let server = Server::start().await;
    let (client, mut events) = connect(&server).await;
    let data = json!({"code": "token_expired", "reason": "expired", "reconnect": true, "retry_after_ms": 0});
    server.push(Push::Frame(json!({"type": "session.closing", "data": data}).to_string()));
    until(&mut events, |event| matches!(event, ClientEvent::Connected)).await;
    assert_eq!(server.handshakes(), 2);
    client.send(here(), Draft::text("one")).await.unwrap();
}
