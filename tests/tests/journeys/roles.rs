//! Who may do what in a conversation, over real sockets and HTTP.

use parlance_tests::cloud::Cloud;
use parlance_tests::person::Person;
use reqwest::Method;
use serde_json::{Value, json};

fn roles(conversation: &Value) -> Vec<(String, String)> {
    let participants = conversation["participants"].as_array().unwrap().iter();
    participants
        .map(|one| (one["user_id"].as_str().unwrap().to_owned(), one["role"].as_str().unwrap().to_owned()))
        .collect()
}

#[tokio::test]
async fn each_role_may_what_it_may_and_a_refusal_names_the_right() {
    let cloud = Cloud::shared().await;
    let [owner, admin, member, guest, other] = cloud.people(["owner", "admin", "member", "guest", "other"]);
    let conversation = owner.group_with([&admin, &member]).await;
    owner.adds(&conversation, &guest, "guest").await;
    let changed = owner.gives_role(&conversation, &admin, "admin").await;
    assert_eq!((&changed["role"], &changed["user_id"]), (&json!("admin"), &json!(admin.id)));
    assert!(changed["seq"].is_u64());
    let at = |rest: &str| format!("conversations/{conversation}/{rest}");
    let refused = async |by: &Person, method: Method, rest: &str, body: Value, right: &str| {
        let problem = by.ask(method, &at(rest), &body).await.refused(403, "forbidden");
        assert!(problem["detail"].as_str().unwrap().contains(right), "{problem}");
    };
    let (user, title) = (json!({"user_id": other.id}), json!({"title": "x"}));
    refused(&guest, Method::POST, "add_participant/", user.clone(), "add participants").await;
    refused(&guest, Method::POST, "update_title/", title.clone(), "change the title").await;
    refused(&guest, Method::PATCH, "", title.clone(), "change the title").await;
    refused(
        &member,
        Method::POST,
        "remove_participant/",
        json!({"user_id": guest.id}),
        "remove participants",
    )
    .await;
    refused(
        &member,
        Method::POST,
        "add_participant/",
        json!({"user_id": other.id, "role": "admin"}),
        "change roles",
    )
    .await;
    refused(
        &admin,
        Method::POST,
        "add_participant/",
        json!({"user_id": other.id, "role": "owner"}),
        "change roles",
    )
    .await;
    refused(&admin, Method::POST, "remove_participant/", json!({"user_id": owner.id}), "remove participants")
        .await;
    refused(&admin, Method::POST, "remove_participant/", json!({"user_id": admin.id}), "remove participants")
        .await;
    let role = format!("participants/{}/", guest.id);
    refused(&admin, Method::PATCH, &role, json!({"role": "member"}), "change roles").await;
    refused(&admin, Method::DELETE, "", json!({}), "delete the conversation").await;

    member.adds(&conversation, &other, "member").await;
    member.post(&at("update_title/"), &json!({"title": "by a member"})).await.with(200);
    let titled = member.ask(Method::PATCH, &at(""), &json!({"title": "again"})).await.with(200);
    assert_eq!(titled["title"], "again");
    assert_eq!(member.ask(Method::PATCH, &at(""), &json!({})).await.with(200)["title"], "again");
    admin.removes(&conversation, &other).await;
    admin.removes(&conversation, &member).await;
    owner.gives_role(&conversation, &guest, "member").await;
    let unknown = format!("conversations/{conversation}/participants/{}/", other.id);
    owner.ask(Method::PATCH, &unknown, &json!({"role": "guest"})).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_new_title_and_a_new_role_are_told_to_everybody() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.group_with([&bob]).await;
    let mut phone = bob.connect().await;
    let path = format!("conversations/{conversation}/update_title/");
    assert_eq!(alice.post(&path, &json!({"title": "Ünïcode ✈"})).await.with(200)["seq"], 2);
    let updated = phone.event_of("conversation.updated").await;
    assert_eq!((&updated["seq"], &updated["data"]["title"]), (&json!(2), &json!("Ünïcode ✈")));
    assert_eq!(alice.post(&path, &json!({"title": "Ünïcode ✈"})).await.with(200)["seq"], Value::Null);
    alice.gives_role(&conversation, &bob, "admin").await;
    let updated = phone.event_of("participant.updated").await;
    let expected = json!({"participants": [{"user_id": bob.id, "role": "admin"}], "by": alice.id});
    assert_eq!((&updated["seq"], &updated["data"]), (&json!(3), &expected));
    let log: Vec<Value> = bob.log(&conversation).await.iter().map(|entry| entry["type"].clone()).collect();
    assert_eq!(log, ["conversation.created", "conversation.updated", "participant.updated"]);
}

#[tokio::test]
async fn when_the_last_owner_leaves_the_longest_standing_admin_becomes_owner() {
    let cloud = Cloud::shared().await;
    let [alice, bob, carol, dave] = cloud.people(["alice", "bob", "carol", "dave"]);
    let conversation = alice.group_with([&bob, &carol, &dave]).await;
    alice.gives_role(&conversation, &dave, "admin").await;
    let path = format!("conversations/{conversation}/participants/{}/", alice.id);
    alice.ask(Method::PATCH, &path, &json!({"role": "member"})).await.refused(409, "conflict");
    let mut phone = bob.connect().await;
    let left = alice.post(&format!("conversations/{conversation}/leave/"), &json!({})).await;
    assert_eq!((left.status, left.text.as_str()), (204, ""));
    let updated = phone.event_of("participant.updated").await;
    assert_eq!(updated["data"]["participants"], json!([{"user_id": dave.id, "role": "owner"}]));
    let removed = phone.event_of("participant.removed").await;
    assert_eq!(removed["data"], json!({"participants": [{"user_id": alice.id}], "by": alice.id}));
    let shown = bob.get(&format!("conversations/{conversation}/")).await.with(200);
    let expected = [(&bob, "member"), (&carol, "member"), (&dave, "owner")];
    assert_eq!(roles(&shown), expected.map(|(person, role)| (person.id.clone(), role.to_owned())));
    alice.get(&format!("conversations/{conversation}/")).await.refused(404, "not_found");
    for person in [&dave, &carol, &bob] {
        let answer =
            person.ask(Method::POST, &format!("conversations/{conversation}/leave"), &json!({})).await;
        assert_eq!(answer.status, 204, "the last one too: {}", answer.text);
    }
}

#[tokio::test]
async fn a_deleted_conversation_ends_for_everybody() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.group_with([&bob]).await;
    let mut phone = bob.connect().await;
    let path = format!("conversations/{conversation}/");
    bob.ask(Method::DELETE, &path, &json!({})).await.refused(403, "forbidden");
    assert_eq!(alice.ask(Method::DELETE, &path, &json!({})).await.status, 204);
    let deleted = phone.event_of("conversation.deleted").await;
    assert_eq!((&deleted["seq"], &deleted["data"]), (&json!(2), &json!({"by": alice.id})));
    for person in [&alice, &bob] {
        person.get(&path).await.refused(404, "not_found");
        let send = json!({"conversation_id": conversation, "content": "too late"});
        person.post("messages/", &send).await.refused(404, "not_found");
        let listed = person.get("conversations/").await.with(200);
        assert_eq!(listed["items"], json!([]));
    }
    for (method, rest) in [(Method::DELETE, ""), (Method::POST, "leave/"), (Method::PATCH, "")] {
        let body = json!({"title": "x"});
        alice.ask(method, &format!("{path}{rest}"), &body).await.refused(404, "not_found");
    }
    assert_eq!(bob.log(&conversation).await.len(), 2, "its log can be read to the end");
}

#[tokio::test]
async fn muting_and_archiving_is_everybodys_own_affair() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.group_with([&bob]).await;
    let listed = async |person: &Person, query: &str| {
        let page = person.get(&format!("conversations/?{query}")).await.with(200);
        page["items"].as_array().unwrap().len()
    };
    let switch = async |method: Method, what: &str| {
        bob.ask(method, &format!("conversations/{conversation}/{what}/"), &json!({})).await.with(200)
    };
    for _ in 0..2 {
        let shown = switch(Method::POST, "mute").await;
        assert_eq!((&shown["muted"], &shown["archived"]), (&json!(true), &json!(false)));
    }
    let shown = switch(Method::POST, "archive").await;
    assert_eq!((&shown["muted"], &shown["archived"]), (&json!(true), &json!(true)));
    assert_eq!((listed(&bob, "").await, listed(&bob, "archived=true").await), (0, 1));
    assert_eq!((listed(&alice, "").await, listed(&alice, "archived=true").await), (1, 0));
    let shown = alice.get(&format!("conversations/{conversation}/")).await.with(200);
    assert_eq!((&shown["muted"], &shown["archived"]), (&json!(false), &json!(false)));
    let shown = switch(Method::DELETE, "archive").await;
    assert_eq!((&shown["muted"], &shown["archived"]), (&json!(true), &json!(false)));
    assert_eq!((listed(&bob, "").await, listed(&bob, "archived=true").await), (1, 0));
    assert_eq!(switch(Method::DELETE, "mute").await["muted"], false);
}
