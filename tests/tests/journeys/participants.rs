//! Who comes and who goes, over real sockets and HTTP.

use std::net::SocketAddr;
use std::time::Duration;

use parlance_tests::cloud::{Cloud, Setup, kill};
use parlance_tests::person::Person;
use parlance_tests::proxy::{Proxy, free_port};
use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};

const A_MOMENT: Duration = Duration::from_millis(300);

fn roles(conversation: &Value) -> Vec<(String, String)> {
    let participants = conversation["participants"].as_array().unwrap().iter();
    participants
        .map(|one| (one["user_id"].as_str().unwrap().to_owned(), one["role"].as_str().unwrap().to_owned()))
        .collect()
}

#[tokio::test]
async fn who_is_added_is_told_so_and_everybody_else_that_he_came() {
    let cloud = Cloud::shared().await;
    let [alice, bob, carol] = cloud.people(["alice", "bob", "carol"]);
    let conversation = alice.group_with([&bob]).await;
    let (mut phone, mut newcomer) = (bob.connect().await, carol.connect().await);
    let shown = alice.adds(&conversation, &carol, "guest").await;
    assert_eq!((&shown["seq"], &shown["participant_count"]), (&json!(2), &json!(3)));

    let event = phone.event_of("participant.added").await;
    let expected =
        json!({"participants": [{"user_id": carol.id, "role": "guest", "joined_seq": 2}], "by": alice.id});
    assert_eq!((&event["seq"], &event["data"]), (&json!(2), &expected));
    let created = newcomer.event_of("conversation.created").await;
    assert_eq!((&created["conversation_id"], &created["seq"]), (&json!(conversation), &Value::Null));
    assert_eq!(created["data"]["participant_count"], 3);
    let invited = newcomer.event_of("notification.created").await;
    assert_eq!(invited["data"], json!({"kind": "invitation", "by": alice.id}));
    assert_eq!(newcomer.event_of("participant.added").await, event, "the entry itself is hers too");

    let again = alice.adds(&conversation, &carol, "admin").await;
    assert_eq!((&again["seq"], &again["head_seq"]), (&Value::Null, &json!(2)), "nothing changes");
    assert!(roles(&again).contains(&(carol.id.clone(), "guest".to_owned())));
    carol.says(&conversation, "hello").await;
    assert_eq!(phone.event_of("message.created").await["data"]["content"], "hello");
    let (without, with) = ("add_participant", "add_participant/");
    for path in [without, with] {
        let path = format!("conversations/{conversation}/{path}");
        alice.post(&path, &json!({"user_id": carol.id})).await.with(200);
    }
}

#[tokio::test]
async fn who_is_removed_falls_silent_at_once_and_sees_nothing_any_more() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.group_with([&bob]).await;
    let message = alice.says(&conversation, "before").await["id"].as_str().unwrap().to_owned();
    let mut whole = bob.connect().await;
    let mut scoped = bob.connect_to(&format!("/ws/messaging/conversations/{conversation}/")).await;
    let mut typing = bob.connect_to(&format!("/ws/typing/{conversation}/")).await;
    let shown = alice.removes(&conversation, &bob).await;
    assert_eq!((&shown["seq"], &shown["participant_count"]), (&json!(3), &json!(1)));
    alice.says(&conversation, "after").await;

    let removed = whole.event_of("participant.removed").await;
    assert_eq!(removed["data"], json!({"participants": [{"user_id": bob.id}], "by": alice.id}));
    for socket in [&mut scoped, &mut typing] {
        let closing = socket.event_of("session.closing").await;
        assert_eq!(
            (&closing["data"]["code"], &closing["data"]["reconnect"]),
            (&json!("not_found"), &json!(false))
        );
        socket.closed().await;
    }
    let later = whole.events_within(A_MOMENT).await;
    assert!(later.iter().all(|event| event["type"] != "message.created"), "{later:?}");
    for rest in ["", "messages/", "log/", "participants/"] {
        bob.get(&format!("conversations/{conversation}/{rest}")).await.refused(404, "not_found");
        alice.get(&format!("conversations/{conversation}/{rest}")).await.with(200);
    }
    bob.get(&format!("messages/{message}/")).await.refused(404, "not_found");
    for verb in ["add_participant", "remove_participant"] {
        let path = format!("conversations/{conversation}/{verb}/");
        bob.post(&path, &json!({"user_id": alice.id})).await.refused(404, "not_found");
    }
    for verb in ["leave", "mute", "archive"] {
        let path = format!("conversations/{conversation}/{verb}/");
        bob.post(&path, &json!({})).await.refused(404, "not_found");
    }
    let handshake = format!("/ws/chat/{conversation}/?token={}", bob.token);
    assert_eq!(bob.handshake(&handshake).refused().await, 403);
    let send = json!({"conversation_id": conversation, "content": "let me in"});
    whole.refused("message.send", &send, "not_found").await;
    let again = alice.removes(&conversation, &bob).await;
    assert_eq!(again["seq"], Value::Null, "who is gone is gone");
}

#[tokio::test]
async fn who_is_removed_is_told_without_a_position_too() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.group_with([&bob]).await;
    let mut phone = bob.connect().await;
    alice.removes(&conversation, &bob).await;
    let deleted = phone.event_of("conversation.deleted").await;
    assert_eq!((&deleted["conversation_id"], &deleted["seq"]), (&json!(conversation), &Value::Null));
    assert_eq!(deleted["data"], json!({"by": alice.id, "last_seq": 2}), "the last entry that is his");
}

#[tokio::test]
async fn who_joins_later_sees_what_the_conversation_lets_him_see() {
    let cloud = Cloud::shared().await;
    let [alice, bob, carol] = cloud.people(["alice", "bob", "carol"]);
    for (history, expected) in [("all", vec!["before", "after"]), ("joined", vec!["after"])] {
        let body = json!({"participant_ids": [bob.id], "history": history});
        let conversation =
            alice.post("conversations/", &body).await.with(201)["id"].as_str().unwrap().to_owned();
        let before = alice.says(&conversation, "before").await;
        alice.adds(&conversation, &carol, "member").await;
        alice.says(&conversation, "after").await;
        let page = carol.get(&format!("conversations/{conversation}/messages/")).await.with(200);
        let mut seen: Vec<&str> =
            page["items"].as_array().unwrap().iter().map(|item| item["content"].as_str().unwrap()).collect();
        seen.reverse();
        assert_eq!(seen, expected, "{history}");
        assert_eq!(carol.contents(&conversation).await, expected, "{history}");
        let by_id = carol.get(&format!("messages/{}/", before["id"].as_str().unwrap())).await;
        assert_eq!(by_id.status, if history == "all" { 200 } else { 404 });
        let shown = carol.get(&format!("conversations/{conversation}/")).await.with(200);
        assert_eq!(shown["unread_count"], 1, "joining sets the cursor there");
        alice.removes(&conversation, &carol).await;
        alice.adds(&conversation, &carol, "member").await;
        let expected = if history == "all" { expected } else { Vec::new() };
        assert_eq!(carol.contents(&conversation).await, expected, "who comes again joins anew");
    }
}

#[tokio::test]
async fn participants_come_page_by_page_in_both_directions() {
    let cloud = Cloud::shared().await;
    let alice = cloud.person("a");
    let others: Vec<Person> = (0..160).map(|number| cloud.person(&format!("p{number:03}"))).collect();
    let conversation = alice.group_with(&others).await;
    let mallory = cloud.person("mallory");
    let at = |query: &str| format!("conversations/{conversation}/participants/?{query}");
    let shown = alice.get(&format!("conversations/{conversation}/")).await.with(200);
    assert_eq!(
        (shown["participants"].as_array().unwrap().len(), &shown["participant_count"]),
        (100, &json!(161))
    );

    let (mut seen, mut query, mut pages) = (Vec::new(), "limit=50".to_owned(), Vec::new());
    loop {
        let page = alice.get(&at(&query)).await.with(200);
        let ids =
            page["items"].as_array().unwrap().iter().map(|one| one["user_id"].as_str().unwrap().to_owned());
        seen.extend(ids);
        pages.push(page.clone());
        let Some(next) = page["next"].as_str() else { break };
        query = format!("limit=50&cursor={next}");
    }
    let mut expected: Vec<String> = others.iter().map(|person| person.id.clone()).collect();
    expected.push(alice.id.clone());
    expected.sort();
    assert_eq!((seen, pages.len()), (expected, 4));
    assert!(pages[0]["previous"].is_null());
    let back = format!("limit=50&cursor={}", pages[2]["previous"].as_str().unwrap());
    let back = alice.get(&at(&back)).await.with(200);
    assert_eq!(back["items"], pages[1]["items"]);
    let one = &pages[0]["items"][0];
    assert_eq!((&one["role"], &one["joined_seq"], &one["read_seq"]), (&json!("owner"), &json!(1), &json!(1)));
    assert!(one["read_at"].is_string());

    let cursor = pages[0]["next"].as_str().unwrap();
    others[0].get(&at(&format!("cursor={cursor}"))).await.refused(400, "malformed");
    alice.get(&at("cursor=AAAA")).await.refused(400, "malformed");
    for bad in ["limit=0", "limit=201", "limit=x"] {
        alice.get(&at(bad)).await.refused(422, "validation_failed");
    }
    mallory.get(&at("")).await.refused(404, "not_found");
}

#[tokio::test]
async fn each_field_of_a_change_is_checked_and_nothing_is_appended() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.group_with([&bob]).await;
    let at = |rest: &str| format!("conversations/{conversation}/{rest}");
    let role = format!("participants/{}/", bob.id);
    let bad_users = [json!(null), json!(7), json!([]), json!(""), json!("x".repeat(129)), json!("a\u{0}")];
    let bad_roles = [json!(7), json!(""), json!("king"), json!("OWNER"), json!([])];
    let bad_titles = [json!(7), json!(""), json!("  "), json!("x".repeat(201)), json!("a\nb"), json!({})];
    let mut cases: Vec<(Method, &str, Value, &str)> = Vec::new();
    for user in bad_users {
        for verb in ["add_participant/", "remove_participant/"] {
            cases.push((Method::POST, verb, json!({"user_id": user}), "/user_id"));
        }
    }
    for value in bad_roles {
        cases.push((Method::POST, "add_participant/", json!({"user_id": "x", "role": value}), "/role"));
        cases.push((Method::PATCH, &role, json!({"role": value}), "/role"));
    }
    cases.push((Method::PATCH, &role, json!({}), "/role"));
    for title in bad_titles {
        cases.push((Method::POST, "update_title/", json!({"title": title}), "/title"));
        cases.push((Method::PATCH, "", json!({"title": title}), "/title"));
    }
    cases.push((Method::POST, "update_title/", json!({"title": null}), "/title"));
    for (method, rest, body, pointer) in cases {
        let problem = alice.ask(method, &at(rest), &body).await.refused(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{rest} {body}: {problem}");
    }
    for verb in ["add_participant/", "remove_participant/", "update_title/"] {
        alice.post_bytes(&at(verb), "{").await.refused(400, "malformed");
        alice
            .post(&format!("conversations/c_x/{verb}"), &json!({"user_id": bob.id, "title": "x"}))
            .await
            .refused(404, "not_found");
    }
    assert_eq!(alice.log(&conversation).await.len(), 1);
}

#[tokio::test]
async fn what_a_function_changed_before_it_was_killed_is_told_to_those_whom_it_concerns() {
    let port = free_port();
    let dynamodb = Proxy::before(SocketAddr::from(([127, 0, 0, 1], port))).await;
    let setup = Setup::default().with("--dynamodb-port", port);
    let url = format!("http://{}", dynamodb.address);
    let cloud = setup.environment("AWS_ENDPOINT_URL_DYNAMODB", url).start().await;
    let [alice, bob, carol] = cloud.people(["alice", "bob", "carol"]);
    let conversation = alice.group_with([&bob]).await;
    let mut newcomer = carol.connect().await;
    let mut scoped = bob.connect_to(&format!("/ws/chat/{conversation}/")).await;
    for (verb, who) in [("add_participant", &carol), ("remove_participant", &bob)] {
        let stored = dynamodb.withhold_answer_to("DynamoDB_20120810.TransactWriteItems");
        let request = alice
            .request(Method::POST, &format!("conversations/{conversation}/{verb}/"))
            .json(&json!({"user_id": who.id}));
        let asked = tokio::spawn(async move { request.send().await.map(|answer| answer.status().as_u16()) });
        stored.await.unwrap();
        kill(cloud.pids_of("HttpConversations", 1).await[0], Signal::KILL);
        assert!(asked.await.unwrap().is_ok_and(|status| status >= 500));
    }
    assert_eq!(newcomer.event_of("conversation.created").await["seq"], Value::Null);
    assert_eq!(newcomer.event_of("notification.created").await["data"]["kind"], "invitation");
    assert_eq!(newcomer.event_of("participant.added").await["seq"], 2);
    assert_eq!(scoped.event_of("session.closing").await["data"]["code"], "not_found");
    scoped.closed().await;
}
