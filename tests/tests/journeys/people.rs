//! People: how they appear, and those who may not come in any more.

use std::time::Duration;

use parlance_tests::cloud::Cloud;
use parlance_tests::credentials::{claims_with, signed};
use parlance_tests::person::Person;
use reqwest::Method;
use serde_json::{Value, json};

fn named(person: &Person, name: &str) -> Person {
    let claims = json!({"name": name, "picture": "https://pictures.example/1", "locale": "pt-BR"});
    person.showing(signed(&claims_with(&person.id, &claims)))
}

fn user(person: &Person) -> String {
    format!("users/{}/", person.id)
}

async fn put(service: &Person, person: &Person, body: &Value) -> Value {
    service.ask(Method::PUT, &user(person), body).await.with(200)
}

#[tokio::test]
async fn a_profile_begins_with_the_token_and_is_then_its_owners() {
    let cloud = Cloud::shared().await;
    let alice = named(&cloud.person("alice"), "Alice");
    let expected = json!({"id": alice.id, "name": "Alice", "picture": "https://pictures.example/1",
        "locale": "pt-BR", "deactivated": false});
    for path in ["me/", "me"] {
        assert_eq!(alice.get(path).await.with(200), expected);
    }
    let alice = named(&alice, "Another");
    assert_eq!(alice.get("me/").await.with(200), expected, "a later token changes nothing");

    let change = json!({"name": "Al", "picture": null, "deactivated": true, "id": "somebody"});
    let changed = alice.ask(Method::PATCH, "me/", &change).await.with(200);
    let expected =
        json!({"id": alice.id, "name": "Al", "picture": null, "locale": "pt-BR", "deactivated": false});
    assert_eq!(changed, expected, "whether one may come in is not one's own affair");
    let shown = alice.get("me/").await;
    assert_eq!(shown.with(200), expected);
    let unchanged = alice.request(Method::GET, "me/").header("if-none-match", shown.header("etag"));
    assert_eq!(unchanged.send().await.unwrap().status(), 304);
}

#[tokio::test]
async fn somebody_is_known_from_his_first_request_or_socket_on() {
    let cloud = Cloud::shared().await;
    let service = cloud.person("backend").as_service();
    let [alice, bob, carol] = cloud.people(["alice", "bob", "carol"]);
    service.get(&user(&alice)).await.refused(404, "not_found");
    named(&alice, "Alice").get("conversations/").await.with(200);
    named(&bob, "Bob").connect().await;
    for (person, name) in [(&alice, "Alice"), (&bob, "Bob")] {
        assert_eq!(service.get(&user(person)).await.with(200)["name"], name);
    }
    let set = put(&service, &carol, &json!({"name": "Carol", "locale": "de"})).await;
    assert_eq!(
        (&set["name"], &set["locale"], &set["picture"]),
        (&json!("Carol"), &json!("de"), &json!(null))
    );
    let seen = named(&carol, "Somebody else").get("me/").await.with(200);
    assert_eq!(seen, set, "what the accounts' system said stands");
}

#[tokio::test]
async fn each_field_of_a_profile_is_checked() {
    let cloud = Cloud::shared().await;
    let alice = cloud.person("alice");
    let service = cloud.person("backend").as_service();
    let bad = [
        ("name", json!(7)),
        ("name", json!("")),
        ("name", json!("a\u{0}")),
        ("name", json!("ü".repeat(201))),
        ("picture", json!({})),
        ("picture", json!("javascript:alert(1)")),
        ("picture", json!(format!("https://x/{}", "x".repeat(1024)))),
        ("locale", json!([])),
        ("locale", json!("d e")),
    ];
    for (field, value) in bad {
        let body = json!({field: value});
        for answer in [
            alice.ask(Method::PATCH, "me/", &body).await,
            service.ask(Method::PUT, &user(&alice), &body).await,
        ] {
            let problem = answer.refused(422, "validation_failed");
            assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"), "{body}: {problem}");
        }
    }
    for value in [json!(1), json!("true"), json!([])] {
        let answer = service.ask(Method::PUT, &user(&alice), &json!({"deactivated": value})).await;
        assert_eq!(answer.refused(422, "validation_failed")["errors"][0]["pointer"], "/deactivated");
    }
    for path in [format!("users/{}/", "x".repeat(129)), "users/a%00b/".to_owned()] {
        service.ask(Method::PUT, &path, &json!({"name": "x"})).await.refused(404, "not_found");
    }
    let refused = alice.ask(Method::PUT, &user(&alice), &json!({"name": "x"})).await;
    assert!(refused.refused(403, "forbidden")["detail"].as_str().unwrap().contains("messaging:service"));
    assert_eq!(alice.get("me/").await.with(200)["name"], alice.id.as_str(), "nothing was changed");
    put(&service, &alice, &json!({"name": "ü".repeat(200), "locale": null, "deactivated": false})).await;
}

#[tokio::test]
async fn who_is_deactivated_falls_silent_everywhere_until_he_is_made_active_again() {
    let cloud = Cloud::shared().await;
    let service = cloud.person("backend").as_service();
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let scoped = format!("/ws/messaging/conversations/{conversation}/");
    let mut sockets = vec![bob.connect().await, bob.connect_to(&scoped).await];
    let ticket = bob.post("ws/ticket/", &json!({})).await.with(201)["ticket"].clone();

    assert_eq!(put(&service, &bob, &json!({"deactivated": true})).await["deactivated"], true);
    for socket in &mut sockets {
        let closing = socket.event_of("session.closing").await;
        assert_eq!(
            (&closing["data"]["code"], &closing["data"]["reconnect"]),
            (&json!("forbidden"), &json!(false))
        );
        socket.closed().await;
    }
    for (method, path) in [
        (Method::GET, "me/".to_owned()),
        (Method::GET, "conversations/".to_owned()),
        (Method::GET, format!("conversations/{conversation}/messages/")),
        (Method::POST, "ws/ticket/".to_owned()),
        (Method::POST, "messages/".to_owned()),
    ] {
        bob.ask(method, &path, &json!({})).await.refused(403, "forbidden");
    }
    for query in [format!("token={}", bob.token), format!("ticket={}", ticket.as_str().unwrap())] {
        assert_eq!(bob.handshake(&format!("/ws/messaging/?{query}")).refused().await, 403);
    }
    alice.says(&conversation, "are you there?").await;

    put(&service, &bob, &json!({"deactivated": false})).await;
    assert_eq!(bob.contents(&conversation).await, ["are you there?"]);
    let mut socket = bob.connect().await;
    alice.says(&conversation, "welcome back").await;
    assert_eq!(socket.event_of("message.created").await["data"]["content"], "welcome back");
    assert!(socket.events_within(Duration::from_millis(200)).await.is_empty());
}
