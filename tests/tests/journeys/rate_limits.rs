//! Whoever is too fast is told so, waits, and gets in; whoever does not wait is turned out.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures::future::join_all;
use parlance_tests::answer::Answer;
use parlance_tests::cloud::{Cloud, Setup};
use parlance_tests::person::Person;
use parlance_tests::proxy::{Proxy, free_port};
use serde_json::{Value, json};

async fn limited() -> Cloud {
    Setup::default().limited().start().await
}

fn message(conversation: &str, client_id: &str) -> Value {
    json!({"conversation_id": conversation, "content": client_id, "client_id": client_id, "after": 1})
}

async fn pause(problem: &Value) {
    tokio::time::sleep(Duration::from_millis(problem["retry_after_ms"].as_u64().unwrap())).await;
}

/// So many messages at once, and what became of each.
async fn burst(sender: &Person, conversation: &str, count: usize) -> Vec<Answer> {
    let ids: Vec<String> = (0..count).map(|number| number.to_string()).collect();
    let bodies: Vec<Value> = ids.iter().map(|id| message(conversation, id)).collect();
    join_all(bodies.iter().map(|body| sender.post("messages/", body))).await
}

#[tokio::test]
async fn who_sends_too_fast_over_http_is_told_when_to_come_again_and_nothing_of_his_is_lost() {
    let cloud = limited().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let answers = burst(&alice, &conversation, 60).await;
    let refused: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 429).collect();
    let stored = answers.iter().filter(|answer| answer.status == 201).count();
    assert!(
        !refused.is_empty() && stored + refused.len() == 60,
        "{stored} stored, {} refused",
        refused.len()
    );
    for answer in &refused {
        let problem = answer.refused(429, "rate_limited");
        assert_eq!(problem["retryable"], true);
        let seconds: u64 = answer.header("retry-after").parse().unwrap();
        assert_eq!(seconds, problem["retry_after_ms"].as_u64().unwrap().div_ceil(1000));
        assert_eq!(answer.header("ratelimit-policy"), "\"sends\";q=20;w=1");
        assert!(answer.header("ratelimit").starts_with("\"sends\";r=0;t="), "{answer:?}");
    }
    assert_eq!(bob.contents(&conversation).await.len(), stored, "a refused message is stored nowhere");
    for number in 0..60 {
        let body = message(&conversation, &number.to_string());
        loop {
            let answer = alice.post("messages/", &body).await;
            if answer.status != 429 {
                assert!([200, 201].contains(&answer.status), "{}", answer.text);
                break;
            }
            pause(&answer.json()).await;
        }
    }
    let mut contents = bob.contents(&conversation).await;
    contents.sort_unstable_by_key(|content| content.parse::<u32>().unwrap());
    assert_eq!(contents, (0..60).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_socket_shares_the_allowance_and_waits_as_long_as_it_is_told() {
    let cloud = Setup::default().limited().parameter("SendsPerSecond", "2").start().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let mut phone = alice.connect().await;
    let begun = Instant::now();
    for number in 0..8 {
        phone.insists(&conversation, &number.to_string()).await;
    }
    assert!(begun.elapsed() > Duration::from_secs(2), "eight at two a second took {:?}", begun.elapsed());
    assert_eq!(bob.contents(&conversation).await.len(), 8);
    let answers = burst(&alice, &conversation, 3).await;
    assert!(answers.iter().any(|answer| answer.status == 429), "{answers:?}");
    let ready = phone.request("session.start", &json!({})).await;
    assert_eq!(ready["data"]["limits"]["per_second"]["sends"], 2);
    assert_eq!(alice.get("limits/").await.with(200)["per_second"], ready["data"]["limits"]["per_second"]);
}

#[tokio::test]
async fn a_socket_that_does_not_slow_down_is_closed_and_told_why() {
    let cloud = Setup::default().limited().parameter("SendsPerSecond", "1").start().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let (mut flood, mut laptop) = (alice.connect().await, alice.connect().await);
    for number in 0..120 {
        flood.ask("message.send", &message(&conversation, &number.to_string())).await;
    }
    let closing = flood.event_of("session.closing").await;
    assert_eq!(closing["data"]["code"], "rate_limited", "{closing}");
    flood.closed().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    laptop.says(&conversation, "the other device goes on").await;
}

#[tokio::test]
async fn handshakes_and_questions_have_their_limits() {
    let cloud = limited().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let path = format!("/ws/messaging/?token={}", alice.token);
    let opened = join_all((0..12).map(|_| alice.handshake(&path).open())).await;
    let statuses: Vec<u16> = opened.into_iter().filter_map(Result::err).collect();
    assert!(!statuses.is_empty() && statuses.iter().all(|status| *status == 429), "{statuses:?}");
    tokio::time::sleep(Duration::from_secs(2)).await;
    alice.connect().await;

    let path = format!("conversations/{conversation}/log/");
    let answers = join_all((0..120).map(|_| alice.get(&path))).await;
    for answer in &answers {
        assert!(answer.header("ratelimit-policy").starts_with("\"reads\";q=50"), "{answer:?}");
    }
    let refused = answers.iter().filter(|answer| answer.status == 429).count();
    assert!(refused > 0 && answers.iter().all(|answer| [200, 429].contains(&answer.status)));
    assert_eq!(bob.get(&path).await.status, 200, "others are not concerned");
    assert_eq!(alice.get("/healthz").await.header("ratelimit"), "", "nobody is counted there");
}

#[tokio::test]
async fn without_redis_messages_go_on_and_the_rest_has_a_quarter() {
    let port = free_port();
    let redis = Proxy::before(SocketAddr::from(([127, 0, 0, 1], port))).await;
    let setup = Setup::default().limited().with("--redis-port", port);
    let cloud = setup.environment("REDIS_URL", format!("redis://{}", redis.address)).start().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    redis.cut();
    let answers = burst(&alice, &conversation, 60).await;
    for answer in &answers {
        assert!(
            answer.status == 201 || answer.status == 503,
            "never refused for being fast: {}",
            answer.text
        );
    }
    let reads = join_all((0..40).map(|_| alice.get("conversations/"))).await;
    let served = reads.iter().filter(|answer| answer.status == 200).count();
    let refused = reads.iter().filter(|answer| answer.status == 429).count();
    assert!(served > 0 && refused > 0, "{served} served, {refused} refused");
    let told = reads.iter().find(|answer| answer.status == 429).unwrap();
    assert_eq!(told.header("ratelimit-policy"), "\"reads\";q=13;w=1");
}
