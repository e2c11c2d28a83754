//! Who has read how far, and who has seen one message.

use parlance_tests::cloud::Cloud;
use parlance_tests::person::Person;
use serde_json::{Value, json};

async fn reads(person: &Person, conversation: &str, up_to: u64) {
    let body = json!({"conversation_id": conversation, "up_to": up_to});
    person.post("messages/mark_as_read/", &body).await.with(200);
}

fn names(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| item["user_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn receipts_come_in_pages_and_name_how_far_and_when() {
    let cloud = Cloud::shared().await;
    let [alice, bob, carol, dave, erin] = cloud.people(["alice", "bob", "carol", "dave", "erin"]);
    let conversation = alice.group_with([&bob, &carol, &dave, &erin]).await;
    for number in 0..3 {
        alice.says(&conversation, &number.to_string()).await;
    }
    reads(&bob, &conversation, 4).await;
    reads(&carol, &conversation, 2).await;
    let path = format!("conversations/{conversation}/receipts/");

    let all = bob.get(&path).await.with(200);
    assert_eq!((all["next"].is_null(), all["previous"].is_null()), (true, true));
    let of = |page: &Value, person: &Person| {
        page["items"].as_array().unwrap().iter().find(|item| item["user_id"] == *person.id).cloned().unwrap()
    };
    assert_eq!((&of(&all, &bob)["read_seq"], &of(&all, &carol)["read_seq"]), (&json!(4), &json!(2)));
    assert_eq!(of(&all, &dave)["read_seq"], 1, "joining sets the cursor");
    assert!(of(&all, &bob)["read_at"].as_str().unwrap() > of(&all, &dave)["read_at"].as_str().unwrap());

    let everybody = names(&all);
    assert_eq!(everybody.len(), 5);
    let page = async |query: &str| bob.get(&format!("{path}?limit=2{query}")).await.with(200);
    let first = page("").await;
    let second = page(&format!("&cursor={}", first["next"].as_str().unwrap())).await;
    let third = page(&format!("&cursor={}", second["next"].as_str().unwrap())).await;
    assert_eq!([names(&first), names(&second), names(&third)].concat(), everybody);
    assert!(third["next"].is_null() && first["previous"].is_null());
    let back = page(&format!("&cursor={}", third["previous"].as_str().unwrap())).await;
    assert_eq!(names(&back), names(&second));
    let front = page(&format!("&cursor={}", back["previous"].as_str().unwrap())).await;
    assert_eq!((names(&front), front["previous"].is_null()), (names(&first), true));
}

#[tokio::test]
async fn a_message_was_seen_by_those_who_have_read_so_far() {
    let cloud = Cloud::shared().await;
    let [alice, bob, carol, dave] = cloud.people(["alice", "bob", "carol", "dave"]);
    let conversation = alice.group_with([&bob, &carol, &dave]).await;
    let mut ids = Vec::new();
    for number in 0..3 {
        ids.push(alice.says(&conversation, &number.to_string()).await["id"].as_str().unwrap().to_owned());
    }
    reads(&bob, &conversation, 4).await;
    reads(&carol, &conversation, 3).await;
    let seen = async |id: &str| {
        let path = format!("conversations/{conversation}/receipts/?message_id={id}");
        let mut names = names(&alice.get(&path).await.with(200));
        names.sort();
        names
    };
    let sorted = |people: &[&Person]| {
        let mut ids: Vec<String> = people.iter().map(|person| person.id.clone()).collect();
        ids.sort();
        ids
    };
    assert_eq!(seen(&ids[0]).await, sorted(&[&bob, &carol]), "its sender is not among them");
    assert_eq!(seen(&ids[2]).await, sorted(&[&bob]));
    let up_to = alice.get(&format!("conversations/{conversation}/receipts/?up_to=4")).await.with(200);
    assert!(names(&up_to).contains(&bob.id) && !names(&up_to).contains(&carol.id));
}

#[tokio::test]
async fn receipts_are_for_members_and_for_what_they_may_see() {
    let cloud = Cloud::shared().await;
    let [alice, bob, mallory] = cloud.people(["alice", "bob", "mallory"]);
    let conversation = alice.direct_with(&bob).await;
    let foreign = alice.direct_with(&mallory).await;
    let message = alice.says(&conversation, "here").await["id"].as_str().unwrap().to_owned();
    let elsewhere = alice.says(&foreign, "elsewhere").await["id"].as_str().unwrap().to_owned();
    let path = format!("conversations/{conversation}/receipts/");

    mallory.get(&path).await.refused(404, "not_found");
    mallory.get(&format!("{path}?message_id={message}")).await.refused(404, "not_found");
    for absent in [&elsewhere, "m_1", &message[..message.len() - 2], &format!("m_{}_04", "0".repeat(26))] {
        bob.get(&format!("{path}?message_id={absent}")).await.refused(404, "not_found");
    }
    for query in ["limit=0", "limit=201", "limit=x", "up_to=x", "up_to=-1", "up_to=1&message_id=m_1"] {
        bob.get(&format!("{path}?{query}")).await.refused(422, "validation_failed");
    }
    let page = bob.get(&format!("{path}?limit=1")).await.with(200);
    let next = page["next"].as_str().unwrap();
    bob.get(&format!("{path}?cursor={next}")).await.with(200);
    alice.get(&format!("{path}?cursor={next}")).await.refused(400, "malformed");
    bob.get(&format!("{path}?cursor={next}&up_to=1")).await.refused(400, "malformed");
    bob.get(&format!("{path}?cursor={}x", &next[1..])).await.refused(400, "malformed");
    bob.get(&format!("{path}?message_id={message}")).await.with(200);
}
