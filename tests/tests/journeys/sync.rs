//! Coming back: exact after any absence, over a socket and over HTTP.

use parlance_tests::cloud::{Cloud, Setup};
use parlance_tests::person::Person;
use parlance_tests::socket::Socket;
use serde_json::{Value, json};

async fn synced(socket: &mut Socket, cursors: &[(&str, u64)]) -> Value {
    let conversations: serde_json::Map<_, _> =
        cursors.iter().map(|(id, last)| ((*id).to_owned(), json!(last))).collect();
    let ack = socket.acked("sync", &json!({"conversations": conversations})).await;
    assert!(ack["seq"].is_null() && ack["conversation_id"].is_null(), "nothing was appended: {ack}");
    ack["data"].clone()
}

/// The events that have come so far, which is all of them once the ack is there.
async fn replayed(socket: &mut Socket, head: u64) -> Vec<Value> {
    let mut events = Vec::new();
    while events.last().is_none_or(|event: &Value| event["seq"] != head) {
        events.push(socket.event().await);
    }
    events
}

#[tokio::test]
async fn who_was_away_gets_exactly_what_he_missed() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let mut phone = alice.connect().await;
    phone.says(&conversation, "seen").await;
    for number in 3..=42 {
        phone.says(&conversation, &number.to_string()).await;
    }

    let mut laptop = bob.connect().await;
    let answer = synced(&mut laptop, &[(&conversation, 2)]).await;

    let expected =
        json!({"outcome": "recovered", "head_seq": 42, "head_n": 41, "read_seq": 1, "unread_count": 41});
    assert_eq!(answer["conversations"][&conversation], expected);
    let events = replayed(&mut laptop, 42).await;
    assert_eq!(events, bob.log(&conversation).await[2..], "the same events as the log's, in order");
    assert_eq!(answer["new"], json!([]));
    let again = synced(&mut laptop, &[(&conversation, 42)]).await;
    assert_eq!(again["conversations"][&conversation]["outcome"], "recovered");
    assert!(laptop.events_within(std::time::Duration::from_millis(200)).await.is_empty());
}

#[tokio::test]
async fn a_client_that_knows_nothing_is_told_of_its_conversations() {
    let cloud = Cloud::shared().await;
    let [alice, bob, carol] = cloud.people(["alice", "bob", "carol"]);
    let first = alice.direct_with(&bob).await;
    let second = carol.direct_with(&bob).await;
    alice.says(&first, "most recent").await;

    let answer = synced(&mut bob.connect().await, &[]).await;
    let ids: Vec<&str> =
        answer["new"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [first.as_str(), second.as_str()]);
    let shown = bob.get(&format!("conversations/{first}/")).await.with(200);
    for field in ["id", "kind", "participant_count", "last_message", "head_seq", "read_seq", "unread_count"] {
        assert_eq!(answer["new"][0][field], shown[field], "{field}");
    }
    let rest = synced(&mut bob.connect().await, &[(&first, 2)]).await;
    assert_eq!(rest["new"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_conversation_of_others_is_gone_whether_or_not_it_exists() {
    let cloud = Cloud::shared().await;
    let [alice, bob, eve] = cloud.people(["alice", "bob", "eve"]);
    let conversation = alice.direct_with(&bob).await;
    let unknown = "c_00000000000000000000000000";
    let gone = json!({"outcome": "gone"});

    let answer = synced(&mut eve.connect().await, &[(&conversation, 1), (unknown, 1)]).await;
    assert_eq!(answer, json!({"conversations": {&conversation: gone, unknown: gone}, "new": []}));
    let own = synced(&mut bob.connect().await, &[(&conversation, 1)]).await;
    assert_eq!(own["conversations"][&conversation]["outcome"], "recovered");
}

#[tokio::test]
async fn who_is_too_far_behind_or_ahead_reads_the_log() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let mut phone = alice.connect().await;
    for _ in 0..5 {
        phone.says(&conversation, &"x".repeat(16 * 1_024)).await;
    }
    for number in 0..296 {
        phone.says(&conversation, &number.to_string()).await;
    }

    let mut laptop = bob.connect().await;
    let outcome = async |laptop: &mut Socket, last| {
        let answer = synced(laptop, &[(&conversation, last)]).await;
        answer["conversations"][&conversation]["outcome"].as_str().unwrap().to_owned()
    };
    assert_eq!(outcome(&mut laptop, 1).await, "reset", "301 entries");
    assert_eq!(outcome(&mut laptop, 303).await, "reset", "beyond the log");
    assert_eq!(outcome(&mut laptop, 2).await, "recovered", "300 entries");
    assert_eq!(replayed(&mut laptop, 302).await, bob.log(&conversation).await[2..]);
}

#[tokio::test]
async fn over_http_the_entries_stand_in_the_answer() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    alice.says(&conversation, "missed").await;

    let body = json!({"conversations": {&conversation: 1}});
    let answer = bob.post("sync/", &body).await.with(200);
    let one = &answer["conversations"][&conversation];
    assert_eq!((&one["outcome"], &one["unread_count"]), (&json!("recovered"), &json!(1)));
    assert_eq!(one["items"].as_array().unwrap()[..], bob.log(&conversation).await[1..]);
    assert_eq!(bob.post("sync", &body).await.with(200), answer, "without the trailing slash too");
}

#[tokio::test]
async fn what_cannot_be_a_cursor_is_refused_everywhere_alike() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    let conversation = alice.direct_with(&bob).await;
    let mut socket = bob.connect().await;
    let many: serde_json::Map<_, _> = (0..201_u32).map(|n| (format!("c_{n:026}"), json!(1))).collect();
    for wrong in [
        json!({}),
        json!({"conversations": [conversation]}),
        json!({"conversations": {&conversation: -1}}),
        json!({"conversations": {&conversation: "1"}}),
        json!({"conversations": {&conversation: null}}),
        json!({"conversations": {"": 1}}),
        json!({"conversations": {&conversation: {"after": 1}}}),
        json!({"conversations": many}),
    ] {
        socket.refused("sync", &wrong, "validation_failed").await;
        let refusal = bob.post("sync/", &wrong).await.with(422);
        assert_eq!(refusal["code"], "validation_failed");
    }
    assert_eq!(bob.anonymous(reqwest::Method::POST, "sync/").send().await.unwrap().status(), 401);
    let answer = synced(&mut socket, &[(&conversation, 1)]).await;
    assert_eq!(answer["conversations"][&conversation]["outcome"], "recovered");
}

#[tokio::test]
async fn a_socket_for_one_conversation_brings_that_one_up_to_date() {
    let cloud = Cloud::shared().await;
    let [alice, bob, carol] = cloud.people(["alice", "bob", "carol"]);
    let (here, elsewhere) = (alice.direct_with(&bob).await, alice.direct_with(&carol).await);
    let mut narrow = alice.connect_to(&format!("/ws/chat/{here}/")).await;
    let other = json!({"conversations": {&elsewhere: 1}});
    narrow.refused("sync", &other, "not_found").await;
    let answer = synced(&mut narrow, &[(&here, 0)]).await;
    assert_eq!(
        (&answer["conversations"][&here]["outcome"], &answer["new"]),
        (&json!("recovered"), &json!([]))
    );
    assert_eq!(replayed(&mut narrow, 1).await.len(), 1);
}

/// Writes to a conversation while a socket of its reader syncs, again and again: live events and replay together leave no hole.
async fn overlaps(alice: &Person, bob: &Person) {
    let conversation = alice.direct_with(bob).await;
    let mut phone = alice.connect().await;
    let mut last = 1;
    for round in 0..10 {
        let mut laptop = bob.connect().await;
        let writing = async {
            for number in 0..5 {
                phone.says(&conversation, &format!("{round}.{number}")).await;
            }
        };
        let cursors = [(conversation.as_str(), last)];
        let (answer, ()) = tokio::join!(synced(&mut laptop, &cursors), writing);
        assert_eq!(answer["conversations"][&conversation]["outcome"], "recovered");
        let mut heard = std::collections::BTreeSet::new();
        while heard.len() < 5 {
            let event = laptop.event().await;
            heard.extend(event["seq"].as_u64().filter(|seq| *seq > last));
        }
        assert_eq!(heard.into_iter().collect::<Vec<_>>(), (last + 1..=last + 5).collect::<Vec<_>>());
        last += 5;
    }
}

#[tokio::test]
async fn live_events_and_replay_overlap_and_leave_no_hole() {
    let cloud = Cloud::shared().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    overlaps(&alice, &bob).await;
}

#[tokio::test]
async fn the_same_with_a_relay_and_after_a_restart_of_everything() {
    let setup = Setup::default().relays(1);
    let cloud = setup.start().await;
    let [alice, bob] = cloud.people(["alice", "bob"]);
    overlaps(&alice, &bob).await;
    let conversation = alice.direct_with(&bob).await;
    let cloud = cloud.kill().await.start().await;
    let mut laptop = bob.at(&cloud).connect().await;
    let answer = synced(&mut laptop, &[(&conversation, 40)]).await;
    assert_eq!(answer["conversations"][&conversation]["outcome"], "recovered");
    assert_eq!(replayed(&mut laptop, 51).await.len(), 11);
}
