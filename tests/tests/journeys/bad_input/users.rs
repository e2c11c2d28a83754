//! User ids that look like keys, and those that are none.

use parlance_tests::cloud::Cloud;
use parlance_tests::credentials::{claims, claims_with, signed};
use serde_json::json;

#[tokio::test]
async fn a_user_id_may_look_like_a_key_and_nobody_is_mistaken_for_another() {
    let cloud = Cloud::shared().await;
    let run = std::process::id();
    let odd =
        ["al#ice", "al%23ice", "al%2523ice", "C#x", "U#x%", "K#", "M#000000000001", "*", "ü\u{1f468}", "a b"];
    let odd: Vec<_> = odd.iter().map(|id| cloud.person_called(&format!("{id}{run}"))).collect();
    let bob = cloud.person("bob");
    for person in &odd {
        let conversation = bob.direct_with(person).await;
        let (mut theirs, mut his) = (person.connect().await, bob.connect().await);
        let said = theirs.says(&conversation, &person.id).await;
        assert_eq!(said["sender_id"], person.id.as_str());
        assert_eq!(his.event_of("message.created").await["data"], said);
        let listed = person.get("conversations/").await.with(200);
        let listed = listed["items"].as_array().unwrap();
        assert_eq!((listed.len(), &listed[0]["id"]), (1, &json!(conversation)), "{}", person.id);
        assert_eq!(listed[0]["last_message"]["content"], person.id.as_str());
    }
}

#[tokio::test]
async fn a_user_id_is_a_text_of_up_to_128_bytes() {
    let cloud = Cloud::shared().await;
    let stranger = cloud.person("stranger");
    for bad in [
        json!(null),
        json!(7),
        json!([]),
        json!({"id": "x"}),
        json!(""),
        json!("x".repeat(129)),
        json!("ü".repeat(65)),
        json!("a\u{0}"),
        json!("a\nb"),
        json!("a\u{7f}"),
        json!("a\u{85}"),
    ] {
        let person = stranger.showing(signed(&claims_with("x", &json!({"sub": bad}))));
        person.get("conversations/").await.refused(401, "unauthenticated");
        let handshake = person.handshake(&format!("/ws/messaging/?token={}", person.token));
        assert_eq!(handshake.refused().await, 401, "{bad}");
    }
    let longest = "x".repeat(128);
    let person = stranger.showing(signed(&claims(&longest)));
    person.get("conversations/").await.with(200);
    let mut socket = person.connect().await;
    assert_eq!(socket.request("session.start", &json!({})).await["data"]["user"]["id"], longest.as_str());
}
