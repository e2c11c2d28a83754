//! Two people talk.

use parlance_tests::cloud::Cloud;
use parlance_tests::view::View;
use serde_json::json;

#[tokio::test]
async fn what_one_says_the_other_hears() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let (mut phone, mut laptop) = (alice.connect().await, bob.connect().await);

    let said = json!({"conversation_id": conversation, "content": "Hello, Bob", "metadata": {"mood": 1}});
    let ack = phone.acked("message.send", &said).await;
    let event = laptop.event_of("message.created").await;

    assert_eq!(ack["data"]["duplicate"], false);
    assert_eq!((&ack["conversation_id"], &ack["seq"]), (&event["conversation_id"], &event["seq"]));
    assert_eq!(event["data"], ack["data"]["message"]);
    let message = &event["data"];
    assert_eq!((&message["content"], &message["metadata"]), (&said["content"], &said["metadata"]));
    assert_eq!((message["sender_id"].as_str(), &message["kind"]), (Some(&*alice.id), &json!("text")));
    assert_eq!((&message["version"], &message["deleted"]), (&json!(1), &json!(false)));
}

#[tokio::test]
async fn the_socket_that_sent_gets_the_ack_and_the_users_other_sockets_get_the_event() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let (mut phone, mut tablet) = (alice.connect().await, alice.connect().await);
    let mut laptop = bob.connect().await;

    let message = phone.says(&conversation, "from the phone").await;

    assert_eq!(tablet.event_of("message.created").await["data"], message);
    assert_eq!(laptop.event_of("message.created").await["data"], message);
    let own = phone.events_within(std::time::Duration::from_millis(300)).await;
    assert!(own.iter().all(|event| event["type"] != "message.created"), "{own:?}");
}

#[tokio::test]
async fn a_conversation_is_heard_of_and_then_comes_in_order() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let (mut phone, mut laptop) = (alice.connect().await, bob.connect().await);

    let conversation = alice.direct_with(&bob).await;
    for number in 0..10 {
        phone.says(&conversation, &format!("a{number}")).await;
        laptop.says(&conversation, &format!("b{number}")).await;
    }

    let mut heard = View::default();
    while heard.contents().len() < 10 {
        heard.take(laptop.event().await);
    }
    assert!(heard.is_in_order(), "{:?}", heard.arrivals);
    assert_eq!(heard.arrivals[0], 1, "the conversation itself comes first");
    let expected: Vec<String> = (0..10).map(|number| format!("a{number}")).collect();
    assert_eq!(heard.contents(), expected);
    let both = (0..10).flat_map(|number| [format!("a{number}"), format!("b{number}")]);
    assert_eq!(alice.contents(&conversation).await, both.collect::<Vec<_>>());
}

#[tokio::test]
async fn http_and_sockets_talk_with_each_other() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let (mut phone, mut laptop) = (alice.connect().await, bob.connect().await);

    let by_http = alice.says(&conversation, "over HTTP").await;

    assert_eq!(laptop.event_of("message.created").await["data"], by_http);
    assert_eq!(phone.event_of("message.created").await["data"], by_http, "no socket of hers sent it");
    let by_socket = phone.says(&conversation, "over a socket").await;
    let path = format!("messages/{}/", by_socket["id"].as_str().unwrap());
    assert_eq!(bob.get(&path).await.with(200), by_socket);
}

#[tokio::test]
async fn a_text_is_kept_byte_for_byte() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let (mut phone, mut laptop) = (alice.connect().await, bob.connect().await);

    for text in ["  e\u{301} is not é\u{202e} \n", "👩‍👩‍👧 \u{1f}\u{7f}\\\"</script>", &"ü".repeat(8 * 1_024)]
    {
        phone.says(&conversation, text).await;
        assert_eq!(laptop.event_of("message.created").await["data"]["content"], text);
        assert_eq!(bob.contents(&conversation).await.last().unwrap(), text);
    }
}

#[tokio::test]
async fn a_socket_for_one_conversation_hears_that_one_only() {
    let cloud = Cloud::shared().await;
    let [alice, bob, carol] = cloud.people(["alice", "bob", "carol"]);
    let (with_bob, with_carol) = (alice.direct_with(&bob).await, alice.direct_with(&carol).await);
    for path in ["/ws/messaging/conversations/", "/ws/chat/"] {
        let mut narrow = alice.connect_to(&format!("{path}{with_bob}/")).await;
        carol.says(&with_carol, "elsewhere").await;
        let here = bob.says(&with_bob, "here").await;

        assert_eq!(narrow.event_of("message.created").await["data"], here);
        let ack = narrow.acked("message.send", &json!({"content": "no id is needed"})).await;
        assert_eq!(ack["conversation_id"], with_bob.as_str());
        let elsewhere = json!({"conversation_id": with_carol, "content": "not from here"});
        narrow.refused("message.send", &elsewhere, "not_found").await;
    }
}
