//! Blocks, over real sockets and HTTP.

use futures::future::join_all;
use parlance_tests::cloud::Cloud;
use parlance_tests::person::Person;
use reqwest::Method;
use serde_json::{Value, json};

async fn block(by: &Person, other: &Person, status: u16) -> Value {
    by.post("blocks/", &json!({"user_id": other.id})).await.with(status)
}

async fn unblock(by: &Person, other: &Person) {
    let answer = by.ask(Method::DELETE, &format!("blocks/{}/", other.id), &json!({})).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
}

#[tokio::test]
async fn who_is_blocked_opens_no_conversation_and_who_blocks_neither() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let blocked = block(&alice, &bob, 201).await;
    assert_eq!(blocked["user_id"], bob.id.as_str());
    assert_eq!(block(&alice, &bob, 200).await, blocked, "who is blocked stays so");
    for (asker, other) in [(&alice, &bob), (&bob, &alice)] {
        asker.post("conversations/direct/", &json!({"user_id": other.id})).await.refused(403, "forbidden");
    }
    assert_eq!(bob.get("conversations/").await.with(200)["items"], json!([]));
    alice.group_with([&bob]).await;
    unblock(&alice, &bob).await;
    unblock(&alice, &bob).await;
    bob.direct_with(&alice).await;
}

#[tokio::test]
async fn in_an_open_conversation_nothing_is_said_any_more_until_the_block_is_lifted() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let (mut phone, mut laptop) = (alice.connect().await, bob.connect().await);
    let before = phone.says(&conversation, "before").await;
    laptop.event_of("message.created").await;
    let path = format!("conversations/{conversation}/");
    let message = format!("messages/{}/", before["id"].as_str().unwrap());
    let edit = json!({"message_id": before["id"], "content": "changed"});
    let send = json!({"conversation_id": conversation, "content": "after"});
    for blocker in [&alice, &bob] {
        let other = if blocker.id == alice.id { &bob } else { &alice };
        block(blocker, other, 201).await;
        for socket in [&mut phone, &mut laptop] {
            let updated = socket.event_of("conversation.updated").await;
            assert_eq!(updated["data"]["writable"], false, "both see that, and not who blocks");
            socket.refused("message.send", &send, "forbidden").await;
        }
        phone.refused("message.edit", &edit, "forbidden").await;
        phone.refused("message.delete", &edit, "forbidden").await;
        alice.ask(Method::PATCH, &message, &json!({"content": "changed"})).await.refused(403, "forbidden");
        alice.ask(Method::DELETE, &format!("{message}delete/"), &edit).await.refused(403, "forbidden");
        for person in [&alice, &bob] {
            assert_eq!(person.get(&path).await.with(200)["writable"], false);
            person.post("messages/", &send).await.refused(403, "forbidden");
            let again = person.post("conversations/direct/", &json!({"user_id": alice.id})).await;
            assert!(person.id == alice.id || again.with(200)["writable"] == false);
        }
        unblock(blocker, other).await;
        for socket in [&mut phone, &mut laptop] {
            assert_eq!(socket.event_of("conversation.updated").await["data"]["writable"], true);
        }
        laptop.says(&conversation, "again").await;
        assert_eq!(phone.event_of("message.created").await["data"]["content"], "again");
    }
    alice.ask(Method::PATCH, &message, &json!({"content": "changed"})).await.with(200);
    assert_eq!(alice.contents(&conversation).await, ["changed", "again", "again"]);
}

#[tokio::test]
async fn no_message_stands_after_a_block_that_was_answered() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let mut sockets = join_all((0..4).map(|_| bob.connect())).await;
    let talking = sockets.iter_mut().enumerate().map(async |(speaker, socket)| {
        for number in 0..20 {
            let content = format!("{speaker}:{number}");
            let data = json!({"conversation_id": conversation, "content": content});
            socket.request("message.send", &data).await;
        }
    });
    let blocking = async {
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        let body = json!({"user_id": bob.id});
        // A conversation may be too busy for a change; who is told so asks again.
        while alice.post("blocks/", &body).await.status == 503 {}
        block(&alice, &bob, 200).await;
    };
    tokio::join!(join_all(talking), blocking);
    let log = alice.log(&conversation).await;
    let block = log.iter().position(|entry| entry["type"] == "conversation.updated").unwrap();
    assert_eq!(block + 1, log.len(), "the block is the last entry");
}

#[tokio::test]
async fn of_a_block_and_an_opening_at_once_one_sees_the_other() {
    let cloud = Cloud::shared().await;
    for _ in 0..5 {
        let [alice, bob] = cloud.people(["alice", "bob"]);
        let (to_alice, to_bob) = (json!({"user_id": alice.id}), json!({"user_id": bob.id}));
        let opening = join_all((0..5).map(|_| bob.post("conversations/direct/", &to_alice)));
        let (opened, blocked) = tokio::join!(opening, alice.post("blocks/", &to_bob));
        blocked.with(201);
        let ids: Vec<String> = opened
            .iter()
            .filter(|answer| answer.status < 300)
            .map(|answer| answer.json()["id"].as_str().unwrap().to_owned())
            .collect();
        for id in ids {
            let send = json!({"conversation_id": id, "content": "x"});
            bob.post("messages/", &send).await.refused(403, "forbidden");
        }
    }
}

#[tokio::test]
async fn the_blocked_are_listed_page_by_page_for_nobody_else() {
    let cloud = Cloud::shared().await;
    let alice = cloud.person("alice");
    let mut others = Vec::new();
    for number in 0..5 {
        let other = cloud.person(&format!("other{number}"));
        block(&alice, &other, 201).await;
        others.push(other.id.clone());
    }
    let first = alice.get("blocks/?limit=3").await.with(200);
    let second =
        alice.get(&format!("blocks?limit=3&cursor={}", first["next"].as_str().unwrap())).await.with(200);
    let ids = |page: &Value| -> Vec<String> {
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["user_id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!([ids(&first), ids(&second)].concat(), others);
    assert!(second["next"].is_null());
    let back = format!("blocks/?limit=3&cursor={}", second["previous"].as_str().unwrap());
    assert_eq!(ids(&alice.get(&back).await.with(200)), others[..3]);
    let bob = cloud.person("bob");
    assert_eq!(bob.get("blocks/").await.with(200)["items"], json!([]));
    let stolen = format!("blocks/?cursor={}", first["next"].as_str().unwrap());
    bob.get(&stolen).await.refused(400, "malformed");
    for (body, pointer) in [
        (json!({}), "/user_id"),
        (json!({"user_id": 7}), "/user_id"),
        (json!({"user_id": ""}), "/user_id"),
        (json!({"user_id": alice.id}), "/user_id"),
    ] {
        let problem = alice.post("blocks/", &body).await.refused(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], pointer);
    }
    for bad in ["limit=0", "limit=201"] {
        alice.get(&format!("blocks/?{bad}")).await.refused(422, "validation_failed");
    }
    let unknown = format!("blocks/{}/", "x".repeat(129));
    alice.ask(Method::DELETE, &unknown, &json!({})).await.refused(404, "not_found");
}
