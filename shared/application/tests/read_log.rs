//! What `ReadLog` shows of a log, and to whom.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken assumption should stop a test")]

use parlance_application::conversations::log::{ReadLog, ReadLogError};
use parlance_domain::{
    conversation::History,
    event::{Event, EventBody, HiddenEvent},
    head::Seq,
    ids::ConversationId,
};
use parlance_testkit::scene::{Scene, user};

fn reader(scene: &Scene) -> ReadLog {
    ReadLog::new(scene.log(), scene.conversations())
}

fn seqs(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.seq.get()).collect()
}

#[tokio::test]
async fn every_entry_is_one_event_in_order_without_a_gap() {
    let scene = Scene::default();
    let conversation = scene.conversation(1, History::All, &["alice", "bob"]).await;
    let first = scene.say(conversation, "alice", "first").await;
    scene.edit(first, "first, changed").await;
    let second = scene.say(conversation, "bob", "second").await;
    scene.delete(second).await;
    scene.join(conversation, "alice", "carol").await;
    scene.leave(conversation, "carol").await;

    let stretch = reader(&scene).execute(&user("bob"), conversation, 0, 200).await.unwrap();
    assert_eq!(seqs(&stretch.events), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!((stretch.head_seq.get(), stretch.first_seq), (7, None));
    let bodies: Vec<&EventBody> = stretch.events.iter().map(|event| &event.body).collect();
    assert!(matches!(bodies[0], EventBody::ConversationCreated(view) if view.roster.len() == 2));
    let changed = |body: &EventBody| match body {
        EventBody::MessageCreated(message) | EventBody::MessageUpdated(message) => {
            message.message.body.content.as_str() == "first, changed"
        }
        _ => false,
    };
    assert!(changed(bodies[1]) && changed(bodies[2]), "a message is shown as it stands");
    assert!(matches!(bodies[3], EventBody::MessageCreated(message) if message.message.deleted));
    assert!(matches!(bodies[4], EventBody::MessageDeleted(message) if message.id == second));
    assert!(matches!(bodies[5], EventBody::ParticipantAdded { .. }));
    assert!(matches!(bodies[6], EventBody::ParticipantRemoved { .. }));
}

#[tokio::test]
async fn a_stretch_begins_after_what_the_client_has() {
    let scene = Scene::default();
    let conversation = scene.conversation(1, History::All, &["alice"]).await;
    let first = scene.say(conversation, "alice", "1").await;
    for number in 2..=9 {
        scene.say(conversation, "alice", &number.to_string()).await;
    }
    scene.edit(first, "one").await;
    let read = reader(&scene);
    let stretch =
        async |after, limit| read.execute(&user("alice"), conversation, after, limit).await.unwrap();
    assert_eq!(seqs(&stretch(3, 4).await.events), [4, 5, 6, 7]);
    let last = stretch(10, 4).await;
    assert_eq!((seqs(&last.events), last.head_seq.get()), (vec![11], 11));
    let edited = matches!(&last.events[0].body, EventBody::MessageUpdated(message) if message.id == first);
    assert!(edited, "what was edited stands outside of the stretch, and is read");
    assert_eq!(seqs(&stretch(11, 4).await.events), [0; 0]);
    assert_eq!(seqs(&stretch(u64::MAX, 4).await.events), [0; 0]);
}

#[tokio::test]
async fn a_newcomer_is_told_of_hidden_messages_only_that_they_changed() {
    let scene = Scene::default();
    let conversation = scene.conversation(1, History::Joined, &["alice"]).await;
    let hidden = scene.say(conversation, "alice", "secret").await;
    let joined = scene.join(conversation, "alice", "carol").await;
    scene.edit(hidden, "secret, changed").await;
    scene.delete(hidden).await;

    let stretch = reader(&scene).execute(&user("carol"), conversation, 0, 200).await.unwrap();
    assert_eq!((seqs(&stretch.events), stretch.first_seq), (vec![3, 4, 5], Some(joined)));
    let is_hidden = |event: &Event, kind: HiddenEvent| matches!(&event.body, EventBody::Hidden { of, id } if *of == kind && *id == hidden);
    assert!(is_hidden(&stretch.events[1], HiddenEvent::Updated));
    assert!(is_hidden(&stretch.events[2], HiddenEvent::Deleted));

    let whole = reader(&scene).execute(&user("alice"), conversation, 0, 200).await.unwrap();
    assert_eq!((seqs(&whole.events), whole.first_seq), (vec![1, 2, 3, 4, 5], None));
}

#[tokio::test]
async fn a_stranger_reads_no_log() {
    let scene = Scene::default();
    let conversation = scene.conversation(1, History::All, &["alice"]).await;
    for asked in [conversation, ConversationId::from_bytes([9; 16])] {
        let stretch = reader(&scene).execute(&user("eve"), asked, 0, 9).await;
        assert!(matches!(stretch, Err(ReadLogError::NotFound)));
    }
    let own = reader(&scene).execute(&user("alice"), conversation, 0, 9).await.unwrap();
    assert_eq!(own.head_seq, Seq::FIRST);
}

#[tokio::test]
async fn nothing_after_ones_removal_is_shown_even_if_it_came_between_the_membership_and_the_log() {
    let scene = Scene::default();
    let conversation = scene.conversation(1, History::All, &["alice", "bob"]).await;
    scene.say(conversation, "alice", "for both").await;
    let row = (user("bob"), conversation);
    let membership = scene.cloud.state().memberships[&row].clone();
    let removal = scene.leave(conversation, "bob").await;
    scene.say(conversation, "alice", "for herself").await;
    // What a read of the membership answered just before.
    scene.cloud.state().memberships.insert(row, membership);

    let stretch = reader(&scene).execute(&user("bob"), conversation, 0, 200).await.unwrap();
    assert_eq!(seqs(&stretch.events), [1, 2, 3]);
    assert_eq!(stretch.head_seq, removal);
    let whole = reader(&scene).execute(&user("alice"), conversation, 0, 200).await.unwrap();
    assert_eq!(seqs(&whole.events), [1, 2, 3, 4]);
}
