//! Whoever is too fast: refused alike on a socket and over HTTP, with nothing stored, and served again after the pause that he was told.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken assumption should stop a test")]

#[path = "bad_input/house.rs"]
#[allow(dead_code, reason = "the house has more rooms than these tests visit")]
mod house;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use parlance_application::limits::rates::RateLimits;
use parlance_edge::{Function, http::event::HttpAnswer};
use parlance_testkit::memory::gate::{Gate, OpenGate, Outside, Passage};
use serde_json::{Value, json};

use self::house::House;

const SEND: &str = "POST /api/messaging/messages";
const LOG: &str = "GET /api/messaging/conversations/{id}/log";

/// Redis is not there.
struct NoRedis;

#[async_trait]
impl Gate for NoRedis {
    async fn pass(&self, outside: Outside) -> Passage {
        if outside == Outside::Redis { Passage::RequestLost } else { Passage::Through }
    }

    fn splits_transactions(&self) -> bool {
        false
    }
}

async fn house(limits: RateLimits) -> House {
    House::behind(Arc::new(OpenGate), limits).await
}

impl House {
    fn message(&self, client_id: &str) -> Value {
        json!({"conversation_id": self.own, "content": "hello", "client_id": client_id, "after": 1})
    }

    async fn ask(&self, key: &str, id: &str, body: Option<Value>) -> HttpAnswer {
        let headers = json!({"authorization": "Bearer alice", "content-type": "application/json"});
        let event = json!({
            "version": "2.0", "routeKey": key, "rawPath": "/", "rawQueryString": "", "headers": headers,
            "pathParameters": {"id": id}, "body": body.map(|body| body.to_string()), "isBase64Encoded": false,
            "requestContext": {},
        });
        self.http.call(serde_json::from_value(event).unwrap()).await.unwrap()
    }

    async fn post_message(&self, client_id: &str) -> HttpAnswer {
        self.ask(SEND, "", Some(self.message(client_id))).await
    }

    async fn read_log(&self) -> HttpAnswer {
        self.ask(LOG, &self.own.to_string(), None).await
    }

    fn wait(&self, millis: u64) {
        self.scene.clock.advance(Duration::from_millis(millis));
    }
}

fn problem(answer: &HttpAnswer) -> Value {
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn over_http_the_headers_count_down_and_the_pause_is_long_enough() {
    let house = house(RateLimits::DEFAULT).await;
    for number in 0..20 {
        let answer = house.post_message(&number.to_string()).await;
        assert_eq!(answer.status_code, 201, "{}", answer.body);
        assert_eq!(answer.headers["ratelimit-policy"], "\"sends\";q=20;w=1");
        assert!(answer.headers["ratelimit"].starts_with(&format!("\"sends\";r={};t=", 19 - number)));
    }
    let stored = house.stored();
    let refused = house.post_message("one too many").await;
    assert_eq!((refused.status_code, problem(&refused)["code"].as_str()), (429, Some("rate_limited")));
    assert!(refused.headers["ratelimit"].starts_with("\"sends\";r=0;t="));
    let pause = problem(&refused)["retry_after_ms"].as_u64().unwrap();
    assert_eq!(refused.headers["retry-after"], pause.div_ceil(1000).to_string());
    assert_eq!(house.stored(), stored, "nothing was stored");
    house.wait(pause - 1);
    assert_eq!(house.post_message("one too many").await.status_code, 429, "no longer than it must be");
    house.wait(1);
    assert_eq!(house.post_message("one too many").await.status_code, 201);
}

#[tokio::test]
async fn a_socket_is_told_the_same() {
    let house = house(RateLimits::DEFAULT).await;
    for number in 0..20 {
        assert_eq!(house.send(&house.message(&number.to_string())).await["type"], "ack");
    }
    let stored = house.stored();
    let nack = house.send(&house.message("one too many")).await;
    let error = &nack["error"];
    assert_eq!((&error["code"], &error["status"]), (&json!("rate_limited"), &json!(429)), "{nack}");
    assert_eq!(error["retryable"], true);
    assert_eq!(house.post_message("one too many").await.status_code, 429, "it is one allowance");
    assert_eq!(house.stored(), stored);
    house.wait(error["retry_after_ms"].as_u64().unwrap());
    assert_eq!(house.send(&house.message("one too many")).await["type"], "ack");
}

#[tokio::test]
async fn a_retry_that_comes_too_fast_gets_its_answer_later() {
    let house = house(RateLimits { sends: Some(1), ..RateLimits::DEFAULT }).await;
    let first = house.send(&house.message("one")).await;
    let refused = house.send(&house.message("one")).await;
    assert_eq!(refused["error"]["code"], "rate_limited");
    house.wait(refused["error"]["retry_after_ms"].as_u64().unwrap());
    let retry = house.send(&house.message("one")).await;
    assert_eq!(retry["data"], json!({"message": first["data"]["message"], "duplicate": true}));
}

#[tokio::test]
async fn whoever_keeps_asking_still_gets_what_is_his_due() {
    let house = house(RateLimits { reads: Some(10), ..RateLimits::DEFAULT }).await;
    let mut served = 0;
    for _ in 0..1000 {
        served += u32::from(house.read_log().await.status_code == 200);
        house.wait(10);
    }
    assert!((90..=110).contains(&served), "{served} in ten seconds");
}

#[tokio::test]
async fn each_sort_of_request_has_an_allowance_of_its_own_and_bad_ones_count_too() {
    let house = house(RateLimits { sends: Some(2), reads: Some(2), ..RateLimits::DEFAULT }).await;
    let bad = json!({"conversation_id": house.own, "content": 7});
    for _ in 0..2 {
        assert_eq!(house.ask(SEND, "", Some(bad.clone())).await.status_code, 422);
        assert_eq!(house.frame("no frame").await.unwrap()["error"]["code"], "malformed");
    }
    assert_eq!(house.ask(SEND, "", Some(bad)).await.status_code, 429);
    assert_eq!(house.frame("no frame").await.unwrap()["error"]["code"], "rate_limited");
    assert_eq!(house.read_log().await.status_code, 429, "a frame that cannot be read counts as a question");
    house.wait(2_000);
    assert_eq!(house.read_log().await.status_code, 200);
    assert_eq!(house.post_message("good").await.status_code, 201);
}

#[tokio::test]
async fn a_busy_conversation_is_told_to_its_members_only_and_strangers_cannot_use_it_up() {
    let house = house(RateLimits { sends: None, conversation_sends: Some(3), ..RateLimits::DEFAULT }).await;
    for _ in 0..10 {
        let foreign = json!({"conversation_id": house.foreign, "content": "let me in"});
        let refused = house.ask(SEND, "", Some(foreign)).await;
        assert_eq!((refused.status_code, problem(&refused)["code"].as_str()), (404, Some("not_found")));
    }
    for number in 0..3 {
        assert_eq!(house.post_message(&number.to_string()).await.status_code, 201);
    }
    let refused = house.post_message("one too many").await;
    assert_eq!(refused.status_code, 429);
    assert!(refused.headers["ratelimit-policy"].starts_with("\"conversation-sends\";q=3"));
    house.wait(problem(&refused)["retry_after_ms"].as_u64().unwrap());
    assert_eq!(house.post_message("one too many").await.status_code, 201);
}

#[tokio::test]
async fn without_redis_messages_are_never_refused_and_the_rest_has_a_quarter() {
    let house = House::behind(Arc::new(NoRedis), RateLimits::DEFAULT).await;
    for number in 0..50 {
        let answer = house.post_message(&number.to_string()).await;
        assert_eq!(answer.status_code, 201, "{}", answer.body);
        assert!(!answer.headers.contains_key("ratelimit"), "what is not counted is not told");
    }
    for number in 0..13 {
        let answer = house.read_log().await;
        assert_eq!(answer.status_code, 200, "{number}");
        assert_eq!(answer.headers["ratelimit-policy"], "\"reads\";q=13;w=1");
    }
    let refused = house.read_log().await;
    assert_eq!(refused.status_code, 429);
    house.wait(problem(&refused)["retry_after_ms"].as_u64().unwrap());
    assert_eq!(house.read_log().await.status_code, 200);
}

#[tokio::test]
async fn a_socket_that_does_not_slow_down_is_closed_and_told_why() {
    let house = house(RateLimits { sends: Some(1), ..RateLimits::DEFAULT }).await;
    assert_eq!(house.send(&house.message("one")).await["type"], "ack");
    let frame = json!({"type": "message.send", "id": "r1", "data": house.message("two")}).to_string();
    for _ in 0..50 {
        assert_eq!(house.frame(&frame).await.unwrap()["error"]["code"], "rate_limited");
    }
    house.stage.gateway.deliveries().clear();
    assert!(house.frame(&frame).await.is_none(), "the answer is posted before the end");
    let frames: Vec<String> = house
        .stage
        .gateway
        .deliveries()
        .iter()
        .map(|(_, frame)| String::from_utf8_lossy(frame).into_owned())
        .collect();
    assert!(frames[0].contains("\"nack\"") && frames[0].contains("rate_limited"), "{frames:?}");
    assert!(frames[1].contains("session.closing") && frames[1].contains("rate_limited"), "{frames:?}");
    assert_eq!(frames[2], "closed");
}
