//! What each kind of conversation allows.

use parlance_tests::cloud::Cloud;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_direct_conversation_stays_as_it_is() {
    let cloud = Cloud::shared().await;
    let [alice, bob, carol] = cloud.people(["alice", "bob", "carol"]);
    let conversation = alice.direct_with(&bob).await;
    let at = |rest: &str| format!("conversations/{conversation}/{rest}");
    let role = format!("participants/{}/", bob.id);
    let requests = [
        (Method::POST, "add_participant/", json!({"user_id": carol.id}), "add participants"),
        (Method::POST, "remove_participant/", json!({"user_id": bob.id}), "remove participants"),
        (Method::POST, "update_title/", json!({"title": "x"}), "change the title"),
        (Method::PATCH, "", json!({"title": "x"}), "change the title"),
        (Method::PATCH, &role, json!({"role": "owner"}), "change roles"),
        (Method::POST, "leave/", json!({}), "leave the conversation"),
        (Method::DELETE, "", json!({}), "delete the conversation"),
    ];
    for (method, rest, body, right) in &requests {
        let problem = alice.ask(method.clone(), &at(rest), body).await.refused(403, "forbidden");
        assert!(problem["detail"].as_str().unwrap().contains(right), "{rest}: {problem}");
        carol.ask(method.clone(), &at(rest), body).await.refused(404, "not_found");
        let admin = carol.scoped("messaging:admin");
        admin.ask(method.clone(), &at(rest), body).await.refused(404, "not_found");
    }
    assert_eq!(alice.log(&conversation).await.len(), 1);
    alice.ask(Method::POST, &at("mute/"), &json!({})).await.with(200);
}

#[tokio::test]
async fn every_other_kind_is_run_by_its_owner() {
    let cloud = Cloud::shared().await;
    let [alice, bob, carol] = cloud.people(["alice", "bob", "carol"]);
    for kind in ["group", "task", "service", "ats", "support"] {
        let body = json!({"kind": kind, "participant_ids": [bob.id]});
        let created = alice.post("conversations/", &body).await.with(201);
        assert_eq!(created["kind"], kind);
        let at = |rest: &str| format!("conversations/{}/{rest}", created["id"].as_str().unwrap());
        let user = json!({"user_id": carol.id});
        alice.post(&at("add_participant/"), &user).await.with(200);
        alice.post(&at("update_title/"), &json!({"title": kind})).await.with(200);
        alice.post(&at("remove_participant/"), &user).await.with(200);
        assert_eq!(bob.ask(Method::POST, &at("leave/"), &json!({})).await.status, 204);
        assert_eq!(alice.ask(Method::DELETE, &at(""), &json!({})).await.status, 204);
    }
    alice.post("conversations/", &json!({"kind": "direct"})).await.refused(422, "validation_failed");
}

#[tokio::test]
async fn an_admin_deletes_and_sees_everything_but_direct_conversations() {
    let cloud = Cloud::shared().await;
    let [alice, bob, carol] = cloud.people(["alice", "bob", "carol"]);
    let admin = carol.scoped("messaging:admin");
    let (direct, group) = (alice.direct_with(&bob).await, alice.group_with([&bob]).await);
    let message = alice.says(&group, "seen").await["id"].as_str().unwrap().to_owned();
    for rest in ["", "messages/", "log/", "participants/"] {
        carol.get(&format!("conversations/{group}/{rest}")).await.refused(404, "not_found");
        admin.get(&format!("conversations/{group}/{rest}")).await.with(200);
        admin.get(&format!("conversations/{direct}/{rest}")).await.refused(404, "not_found");
    }
    admin.get(&format!("messages/{message}/")).await.with(200);
    let shown = admin.get(&format!("conversations/{group}/")).await.with(200);
    assert_eq!((&shown["unread_count"], &shown["muted"]), (&Value::Null, &Value::Null), "nothing is her own");
    let title = json!({"title": "x"});
    let problem = admin.ask(Method::PATCH, &format!("conversations/{group}/"), &title).await;
    problem.refused(403, "forbidden");
    let send = json!({"conversation_id": group, "content": "x"});
    admin.post("messages/", &send).await.refused(404, "not_found");
    let mut phone = bob.connect().await;
    assert_eq!(admin.ask(Method::DELETE, &format!("conversations/{group}/"), &json!({})).await.status, 204);
    assert_eq!(phone.event_of("conversation.deleted").await["data"]["by"], carol.id.as_str());
}
