//! Who is there, and who is told.

use std::time::{Duration, Instant};

use futures::future::join_all;
use parlance_tests::cloud::{Cloud, Setup};
use parlance_tests::credentials::{claims_with, now, signed};
use parlance_tests::person::Person;
use parlance_tests::socket::Socket;
use serde_json::{Value, json};

const A_MOMENT: Duration = Duration::from_millis(400);

/// The parameter's value here; it is 30 by default.
const GRACE: Duration = Duration::from_secs(2);

async fn with_short_grace() -> Cloud {
    Setup::default().parameter("PresenceGraceSeconds", "2").start().await
}

/// The next `presence.updated`, which has to be about this one.
async fn updated(socket: &mut Socket, person: &Person) -> Value {
    let event = socket.event().await;
    assert_eq!(
        (&event["type"], &event["data"]["user_id"]),
        (&json!("presence.updated"), &json!(person.id)),
        "{event}"
    );
    assert_eq!((&event["seq"], &event["conversation_id"]), (&Value::Null, &Value::Null));
    event["data"].clone()
}

/// How the watched are, as the ack tells it.
async fn watches(socket: &mut Socket, people: &[&Person]) -> Vec<Value> {
    let ids: Vec<&str> = people.iter().map(|person| person.id.as_str()).collect();
    let ack = socket.acked("presence.watch", &json!({"user_ids": ids})).await;
    assert!(ack.get("seq").is_none());
    ack["data"]["users"].as_array().unwrap().clone()
}

#[tokio::test]
async fn who_comes_and_goes_is_told_after_the_grace() {
    let cloud = with_short_grace().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    alice.direct_with(&bob).await;
    let mut watcher = bob.connect().await;
    let before = watches(&mut watcher, &[&alice]).await;
    assert_eq!(
        before,
        [json!({"user_id": alice.id, "status": "offline", "text": null, "last_seen_at": null})]
    );

    let phone = alice.connect().await;
    let there = updated(&mut watcher, &alice).await;
    assert_eq!(there, json!({"user_id": alice.id, "status": "online", "text": null, "last_seen_at": null}));
    let laptop = alice.connect().await;
    drop(phone);
    assert!(watcher.events_within(GRACE + A_MOMENT).await.is_empty(), "she has another socket");
    drop(laptop);
    let left = Instant::now();
    let gone = updated(&mut watcher, &alice).await;
    assert!(left.elapsed() + A_MOMENT > GRACE, "told after {:?}", left.elapsed());
    assert_eq!(gone["status"], "offline");
    let seen = gone["last_seen_at"].as_str().unwrap().to_owned();
    assert_eq!(watches(&mut watcher, &[&alice]).await[0]["last_seen_at"], seen.as_str());
}

#[tokio::test]
async fn who_comes_back_within_the_grace_was_never_away() {
    // Long enough for fifty handshakes on a busy machine.
    let grace = GRACE * 3;
    let cloud = &Setup::default().parameter("PresenceGraceSeconds", "6").start().await;
    let watcher = cloud.person("watcher");
    let people: Vec<Person> = (0..50).map(|number| cloud.person(&format!("crowd{number}"))).collect();
    watcher.group_with(&people).await;
    let mut watching = watcher.connect().await;
    let everybody: Vec<&Person> = people.iter().collect();
    assert_eq!(watches(&mut watching, &everybody).await.len(), 50);
    let first = join_all(people.iter().map(Person::connect)).await;
    for _ in 0..50 {
        assert_eq!(watching.event_of("presence.updated").await["data"]["status"], "online");
    }
    drop(first);
    tokio::time::sleep(GRACE / 2).await;
    let second = join_all(people.iter().map(Person::connect)).await;
    assert!(watching.events_within(grace + A_MOMENT).await.is_empty(), "a reconnect makes no noise");
    assert!(watches(&mut watching, &everybody).await.iter().all(|one| one["status"] == "online"));
    drop(second);
    for _ in 0..50 {
        assert_eq!(watching.event_of("presence.updated").await["data"]["status"], "offline");
    }
}

#[tokio::test]
async fn what_somebody_chose_is_shown_and_outlives_his_sockets() {
    let cloud = with_short_grace().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    alice.direct_with(&bob).await;
    let mut watcher = bob.connect().await;
    watches(&mut watcher, &[&alice]).await;
    let mut phone = alice.connect().await;
    assert_eq!(updated(&mut watcher, &alice).await["status"], "online");
    let busy = json!({"status": "busy", "text": "in a meeting ☕"});
    assert_eq!(phone.acked("presence.set", &busy).await["data"], busy);
    let told = updated(&mut watcher, &alice).await;
    assert_eq!((&told["status"], &told["text"]), (&busy["status"], &busy["text"]));
    phone.acked("presence.set", &busy).await;
    assert!(watcher.events_within(A_MOMENT).await.is_empty(), "it is the same");
    drop(phone);
    let gone = updated(&mut watcher, &alice).await;
    assert_eq!((&gone["status"], &gone["text"]), (&json!("offline"), &Value::Null));
    let mut presence = alice.connect_to("/ws/presence/").await;
    assert_eq!(updated(&mut watcher, &alice).await["text"], busy["text"], "a choice outlives sockets");

    presence.acked("presence.set", &json!({"status": "invisible", "text": "hidden"})).await;
    let gone = updated(&mut watcher, &alice).await;
    assert_eq!((&gone["status"], &gone["text"]), (&json!("offline"), &Value::Null));
    let seen = gone["last_seen_at"].clone();
    assert!(seen.is_string());
    drop(presence);
    let mut back = alice.connect().await;
    assert!(
        watcher.events_within(GRACE + A_MOMENT).await.is_empty(),
        "nobody sees an invisible one come and go"
    );
    assert_eq!(watches(&mut watcher, &[&alice]).await[0]["last_seen_at"], seen);
    back.acked("presence.set", &json!({"status": "away"})).await;
    assert_eq!(updated(&mut watcher, &alice).await["status"], "away");
}

#[tokio::test]
async fn a_socket_for_presence_watches_direct_conversations_until_it_says_otherwise() {
    let cloud = Cloud::shared().await;
    let [alice, bob, carol, dave] = cloud.people(["alice", "bob", "carol", "dave"]);
    let conversation = alice.direct_with(&bob).await;
    alice.group_with(&[carol.clone(), dave.clone()]).await;
    let mut socket = alice.connect_to("/ws/presence/").await;
    let mut other = alice.connect().await;
    let (mut of_bob, _of_carol) = (bob.connect().await, carol.connect().await);
    assert_eq!(updated(&mut socket, &bob).await["status"], "online");
    of_bob.says(&conversation, "not heard here").await;
    assert!(socket.events_within(A_MOMENT).await.is_empty(), "nobody else, and nothing else");
    assert!(other.events_within(A_MOMENT).await.iter().all(|event| event["type"] == "message.created"));

    let shown = watches(&mut socket, &[&carol, &dave]).await;
    assert_eq!((&shown[0]["status"], &shown[1]["status"]), (&json!("online"), &json!("offline")));
    of_bob.acked("presence.set", &json!({"status": "away"})).await;
    let _of_dave = dave.connect().await;
    assert_eq!(updated(&mut socket, &dave).await["status"], "online", "and Bob is not watched any more");
}

#[tokio::test]
async fn strangers_are_passed_over_and_bad_requests_refused() {
    let cloud = Cloud::shared().await;
    let [alice, bob, mallory] = cloud.people(["alice", "bob", "mallory"]);
    alice.direct_with(&bob).await;
    let _phone = alice.connect().await;
    for path in ["/ws/messaging/", "/ws/presence/"] {
        let mut socket = mallory.connect_to(path).await;
        let nobody = cloud.person("nobody");
        assert_eq!(watches(&mut socket, &[&alice, &nobody]).await, Vec::<Value>::new());
        assert_eq!(watches(&mut socket, &[&mallory, &mallory]).await.len(), 1, "oneself, once");
        let many: Vec<String> = (0..201).map(|number| format!("user{number}")).collect();
        for bad in [
            json!({}),
            json!({"user_ids": null}),
            json!({"user_ids": "alice"}),
            json!({"user_ids": [7]}),
            json!({"user_ids": [""]}),
            json!({"user_ids": many}),
        ] {
            socket.refused("presence.watch", &bad, "validation_failed").await;
        }
        for (bad, pointer) in [
            (json!({}), "/status"),
            (json!({"status": "offline"}), "/status"),
            (json!({"status": 1}), "/status"),
            (json!({"status": "away", "text": "x".repeat(141)}), "/text"),
            (json!({"status": "away", "text": "\u{0}"}), "/text"),
            (json!({"status": "away", "text": ["x"]}), "/text"),
        ] {
            let refusal = socket.refused("presence.set", &bad, "validation_failed").await;
            assert_eq!(refusal["errors"][0]["pointer"], pointer, "{bad}");
        }
        let longest = json!({"status": "away", "text": "ä".repeat(140)});
        assert_eq!(socket.acked("presence.set", &longest).await["data"], longest);
        assert_eq!(
            socket.acked("presence.watch", &json!({"user_ids": []})).await["data"],
            json!({"users": []})
        );
        assert_eq!(socket.request("session.start", &json!({})).await["type"], "session.ready");
    }
    let mut watcher = bob.connect().await;
    assert_eq!(watches(&mut watcher, &[&alice]).await[0]["status"], "online");
}

#[tokio::test]
async fn sockets_take_what_they_are_for() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let (set, watch) = (json!({"status": "away"}), json!({"user_ids": [bob.id]}));
    let mut typing = alice.connect_to(&format!("/ws/typing/{conversation}/")).await;
    typing.refused("presence.set", &set, "forbidden").await;
    typing.refused("presence.watch", &watch, "forbidden").await;
    let mut presence = alice.connect_to("/ws/presence/").await;
    let message = json!({"conversation_id": conversation, "content": "not here"});
    presence.refused("message.send", &message, "forbidden").await;
    presence.refused("typing.start", &json!({"conversation_id": conversation}), "forbidden").await;
    for path in ["/ws/messaging/".to_owned(), format!("/ws/chat/{conversation}/"), "/ws/presence/".to_owned()]
    {
        let mut socket = alice.connect_to(&path).await;
        socket.acked("presence.set", &set).await;
        socket.acked("presence.watch", &watch).await;
    }
}

#[tokio::test]
async fn over_http_one_asks_how_acquaintances_are() {
    let cloud = Cloud::shared().await;
    let [alice, bob, mallory] = cloud.people(["alice", "bob", "mallory"]);
    alice.direct_with(&bob).await;
    let mut phone = alice.connect().await;
    phone.acked("presence.set", &json!({"status": "busy", "text": "in a meeting"})).await;
    let path = format!("presence/?ids={},{},{}", alice.id, mallory.id, bob.id);
    let shown = bob.get(&path).await.with(200);
    let busy = json!({"user_id": alice.id, "status": "busy", "text": "in a meeting", "last_seen_at": null});
    let oneself = json!({"user_id": bob.id, "status": "offline", "text": null, "last_seen_at": null});
    assert_eq!(shown, json!({"users": [busy, oneself]}));
    assert_eq!(bob.get(&path.replace("/?", "?")).await.with(200), shown);
    let nobody = json!({"users": []});
    assert_eq!(mallory.get(&format!("presence/?ids={}", alice.id)).await.with(200), nobody);
    let many = vec!["x"; 201].join(",");
    let long = "x".repeat(129);
    for bad in ["presence/", "presence/?ids=", "presence/?ids=a,,b", "presence/?ids=%00"]
        .map(str::to_owned)
        .into_iter()
        .chain([format!("presence/?ids={many}"), format!("presence/?ids={long}")])
    {
        let answer = bob.get(&bad).await;
        assert_eq!(answer.refused(422, "validation_failed")["errors"][0]["pointer"], "/ids", "{bad}");
    }
    alice.showing("rubbish").get(&path).await.refused(401, "unauthenticated");
}

/// Until the schedule, which looks each minute, has found out.
async fn told_within_two_minutes(watcher: &mut Socket, person: &Person) -> Value {
    let until = Instant::now() + Duration::from_mins(2);
    while Instant::now() < until {
        for event in watcher.events_within(Duration::from_secs(1)).await {
            if event["type"] == "presence.updated" && event["data"]["user_id"] == person.id.as_str() {
                return event["data"].clone();
            }
        }
    }
    panic!("nobody found out");
}

#[tokio::test]
async fn an_end_that_nobody_told_is_found_out() {
    let setup = Setup::default().parameter("PresenceGraceSeconds", "2").parameter("JwtLeewaySeconds", "0");
    let cloud = setup.start().await;
    let [alice, bob, carol] = cloud.people(["alice", "bob", "carol"]);
    let conversation = bob.direct_with(&alice).await;
    bob.direct_with(&carol).await;
    let (mut of_alice, mut of_carol) = (bob.connect().await, bob.connect().await);
    watches(&mut of_alice, &[&alice]).await;
    watches(&mut of_carol, &[&carol]).await;
    let expiring = carol.showing(signed(&claims_with(&carol.id, &json!({"exp": now() + 8}))));
    let (first, second) = (alice.connect().await, expiring.connect().await);
    assert_eq!(updated(&mut of_alice, &alice).await["status"], "online");
    assert_eq!(updated(&mut of_carol, &carol).await["status"], "online");

    cloud.faults().begin(&json!({"name": "disconnect.lost"})).await;
    drop((first, second));
    tokio::time::sleep(GRACE * 2).await;
    bob.says(&conversation, "are you there?").await;
    // Alice's socket answers that it is gone, Carol's token expires.
    let (gone, expired) = tokio::join!(
        told_within_two_minutes(&mut of_alice, &alice),
        told_within_two_minutes(&mut of_carol, &carol)
    );
    for presence in [gone, expired] {
        assert_eq!(presence["status"], "offline");
        assert!(presence["last_seen_at"].is_string(), "{presence}");
    }
}
