//! One refusal per route, each paired with the same request that succeeds: a route without a case fails here.

use std::collections::BTreeSet;
use std::fs;

use parlance_tests::answer::Answer;
use parlance_tests::cloud::Cloud;
use parlance_tests::programs::Programs;
use reqwest::Method;
use serde_json::{Value, json};

/// How a route refuses, and whom it serves.
enum Case {
    /// Without a token 401, with one this status.
    NeedsToken(Value, u16),
    /// Without a token 401, with a person's 403, with a service's this status.
    NeedsService(Value, u16),
    /// There is nobody whom it does not serve; another method is API Gateway's 404.
    ServesEverybody,
    /// A frame of the socket is refused with this code, where the other data is acknowledged.
    Frame(Value, &'static str, Value),
    /// The handshake is refused without credentials.
    Handshake,
    /// Nobody asks for it: it cannot be refused.
    NotAsked,
}

/// What the paths of the cases name.
struct Names {
    me: String,
    other: String,
    conversation: String,
    message: String,
    webhook: String,
    /// A file of mine that is there, and one that is to come in parts.
    files: [String; 2],
    /// A group of the two that carries the reference `refusals` and my id; one to leave, and one to delete.
    groups: [String; 3],
}

#[allow(clippy::too_many_lines, reason = "one case for each route")]
fn cases(names: &Names) -> Vec<(&'static str, String, Case)> {
    let Names { me, other, conversation, message, webhook, files: [file, large_file], groups } = names;
    let in_group = |route: &'static str, group: usize, case: Case| {
        let path = route.split_once(' ').unwrap().1.replace("{id}", &groups[group]);
        (route, path.replace("{user_id}", other), case)
    };
    let path = |path: &str| {
        let id = match path {
            path if path.contains("messages/{id}") => message,
            path if path.contains("webhooks/{id}") => webhook,
            path if path.contains("attachments/{id}/parts") => large_file,
            path if path.contains("attachments/{id}") => file,
            _ => conversation,
        };
        path.replace("{id}", id)
    };
    let hook = json!({"url": "https://example.com/", "events": ["message.created"]});
    let nothing = json!({"conversations": {}});
    let announced = announcement(5);
    let parts = json!({"parts": [{"part_number": 1}]});
    let (title, user) = (json!({"title": "Another"}), json!({"user_id": other}));
    let text = json!({"conversation_id": conversation, "content": "served"});
    let foreign = json!({"conversation_id": format!("c_{}", "0".repeat(26)), "content": "refused"});
    let read = json!({"conversation_id": conversation, "up_to": 1});
    let unread = json!({"conversation_id": format!("c_{}", "0".repeat(26)), "up_to": 1});
    let http = |route: &'static str, case: Case| (route, path(route.split_once(' ').unwrap().1), case);
    let reads = || Case::NeedsToken(Value::Null, 200);
    let frame = |kind: &'static str, refused: Value, code: &'static str, served: Value| {
        (kind, kind.to_owned(), Case::Frame(refused, code, served))
    };
    vec![
        http("GET /healthz", Case::ServesEverybody),
        http("GET /api/messaging/limits", Case::ServesEverybody),
        http("GET /api/messaging/openapi.json", Case::ServesEverybody),
        http("GET /api/messaging/asyncapi.json", Case::ServesEverybody),
        http("POST /api/messaging/ws/ticket", Case::NeedsToken(json!({}), 201)),
        http("GET /api/messaging/conversations", reads()),
        http("POST /api/messaging/conversations", Case::NeedsToken(json!({"title": me}), 201)),
        http("POST /api/messaging/conversations/direct", Case::NeedsToken(json!({"user_id": other}), 200)),
        http("GET /api/messaging/conversations/{id}", reads()),
        http("GET /api/messaging/conversations/{id}/messages", reads()),
        http("GET /api/messaging/conversations/{id}/log", reads()),
        http("POST /api/messaging/conversations/task", Case::NeedsToken(json!({"task_id": me}), 201)),
        (
            "GET /api/messaging/conversations/ref/{type}/{id}",
            format!("/api/messaging/conversations/ref/refusals/{me}"),
            reads(),
        ),
        in_group("PATCH /api/messaging/conversations/{id}", 0, Case::NeedsToken(title.clone(), 200)),
        in_group("POST /api/messaging/conversations/{id}/update_title", 0, Case::NeedsToken(title, 200)),
        in_group(
            "POST /api/messaging/conversations/{id}/add_participant",
            0,
            Case::NeedsToken(user.clone(), 200),
        ),
        in_group("GET /api/messaging/conversations/{id}/participants", 0, reads()),
        in_group(
            "PATCH /api/messaging/conversations/{id}/participants/{user_id}",
            0,
            Case::NeedsToken(json!({"role": "guest"}), 200),
        ),
        in_group("POST /api/messaging/conversations/{id}/remove_participant", 0, Case::NeedsToken(user, 200)),
        in_group("POST /api/messaging/conversations/{id}/mute", 0, Case::NeedsToken(json!({}), 200)),
        in_group("DELETE /api/messaging/conversations/{id}/mute", 0, Case::NeedsToken(Value::Null, 200)),
        in_group("POST /api/messaging/conversations/{id}/archive", 0, Case::NeedsToken(json!({}), 200)),
        in_group("DELETE /api/messaging/conversations/{id}/archive", 0, Case::NeedsToken(Value::Null, 200)),
        in_group("POST /api/messaging/conversations/{id}/leave", 1, Case::NeedsToken(json!({}), 204)),
        in_group("DELETE /api/messaging/conversations/{id}", 2, Case::NeedsToken(Value::Null, 204)),
        http("POST /api/messaging/sync", Case::NeedsToken(nothing.clone(), 200)),
        http("GET /api/messaging/me", reads()),
        http("PATCH /api/messaging/me", Case::NeedsToken(json!({"name": me}), 200)),
        http("GET /api/messaging/blocks", reads()),
        http("POST /api/messaging/blocks", Case::NeedsToken(json!({"user_id": "somebody else"}), 201)),
        in_group("DELETE /api/messaging/blocks/{user_id}", 0, Case::NeedsToken(Value::Null, 204)),
        http("PUT /api/messaging/users/{id}", Case::NeedsService(json!({"name": other}), 200)),
        http("GET /api/messaging/users/{id}", Case::NeedsService(Value::Null, 200)),
        http("POST /api/messaging/messages", Case::NeedsToken(text.clone(), 201)),
        http("GET /api/messaging/messages/{id}", reads()),
        ("GET /api/messaging/presence", format!("/api/messaging/presence?ids={other}"), reads()),
        http("GET /api/messaging/webhooks", Case::NeedsService(Value::Null, 200)),
        http("POST /api/messaging/webhooks", Case::NeedsService(hook, 201)),
        http("GET /api/messaging/webhooks/{id}", Case::NeedsService(Value::Null, 200)),
        http("PATCH /api/messaging/webhooks/{id}", Case::NeedsService(json!({"enabled": true}), 200)),
        http("DELETE /api/messaging/webhooks/{id}", Case::NeedsService(Value::Null, 204)),
        http("POST /api/messaging/attachments", Case::NeedsToken(announced, 201)),
        http("GET /api/messaging/attachments/{id}", reads()),
        http("GET /api/messaging/attachments/{id}/parts", reads()),
        http("POST /api/messaging/attachments/{id}/parts", Case::NeedsToken(parts, 200)),
        http("POST /api/messaging/attachments/{id}/complete", Case::NeedsToken(json!({}), 200)),
        http("DELETE /api/messaging/attachments/{id}/delete", Case::NeedsToken(Value::Null, 204)),
        http("PATCH /api/messaging/messages/{id}", Case::NeedsToken(json!({"content": "edited"}), 200)),
        http("POST /api/messaging/messages/mark_as_read", Case::NeedsToken(read.clone(), 200)),
        http("GET /api/messaging/messages/unread_count", reads()),
        http("GET /api/messaging/conversations/{id}/receipts", reads()),
        http("DELETE /api/messaging/messages/{id}/delete", Case::NeedsToken(Value::Null, 204)),
        ("message.read", "message.read".to_owned(), Case::Frame(unread, "not_found", read)),
        ("$connect", String::new(), Case::Handshake),
        ("$disconnect", String::new(), Case::NotAsked),
        ("$default", "nonsense".to_owned(), Case::Frame(json!({}), "unknown_type", Value::Null)),
        frame("message.send", foreign.clone(), "not_found", text),
        frame("sync", json!({}), "validation_failed", json!({"conversations": {}})),
        frame("presence.set", json!({"status": "asleep"}), "validation_failed", json!({"status": "online"})),
        frame("presence.watch", json!({}), "validation_failed", json!({"user_ids": [other]})),
        // What is served is not answered.
        frame("typing.start", foreign.clone(), "not_found", Value::Null),
        frame("typing.stop", foreign, "not_found", Value::Null),
    ]
}

/// What is said of a file before it comes.
fn announcement(size: u64) -> Value {
    json!({"filename": "a.txt", "content_type": "text/plain", "size": size})
}

/// The routes as the template has them.
fn routes() -> BTreeSet<String> {
    let template = fs::read_to_string(Programs::built().root.join("template.yaml")).unwrap();
    let value = |line: &str, name: &str| {
        let (_, rest) = line.split_once(name)?;
        Some(rest.split([',', '}']).next()?.trim().trim_matches('"').to_owned())
    };
    let http = |line: &str| {
        let (_, path) = line.split_once(" Path: ")?;
        let path = path.trim_end_matches(['}', ' ']).trim_matches('"');
        let is_open = path.matches('{').count() > path.matches('}').count();
        let path = if is_open { format!("{path}}}") } else { path.to_owned() };
        Some(format!("{} {path}", value(line, "Method: ")?))
    };
    template.lines().filter_map(|line| value(line, "RouteKey: ").or_else(|| http(line))).collect()
}

#[tokio::test]
async fn each_route_refuses_as_it_should_and_serves_whom_it_should() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let message = alice.says(&conversation, "first").await["id"].as_str().unwrap().to_owned();
    let service = cloud.person("service").as_service();
    let hook = json!({"url": "https://example.com/", "events": ["message.created"]});
    let webhook = service.post("webhooks/", &hook).await.with(201)["id"].as_str().unwrap().to_owned();
    let reference = json!({"type": "refusals", "id": alice.id});
    let body = json!({"participant_ids": [bob.id], "ref": reference});
    let first = alice.post("conversations/", &body).await.with(201)["id"].as_str().unwrap().to_owned();
    let groups = [first, alice.group_with([&bob]).await, alice.group_with([&bob]).await];
    let (me, other) = (alice.id.clone(), bob.id.clone());
    let large_file = alice.post("attachments/", &announcement(200 << 20)).await.with(201);
    let large_file = large_file["id"].as_str().unwrap().to_owned();
    let files = [alice.uploads("a.txt", b"hello").await, large_file];
    let cases = cases(&Names { me, other, conversation, message, webhook, files, groups });
    let covered: BTreeSet<String> = cases.iter().map(|(route, ..)| (*route).to_owned()).collect();
    assert_eq!(covered, routes(), "each route has its case");

    let mut socket = alice.connect().await;
    for (route, path, case) in cases {
        let method = || Method::from_bytes(route.split(' ').next().unwrap().as_bytes()).unwrap();
        match case {
            Case::NeedsToken(body, status) => {
                let refused = Answer::to(alice.anonymous(method(), &path).json(&body)).await;
                refused.refused(401, "unauthenticated");
                let served = Answer::to(alice.request(method(), &path).json(&body)).await;
                assert_eq!(served.status, status, "{route}: {}", served.text);
            }
            Case::NeedsService(body, status) => {
                let refused = Answer::to(alice.anonymous(method(), &path).json(&body)).await;
                refused.refused(401, "unauthenticated");
                let refused = Answer::to(alice.request(method(), &path).json(&body)).await;
                let problem = refused.refused(403, "forbidden");
                assert!(problem["detail"].as_str().unwrap().contains("messaging:service"), "{problem}");
                let served = Answer::to(service.request(method(), &path).json(&body)).await;
                assert_eq!(served.status, status, "{route}: {}", served.text);
            }
            Case::ServesEverybody => {
                assert_eq!(Answer::to(alice.anonymous(method(), &path)).await.status, 200, "{route}");
                assert_eq!(Answer::to(alice.request(Method::DELETE, &path)).await.status, 404, "{route}");
            }
            Case::Frame(refused, code, served) => {
                socket.refused(&path, &refused, code).await;
                if served.is_object() {
                    socket.acked(&path, &served).await;
                }
            }
            Case::Handshake => {
                assert_eq!(alice.handshake("/ws/messaging/").refused().await, 401);
                alice.connect().await;
            }
            Case::NotAsked => {}
        }
    }
}
