//! Who is typing, and who hears of it.

use std::time::Duration;

use parlance_tests::cloud::{Cloud, Setup};
use parlance_tests::person::Person;
use parlance_tests::proxy::{Proxy, free_port};
use serde_json::{Value, json};

const A_MOMENT: Duration = Duration::from_millis(400);

/// The users of a `typing.indicator`.
fn typing(event: &Value) -> Vec<&str> {
    assert_eq!(event["type"], "typing.indicator", "{event}");
    let users = event["data"]["users"].as_array().unwrap();
    users.iter().map(|user| user["user_id"].as_str().unwrap()).collect()
}

fn sorted(people: [&Person; 2]) -> Vec<&str> {
    let mut ids = people.map(|person| person.id.as_str());
    ids.sort_unstable();
    ids.to_vec()
}

async fn are_told(cloud: &Cloud) {
    let [alice, bob, carol] = cloud.people(["alice", "bob", "carol"]);
    let conversation = alice.group_with(&[bob.clone(), carol.clone()]).await;
    let here = json!({"conversation_id": conversation});
    let (mut phone, mut laptop) = (alice.connect().await, alice.connect().await);
    let mut whole = bob.connect().await;
    let mut one = bob.connect_to(&format!("/ws/chat/{conversation}/")).await;
    let mut only_typing = carol.connect_to(&format!("/ws/typing/{conversation}/")).await;

    phone.ask("typing.start", &here).await;
    for socket in [&mut laptop, &mut whole, &mut one, &mut only_typing] {
        let event = socket.event().await;
        assert_eq!(typing(&event), [&*alice.id]);
        assert_eq!((&event["conversation_id"], &event["seq"]), (&json!(conversation), &Value::Null));
        assert!(event["ts"].as_str() < event["data"]["users"][0]["expires_at"].as_str(), "{event}");
    }
    only_typing.ask("typing.start", &json!({})).await;
    for socket in [&mut phone, &mut laptop, &mut whole, &mut one] {
        assert_eq!(typing(&socket.event().await), sorted([&alice, &carol]), "the whole set");
    }
    phone.ask("typing.stop", &here).await;
    for socket in [&mut laptop, &mut whole, &mut one, &mut only_typing] {
        assert_eq!(typing(&socket.event().await), [&*carol.id]);
    }
    phone.ask("typing.start", &here).await;
    assert_eq!(typing(&only_typing.event().await).len(), 2);
    phone.ask("typing.start", &here).await;
    // Frames of one socket may overtake each other.
    assert!(only_typing.events_within(A_MOMENT).await.is_empty(), "what still holds is not told again");
    phone.ask("typing.stop", &here).await;
    let event = only_typing.event().await;
    assert_eq!(typing(&event), [&*carol.id], "what still holds is not told again: {event}");
    assert_eq!(phone.request("ping", &json!({})).await["type"], "pong", "typing itself was not answered");
}

#[tokio::test]
async fn members_are_told_everybody_who_types() {
    are_told(Cloud::shared().await).await;
}

#[tokio::test]
async fn a_relay_tells_them_as_well() {
    are_told(&Setup::default().relays(1).start().await).await;
}

#[tokio::test]
async fn one_process_per_call_tells_them_as_well() {
    are_told(&Setup::default().isolated().start().await).await;
}

#[tokio::test]
async fn typing_stands_in_no_log_and_a_flat_frame_is_enough() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let (mut phone, mut laptop) = (alice.connect().await, bob.connect().await);
    phone.send(json!({"type": "typing.start", "conversation_id": conversation}).to_string()).await;
    assert_eq!(typing(&laptop.event().await), [&*alice.id]);
    assert_eq!(alice.log(&conversation).await.len(), 1);
    assert_eq!(phone.says(&conversation, "sent").await["seq"], 2);
    laptop.event_of("message.created").await;
    phone.send(json!({"type": "typing.start", "conversation_id": conversation}).to_string()).await;
    assert_eq!(
        typing(&laptop.event().await),
        [&*alice.id],
        "told again, since clients dropped her with her message"
    );
}

#[tokio::test]
async fn a_refusal_is_answered_although_typing_is_not() {
    let cloud = Cloud::shared().await;
    let [alice, bob, mallory] = cloud.people(["alice", "bob", "mallory"]);
    let conversation = alice.direct_with(&bob).await;
    let other = alice.group_with(std::slice::from_ref(&bob)).await;
    let here = json!({"conversation_id": conversation});
    let mut laptop = bob.connect().await;
    for kind in ["typing.start", "typing.stop"] {
        let mut stranger = mallory.connect().await;
        for id in [conversation.clone(), format!("c_{}", "0".repeat(26)), "nonsense".to_owned()] {
            let refusal = stranger.refused(kind, &json!({"conversation_id": id}), "not_found").await;
            assert_eq!((&refusal["status"], &refusal["retryable"]), (&json!(404), &json!(false)));
        }
        for bad in [json!({}), json!({"conversation_id": null}), json!({"conversation_id": 7})] {
            let refusal = stranger.refused(kind, &bad, "validation_failed").await;
            assert_eq!(refusal["errors"][0]["pointer"], "/conversation_id");
        }
        stranger.send(json!({"type": kind, "id": "m", "data": []}).to_string()).await;
        assert_eq!(stranger.answer(Some("m")).await["error"]["code"], "malformed");
        stranger.send(json!({"type": kind, "data": {}}).to_string()).await;
        assert_eq!(stranger.answer(None).await["error"]["code"], "validation_failed", "without an id too");

        let mut scoped = alice.connect_to(&format!("/ws/typing/{conversation}/")).await;
        scoped.refused(kind, &json!({"conversation_id": other}), "not_found").await;
        let mut presence = alice.connect_to("/ws/presence/").await;
        presence.refused(kind, &here, "forbidden").await;
    }
    assert!(laptop.events_within(A_MOMENT).await.is_empty());
    alice.connect().await.ask("typing.start", &here).await;
    assert_eq!(typing(&laptop.event().await), [&*alice.id]);
}

#[tokio::test]
async fn a_socket_for_typing_hears_and_takes_nothing_else() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let other = alice.group_with(std::slice::from_ref(&bob)).await;
    let mut socket = alice.connect_to(&format!("/ws/typing/{conversation}/")).await;
    let message = json!({"conversation_id": conversation, "content": "not here"});
    socket.refused("message.send", &message, "forbidden").await;
    socket.refused("nonsense", &json!({}), "unknown_type").await;
    assert_eq!(socket.request("session.start", &json!({})).await["type"], "session.ready");
    assert_eq!(socket.request("ping", &json!({})).await["type"], "pong");
    bob.says(&conversation, "not heard here").await;
    let mut laptop = bob.connect().await;
    laptop.ask("typing.start", &json!({"conversation_id": other})).await;
    assert!(socket.events_within(A_MOMENT).await.is_empty());
    laptop.ask("typing.start", &json!({"conversation_id": conversation})).await;
    assert_eq!(typing(&socket.event().await), [&*bob.id]);
}

#[tokio::test]
async fn without_redis_typing_pauses_and_nothing_else_breaks() {
    let port = free_port();
    let redis = Proxy::before(([127, 0, 0, 1], port).into()).await;
    let setup = Setup::default().with("--redis-port", port);
    let cloud = setup.environment("REDIS_URL", format!("redis://{}", redis.address)).start().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let here = json!({"conversation_id": conversation});
    let (mut phone, mut laptop) = (alice.connect().await, bob.connect().await);
    phone.ask("typing.start", &here).await;
    assert_eq!(typing(&laptop.event().await), [&*alice.id]);
    redis.cut();
    phone.ask("typing.stop", &here).await;
    assert!(laptop.events_within(A_MOMENT).await.is_empty());
    assert_eq!(phone.says(&conversation, "goes on").await["seq"], 2);
    laptop.event_of("message.created").await;
    redis.mend();
    parlance_tests::deadline::eventually("typing to go on", async || {
        phone.ask("typing.stop", &here).await;
        phone.ask("typing.start", &here).await;
        laptop
            .events_within(A_MOMENT)
            .await
            .iter()
            .any(|event| event["type"] == "typing.indicator")
            .then_some(())
    })
    .await;
}
