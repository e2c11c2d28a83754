//! Parts of the whole die in the middle of a conversation.

use std::net::SocketAddr;

use parlance_client::{Client, ClientEvent, EventData, Events, Options};
use parlance_tests::cloud::{Cloud, Setup, kill};
use parlance_tests::deadline::within;
use parlance_tests::proxy::{Proxy, free_port};
use parlance_tests::redis_server::RedisServer;
use parlance_tests::view::View;
use rustix::process::Signal;
use serde_json::json;

fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

#[tokio::test]
async fn what_a_function_stored_before_it_was_killed_is_delivered_within_seconds() {
    let port = free_port();
    let dynamodb = Proxy::before(local(port)).await;
    let setup = Setup::default().with("--dynamodb-port", port);
    let url = format!("http://{}", dynamodb.address);
    let cloud = setup.environment("AWS_ENDPOINT_URL_DYNAMODB", url).start().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let (mut phone, mut laptop) = (alice.connect().await, bob.connect().await);
    phone.says(&conversation, "warm").await;
    laptop.event_of("message.created").await;

    let stored = dynamodb.withhold_answer_to("DynamoDB_20120810.PutItem");
    let message =
        json!({"conversation_id": conversation, "content": "survives", "client_id": "one", "after": 2});
    phone.ask("message.send", &message).await;
    stored.await.unwrap();
    kill(cloud.pids_of("WsMessageSend", 1).await[0], Signal::KILL);

    let failure = phone.answer(None).await;
    assert_eq!(failure["message"], "Internal server error", "API Gateway's own frame: {failure}");
    let delivered = laptop.event_of("message.created").await;
    assert_eq!(delivered["data"]["content"], "survives");
    assert_eq!(phone.event_of("message.created").await, delivered, "nobody told the sender yet");
    let retry = phone.acked("message.send", &message).await;
    assert_eq!(retry["data"], json!({"message": delivered["data"], "duplicate": true}));
    assert_eq!(bob.contents(&conversation).await, ["warm", "survives"]);
}

#[tokio::test]
async fn a_killed_function_is_replaced_at_the_next_frame() {
    let cloud = Cloud::start().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let (mut phone, mut laptop) = (alice.connect().await, bob.connect().await);
    for number in 0..3 {
        phone.says(&conversation, &number.to_string()).await;
        assert_eq!(laptop.event_of("message.created").await["data"]["content"], number.to_string());
        cloud.kill_child(cloud.pids_of("WsMessageSend", 1).await[0]).await;
    }
    assert_eq!(phone.request("ping", &json!({})).await["type"], "pong");
}

#[tokio::test]
async fn without_redis_conversations_go_on_and_with_it_again_too() {
    let port = free_port();
    let redis = Proxy::before(local(port)).await;
    let setup = Setup::default().with("--redis-port", port);
    let cloud = setup.environment("REDIS_URL", format!("redis://{}", redis.address)).start().await;
    let [alice, bob, carol] = cloud.people(["alice", "bob", "carol"]);
    let conversation = alice.direct_with(&bob).await;
    let (mut phone, mut laptop) = (alice.connect().await, bob.connect().await);

    let mut last = 1;
    for is_cut in [false, true, false] {
        if is_cut {
            redis.cut();
        } else {
            redis.mend();
        }
        for _ in 0..5 {
            last += 1;
            assert_eq!(phone.says(&conversation, &last.to_string()).await["seq"], last);
        }
        View::of(&mut laptop, &conversation, last - 4, last).await;
        let newcomer = carol.direct_with(&alice).await;
        carol.connect().await.says(&newcomer, "I can come in").await;
    }
    let expected: Vec<String> = (2..=last).map(|seq| seq.to_string()).collect();
    assert_eq!(bob.contents(&conversation).await, expected);
}

#[tokio::test]
async fn a_real_redis_serves_as_the_embedded_one_does_and_may_be_killed() {
    let Some(mut redis) = RedisServer::start().await else { return };
    let cloud = Setup::default().relays(1).with("--redis", &redis.url).start().await;
    assert_eq!(cloud.endpoints().await["redis"], redis.url.as_str());
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let (mut phone, mut laptop) = (alice.connect().await, bob.connect().await);

    for number in 2..=11 {
        phone.says(&conversation, &number.to_string()).await;
    }
    assert!(View::of(&mut laptop, &conversation, 2, 11).await.is_in_order());
    redis.kill();
    for number in 12..=21 {
        phone.says(&conversation, &number.to_string()).await;
    }
    let view = View::of(&mut laptop, &conversation, 12, 21).await;
    assert_eq!(view.contents().len(), 10);
}

#[tokio::test]
async fn a_moment_of_throttling_costs_a_moment() {
    let cloud = Cloud::start().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    for name in ["dynamodb.throttle", "dynamodb.internal"] {
        cloud.faults().begin(&json!({"name": name, "for_ms": 200})).await;
        alice.says(&conversation, name).await;
    }
    assert_eq!(bob.contents(&conversation).await, ["dynamodb.throttle", "dynamodb.internal"]);
}

/// What senders know of his sockets is what was true before: his new one could not be written down beside the old.
#[tokio::test]
async fn who_comes_back_while_redis_takes_no_writes_hears_everything_soon_after() {
    for relays in [0, 1] {
        let cloud = Setup::default().relays(relays).start().await;
        let [alice, bob] = cloud.people(["alice", "bob"]);
        let conversation = alice.direct_with(&bob).await;
        let (client, mut events) = Client::connect(Options::new(&cloud.origin, &bob.token)).unwrap();
        client.conversation(conversation.parse().unwrap()).await.unwrap();
        within("a session", heard(&mut events, |event| matches!(event, ClientEvent::Connected))).await;
        alice.says(&conversation, "before").await;
        within("what was said before", heard(&mut events, |event| says(event, "before"))).await;

        cloud.faults().begin(&json!({"name": "redis.readonly"})).await;
        cloud.faults().begin(&json!({"name": "sockets.cut"})).await;
        within("a session again", heard(&mut events, |event| matches!(event, ClientEvent::Connected))).await;
        within("that it is up to date", client.conversation(conversation.parse().unwrap())).await.unwrap();
        cloud.faults().end().await;
        alice.says(&conversation, "after").await;
        within("what was said after", heard(&mut events, |event| says(event, "after"))).await;
    }
}

async fn heard(events: &mut Events, is_it: impl Fn(&ClientEvent) -> bool) {
    while !is_it(&events.next().await.unwrap()) {}
}

fn says(event: &ClientEvent, content: &str) -> bool {
    let ClientEvent::Event(event) = event else { return false };
    matches!(event.data(), EventData::MessageCreated(message) if message.content == content)
}
