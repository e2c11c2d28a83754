//! A POST with a key: done once, answered alike each time, whatever becomes of the attempt.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a broken assumption should stop a test"
)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::FutureExt;
use parlance_application::{
    limits::rates::RateLimits,
    ports::{
        environment::Clock,
        idempotency::MAX_KEPT_BYTES,
        identity::{Identity, ProfileClaims},
    },
    sessions::{admit::AdmitCaller, authenticate::Authenticate},
};
use parlance_edge::{
    Function, Refusal,
    http::{Callers, HttpRoute, HttpRoutes, Replay, Reply, Request, event::HttpAnswer},
};
use parlance_protocol::{error_code::ErrorCode, problem::Problem};
use parlance_testkit::{
    memory::{
        environment::SeededRandom,
        idempotency::MemoryIdempotency,
        identity::{MemoryTickets, MemoryTokens},
        people::MemoryPeople,
    },
    scene::{Scene, user},
};
use serde_json::{Value, json};

/// Does what its body says, and counts how often it was asked.
struct Things(Arc<AtomicUsize>);

#[async_trait]
impl HttpRoute for Things {
    fn key(&self) -> &'static str {
        "POST /things/{id}"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let number = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        let body = request.parts.json()?;
        match body.get("do").and_then(Value::as_str) {
            Some("refuse") => Err(Problem::new(ErrorCode::Forbidden, "no").into()),
            Some("fail once") if number == 1 => Err(Problem::new(ErrorCode::Unavailable, "later").into()),
            Some("panic once") if number == 1 => panic!("once"),
            Some("wait") => std::future::pending().await,
            Some("much") => Reply::ok(&"x".repeat(MAX_KEPT_BYTES)),
            _ => Ok(Reply::created(&json!({"number": number}))?.at("/things/1/".to_owned())),
        }
    }
}

struct House {
    scene: Scene,
    routes: HttpRoutes,
    kept: MemoryIdempotency,
    asked: Arc<AtomicUsize>,
}

fn house() -> House {
    let scene = Scene::default();
    let (clock, kept, asked) =
        (Arc::new(scene.clock.clone()), MemoryIdempotency::default(), Arc::<AtomicUsize>::default());
    let tokens = MemoryTokens::default();
    for name in ["alice", "bob"] {
        let identity = Identity {
            user: user(name),
            expires_at: clock.now().plus(Duration::from_hours(48)),
            is_service: false,
            is_admin: false,
            profile: ProfileClaims::default(),
        };
        tokens.issue(name, identity);
    }
    let authenticate = Authenticate::new(Arc::new(tokens), Arc::new(MemoryTickets::default()), clock.clone());
    let replay = Replay::new(Arc::new(kept.clone()), clock, Arc::new(SeededRandom::new(1)));
    let admit = AdmitCaller::new(authenticate, Arc::new(MemoryPeople::default()));
    let callers = Callers { admit, limiter: scene.limiter(RateLimits::NONE), replay };
    let routes = HttpRoutes::for_callers(callers).route(Things(Arc::clone(&asked)));
    House { scene, routes, kept, asked }
}

impl House {
    async fn ask(&self, who: &str, key: Option<&str>, id: &str, body: &Value) -> HttpAnswer {
        let mut headers = json!({"authorization": format!("Bearer {who}")});
        if let Some(key) = key {
            headers["idempotency-key"] = key.into();
        }
        let event = json!({
            "version": "2.0", "routeKey": "POST /things/{id}", "rawPath": "/", "rawQueryString": "",
            "headers": headers, "pathParameters": {"id": id}, "body": body.to_string(),
            "isBase64Encoded": false, "requestContext": {},
        });
        self.routes.call(serde_json::from_value(event).unwrap()).await.unwrap()
    }

    async fn post(&self, what: &str) -> HttpAnswer {
        self.ask("alice", Some("key"), "1", &json!({ "do": what })).await
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

fn code(answer: &HttpAnswer) -> Value {
    serde_json::from_str::<Value>(&answer.body).unwrap()["code"].clone()
}

#[tokio::test]
async fn the_first_answer_comes_again_with_everything_that_belongs_to_it() {
    let house = house();
    let first = house.post("make").await;
    let mut again = house.post("make").await;
    assert_eq!(house.asked(), 1);
    assert_eq!(again.headers.remove("idempotency-replayed").as_deref(), Some("true"));
    assert_eq!(again, first);
    house.scene.clock.advance(Duration::from_hours(24));
    assert_eq!(house.post("make").await.status_code, 201);
    assert_eq!(house.asked(), 2, "a day later the key is new");
}

#[tokio::test]
async fn without_a_key_each_request_is_done_and_nothing_is_kept() {
    let house = house();
    for number in 1..3 {
        let answer = house.ask("alice", None, "1", &json!({})).await;
        assert_eq!(answer.body, json!({ "number": number }).to_string());
    }
    assert!(house.kept.is_empty());
}

#[tokio::test]
async fn another_body_or_path_under_the_same_key_is_a_conflict_and_another_user_is_not() {
    let house = house();
    house.post("make").await;
    for (id, body) in [("1", json!({"do": "other"})), ("2", json!({"do": "make"}))] {
        let refused = house.ask("alice", Some("key"), id, &body).await;
        assert_eq!((refused.status_code, code(&refused)), (409, json!("idempotency_conflict")));
    }
    assert_eq!(house.ask("bob", Some("key"), "2", &json!({})).await.status_code, 201);
    assert_eq!(house.asked(), 2);
}

#[tokio::test]
async fn a_final_refusal_is_an_answer_and_one_that_says_later_is_none() {
    for (what, first, second, asked) in
        [("refuse", 403, 403, 1), ("fail once", 503, 201, 2), ("panic once", 500, 201, 2)]
    {
        let house = house();
        assert_eq!(house.post(what).await.status_code, first, "{what}");
        let again = house.post(what).await;
        assert_eq!((again.status_code, house.asked()), (second, asked), "{what}");
        if first == second {
            assert_eq!(again.headers["content-type"], "application/problem+json");
            assert_eq!(again.headers["idempotency-replayed"], "true");
        }
    }
}

#[tokio::test]
async fn while_the_first_runs_the_others_wait_and_when_it_died_one_takes_over() {
    let house = house();
    assert!(house.post("wait").now_or_never().is_none(), "it died before it answered");
    let refused = house.post("wait").await;
    assert_eq!((refused.status_code, code(&refused)), (409, json!("conflict")));
    let problem: Value = serde_json::from_str(&refused.body).unwrap();
    assert_eq!((&problem["retryable"], &problem["retry_after_ms"]), (&json!(true), &json!(1_000)));
    house.scene.clock.advance(Duration::from_secs(30));
    assert!(house.post("wait").now_or_never().is_none());
    assert_eq!(house.asked(), 2);
}

#[tokio::test]
async fn an_answer_that_is_too_large_to_be_kept_is_not_made_twice() {
    let house = house();
    assert_eq!(house.post("much").await.status_code, 200);
    let again = house.post("much").await;
    assert_eq!((again.status_code, code(&again), house.asked()), (409, json!("conflict"), 1));
}

#[tokio::test]
async fn a_key_of_the_wrong_form_is_refused() {
    let house = house();
    for key in ["", "ü", &"x".repeat(65)] {
        assert_eq!(house.ask("alice", Some(key), "1", &json!({})).await.status_code, 422, "{key}");
    }
    assert_eq!(house.ask("alice", Some(&"x".repeat(64)), "1", &json!({})).await.status_code, 201);
    assert_eq!(house.asked(), 1);
}
