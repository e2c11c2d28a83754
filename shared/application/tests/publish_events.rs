//! What the stream brings and other systems are told, over memory ports.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken assumption stops the test")]

use std::sync::Arc;

use parlance_application::{
    delivery::{publish::PublishEvents, repair::StreamedEntry},
    log::events::EventResolver,
};
use parlance_domain::{
    conversation::History,
    event::EventKind,
    head::Seq,
    ids::{EventId, MessageId},
    log::{Entry, EntryBody},
};
use parlance_testkit::{
    memory::{delivery::SeqEncoder, event_bus::MemoryEventBus},
    scene::{Scene, user},
};

fn publisher(scene: &Scene, bus: &MemoryEventBus) -> PublishEvents {
    let events = EventResolver::new(scene.log(), scene.conversations());
    PublishEvents::new(events, Arc::new(bus.clone()), Arc::new(SeqEncoder))
}

async fn streamed(scene: &Scene, message: MessageId) -> StreamedEntry {
    let entry = scene.log().entries_at(message.conversation, &[message.seq]).await.unwrap().remove(0);
    StreamedEntry { conversation: message.conversation, entry }
}

#[tokio::test]
async fn each_entry_is_an_event_with_its_own_id_and_who_caused_it() {
    let (scene, bus) = (Scene::default(), MemoryEventBus::default());
    let conversation = scene.conversation(1, History::All, &["alice", "bob"]).await;
    let message = scene.say(conversation, "bob", "hello").await;
    let sent = streamed(&scene, message).await;
    let first = streamed(&scene, MessageId::new(conversation, Seq::FIRST)).await;
    let outcomes = publisher(&scene, &bus).execute(&[first, sent]).await;
    assert!(outcomes.iter().all(Result::is_ok));
    let events = bus.events();
    let kinds: Vec<EventKind> = events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::ConversationCreated, EventKind::MessageCreated]);
    let details: Vec<&str> = events.iter().map(|event| event.detail.as_str()).collect();
    assert_eq!(details, ["1;alice", "2;bob"]);
    let ids: Vec<EventId> = events.iter().map(|event| event.id).collect();
    assert_eq!(ids, [Seq::FIRST, message.seq].map(|seq| EventId { conversation, seq }));
}

#[tokio::test]
async fn an_event_that_the_bus_refuses_fails_alone_and_comes_with_the_next_attempt() {
    let (scene, bus) = (Scene::default(), MemoryEventBus::default());
    let conversation = scene.conversation(1, History::All, &["alice", "bob"]).await;
    let mut entries = Vec::new();
    for number in 0..3 {
        let message = scene.say(conversation, "alice", &number.to_string()).await;
        entries.push(streamed(&scene, message).await);
    }
    bus.refuse_once(EventId { conversation, seq: entries[1].entry.seq });
    let outcomes = publisher(&scene, &bus).execute(&entries).await;
    assert_eq!(outcomes.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert!(publisher(&scene, &bus).execute(&entries[1..]).await.iter().all(Result::is_ok));
    let seqs: Vec<Seq> = bus.events().iter().map(|event| event.id.seq).collect();
    let seq = |place: usize| entries[place].entry.seq;
    assert_eq!(seqs, [seq(0), seq(2), seq(1), seq(2)], "at least once");
}

#[tokio::test]
async fn an_entry_that_cannot_be_told_keeps_no_other_from_the_bus() {
    let (scene, bus) = (Scene::default(), MemoryEventBus::default());
    let conversation = scene.conversation(1, History::All, &["alice", "bob"]).await;
    let message = scene.say(conversation, "alice", "hello").await;
    let good = streamed(&scene, message).await;
    let title = parlance_domain::conversation::Title::parse("lost").unwrap();
    let orphan = StreamedEntry {
        conversation: parlance_domain::ids::ConversationId::from_bytes([9; 16]),
        entry: Entry {
            body: EntryBody::ConversationRetitled { title },
            actor: user("alice"),
            ..good.entry.clone()
        },
    };
    let outcomes = publisher(&scene, &bus).execute(&[orphan, good]).await;
    assert_eq!(outcomes.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true]);
    assert_eq!(bus.events().len(), 1);
}
