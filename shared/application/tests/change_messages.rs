//! Edits and deletions: versions, tombstones, races, rights, and what newcomers are told of what they may not see.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken assumption stops the test"
)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::future::{Either, join_all, select};
use parlance_application::{
    delivery::repair::StreamedEntry,
    limits::admission::Admission,
    messages::{
        delete::{DeleteMessageError, Deleted, Deletion},
        edit::{Edit, EditMessageError, Edited},
        send::{Draft, SendMessageError, Sent},
    },
    ports::{
        connections::ConnectionDirectory,
        environment::{Clock, Random},
    },
    safeguards::Safeguards,
};
use parlance_domain::{
    authority::Caller,
    connection::{Connection, SocketScope},
    conversation::History,
    event::{Closing, Event, EventEncoder, PublishedEvent},
    ids::{ConnectionId, ConversationId, EventId, MessageId, UserId},
    log::{Entry, EntryBody},
    message::{Message, MessageBody, MessageContent},
    signal::Signal,
};
use parlance_testkit::{
    memory::{
        environment::SeededRandom,
        gate::{Gate, Outside, Passage},
    },
    scene::{Scene, user},
    simulation::stage::Stage,
};

/// Spells everything out.
struct DebugEncoder;

impl EventEncoder for DebugEncoder {
    fn event(&self, event: &Event) -> Vec<u8> {
        format!("{event:?}").into_bytes()
    }

    fn published(&self, event: &Event, actor: &UserId) -> PublishedEvent {
        let id = EventId { conversation: event.conversation, seq: event.seq };
        PublishedEvent { id, kind: event.body.kind(), at: event.at, detail: format!("{event:?} by {actor}") }
    }

    fn signal(&self, signal: &Signal) -> Vec<u8> {
        format!("{signal:?}").into_bytes()
    }

    fn batch(&self, frames: &[&[u8]]) -> Vec<u8> {
        frames.join(&b'\n')
    }

    fn batch_overhead(&self, frames: usize) -> usize {
        frames
    }

    fn closing(&self, closing: &Closing) -> Vec<u8> {
        format!("{closing:?}").into_bytes()
    }
}

/// Lets others go first at every step, and loses the answers of the first so many transactions.
#[derive(Default)]
struct Unruly {
    lost_answers: AtomicUsize,
}

#[async_trait]
impl Gate for Unruly {
    async fn pass(&self, outside: Outside) -> Passage {
        tokio::task::yield_now().await;
        let loses = |left: usize| left.checked_sub(1);
        if outside == Outside::TableTransaction
            && self.lost_answers.fetch_update(Ordering::SeqCst, Ordering::SeqCst, loses).is_ok()
        {
            return Passage::AnswerLost;
        }
        Passage::Through
    }

    fn splits_transactions(&self) -> bool {
        false
    }
}

struct House {
    scene: Scene,
    stage: Stage,
    gate: Arc<Unruly>,
}

impl House {
    fn new() -> Self {
        let (mut scene, gate) = (Scene::default(), Arc::new(Unruly::default()));
        let clock: Arc<dyn Clock> = Arc::new(scene.clock.clone());
        let random: Arc<dyn Random> = Arc::new(SeededRandom::new(1));
        let encoder: Arc<dyn EventEncoder> = Arc::new(DebugEncoder);
        let stage = Stage::new(gate.clone(), &clock, &random, Safeguards::ALL, 512);
        let stage = stage.spelling(&encoder, &clock, &random);
        (scene.cloud, scene.redis) = (stage.cloud.clone(), stage.redis.clone());
        Self { scene, stage, gate }
    }

    /// Runs something while time passes.
    async fn run<T>(&self, future: impl Future<Output = T>) -> T {
        let ticks = async {
            loop {
                self.scene.clock.advance(Duration::from_millis(1));
                tokio::task::yield_now().await;
            }
        };
        match select(std::pin::pin!(future), std::pin::pin!(ticks)).await {
            Either::Left((output, _)) => output,
            Either::Right(_) => unreachable!("time never ends"),
        }
    }

    async fn edit(&self, who: &str, id: MessageId, text: &str) -> Result<Edited, EditMessageError> {
        self.edit_if(who, id, text, None).await
    }

    async fn edit_if(
        &self,
        who: &str,
        id: MessageId,
        text: &str,
        if_versions: Option<Vec<u64>>,
    ) -> Result<Edited, EditMessageError> {
        let content = MessageContent::parse(text, false).unwrap();
        let editor = user(who);
        let edit = Edit { editor: (&editor).into(), id, content, if_versions, from: None };
        self.run(self.stage.edit.execute(edit)).await
    }

    async fn delete(&self, who: &str, id: MessageId) -> Result<Deleted, DeleteMessageError> {
        self.delete_as((&user(who)).into(), id).await
    }

    async fn delete_as(&self, caller: Caller<'_>, id: MessageId) -> Result<Deleted, DeleteMessageError> {
        let deletion = Deletion { caller, id, from: None };
        self.run(self.stage.delete.execute(deletion)).await
    }

    async fn reply(&self, who: &str, to: MessageId) -> Result<Sent, SendMessageError> {
        let content = MessageContent::parse("a reply", false).unwrap();
        let body = MessageBody { content, reply_to: Some(to.seq), ..MessageBody::default() };
        let draft = Draft {
            conversation: to.conversation,
            sender: user(who),
            client_id: None,
            after: None,
            body,
            from: None,
            admission: Admission::free(),
        };
        self.run(self.stage.send.execute(draft)).await
    }

    fn log(&self, conversation: ConversationId) -> Vec<Entry> {
        self.stage.cloud.state().logs[&conversation].values().cloned().collect()
    }

    fn message(&self, id: MessageId) -> Message {
        let entry = self.stage.cloud.state().logs[&id.conversation][&id.seq].clone();
        let EntryBody::MessageSent(message) = entry.body else { panic!("no message") };
        message
    }

    async fn socket(&self, who: &str) {
        let now = self.scene.clock.now();
        let socket = Connection {
            id: ConnectionId::parse(who).unwrap(),
            user: user(who),
            scope: SocketScope::Messaging,
            expires_at: now.plus(Duration::from_hours(9)),
            opened_at: now.minus(Duration::from_hours(1)),
        };
        self.stage.connections.register(&socket, now).await.unwrap();
    }

    fn heard(&self, who: &str) -> String {
        let deliveries = self.stage.gateway.deliveries();
        let frames = deliveries.iter().filter(|(to, _)| to.as_str() == who);
        frames.map(|(_, frame)| String::from_utf8(frame.clone()).unwrap() + "\n").collect()
    }
}

#[tokio::test]
async fn each_edit_is_a_version_and_an_entry_and_the_same_text_is_neither() {
    let house = House::new();
    let conversation = house.scene.conversation(1, History::All, &["alice", "bob"]).await;
    let id = house.scene.say(conversation, "alice", "one").await;

    let two = house.edit("alice", id, "two").await.unwrap();
    assert_eq!((two.message.message.version, two.entry.map(parlance_domain::head::Seq::get)), (2, Some(3)));
    assert_eq!(two.message.message, house.message(id), "the answer is what stands");
    let same = house.edit("alice", id, "two").await.unwrap();
    assert_eq!((same.message, same.entry), (two.message, None));

    let stale = house.edit_if("alice", id, "stale", Some(vec![1, 9])).await;
    assert!(matches!(stale, Err(EditMessageError::VersionConflict { current: 2 })));
    let three = house.edit_if("alice", id, "three", Some(vec![2])).await.unwrap();
    assert_eq!(three.message.message.version, 3);

    let gone = house.delete("alice", id).await.unwrap();
    let tombstone = gone.tombstone;
    assert_eq!((tombstone.message.version, tombstone.message.deleted), (4, true));
    assert_eq!(tombstone.message.body, MessageBody::default());
    assert_eq!((tombstone.sender, tombstone.n), (user("alice"), 1), "it keeps its place");
    assert_eq!(house.delete("alice", id).await.unwrap().entry, None);
    assert!(matches!(house.edit("alice", id, "back").await, Err(EditMessageError::Deleted)));
    assert_eq!(house.log(conversation).len(), 5);
    let entries = format!("{:?}", house.log(conversation));
    assert!(["one", "two", "three"].iter().all(|text| !entries.contains(&format!("{text:?}"))));
}

#[tokio::test]
async fn an_edit_whose_answers_were_lost_is_done_once() {
    let house = House::new();
    let conversation = house.scene.conversation(1, History::All, &["alice"]).await;
    let id = house.scene.say(conversation, "alice", "one").await;
    for (text, version) in [("two", 2), ("three", 3)] {
        house.gate.lost_answers.store(3, Ordering::SeqCst);
        let edited = house.edit_if("alice", id, text, Some(vec![version - 1])).await.unwrap();
        assert_eq!(
            (edited.message.message.version, edited.message.message.body.content.as_str()),
            (version, text)
        );
    }
    house.gate.lost_answers.store(3, Ordering::SeqCst);
    assert!(house.delete("alice", id).await.unwrap().tombstone.message.deleted);
    assert_eq!(house.log(conversation).len(), 5, "each stands once");
}

#[tokio::test]
async fn edits_and_deletions_at_once_leave_a_log_that_agrees_with_the_message() {
    for seed in 0..20 {
        let house = House::new();
        let conversation = house.scene.conversation(1, History::All, &["alice"]).await;
        let id = house.scene.say(conversation, "alice", "begin").await;
        let edits = join_all((0..6).map(|number| {
            let (house, text) = (&house, format!("edit {number}"));
            async move {
                for _ in 0..(number * 7 + seed) % 11 {
                    tokio::task::yield_now().await;
                }
                house.edit("alice", id, &text).await
            }
        }));
        let deletion = async {
            for _ in 0..seed * 3 {
                tokio::task::yield_now().await;
            }
            house.delete("alice", id).await
        };
        let (edited, deleted) = futures::join!(edits, deletion);
        deleted.unwrap();
        for edited in edited {
            assert!(matches!(edited, Ok(_) | Err(EditMessageError::Deleted)), "{edited:?}");
        }
        let mut version = 1;
        let log = house.log(conversation);
        for entry in &log[2..] {
            version += 1;
            match entry.body {
                EntryBody::MessageEdited { version: stated, .. } => assert_eq!(stated, version),
                EntryBody::MessageDeleted { .. } => {
                    assert_eq!(entry.seq, log.last().unwrap().seq, "the last word");
                }
                _ => panic!("{entry:?}"),
            }
        }
        let message = house.message(id);
        assert_eq!((message.version, message.deleted), (version, true));
        assert_eq!(message.since, log.last().unwrap().seq);
    }
}

#[tokio::test]
async fn rights_decide_and_strangers_cannot_tell_that_a_message_exists() {
    let house = House::new();
    let conversation = house.scene.conversation(1, History::All, &["owner", "bob"]).await;
    let of_owner = house.scene.say(conversation, "owner", "mine").await;
    let of_bob = house.scene.say(conversation, "bob", "his").await;
    let nowhere = MessageId::new(ConversationId::from_bytes([9; 16]), of_bob.seq);
    let no_message = MessageId::new(conversation, parlance_domain::head::Seq::FIRST);
    let eve = user("eve");
    let admin = Caller { is_admin: true, ..(&eve).into() };

    for id in [of_owner, nowhere, no_message] {
        assert!(matches!(house.edit("eve", id, "x").await, Err(EditMessageError::NotFound)));
        assert!(matches!(house.delete("eve", id).await, Err(DeleteMessageError::NotFound)));
    }
    for id in [nowhere, no_message] {
        assert!(matches!(house.edit("bob", id, "x").await, Err(EditMessageError::NotFound)));
        assert!(matches!(house.delete_as(admin, id).await, Err(DeleteMessageError::NotFound)));
    }
    assert!(matches!(house.edit("bob", of_owner, "x").await, Err(EditMessageError::NotTheSender)));
    assert!(matches!(house.edit("owner", of_bob, "x").await, Err(EditMessageError::NotTheSender)));
    assert!(matches!(house.delete("bob", of_owner).await, Err(DeleteMessageError::Forbidden(_))));
    assert_eq!(house.log(conversation).len(), 3);

    house.edit("bob", of_bob, "edited").await.unwrap();
    assert!(house.delete("owner", of_bob).await.unwrap().tombstone.message.deleted);
    let deleted = house.delete_as(admin, of_owner).await.unwrap();
    assert_eq!(deleted.tombstone.message, house.message(of_owner));
    assert!(deleted.entry.is_some() && deleted.tombstone.message.deleted);
}

#[tokio::test]
async fn who_joined_later_is_told_of_hidden_messages_by_their_id_alone() {
    let house = House::new();
    let conversation = house.scene.conversation(1, History::Joined, &["alice", "bob"]).await;
    let hidden = house.scene.say(conversation, "alice", "before carol").await;
    house.scene.join(conversation, "alice", "carol").await;
    let shown = house.scene.say(conversation, "alice", "after carol").await;
    for who in ["alice", "bob", "carol"] {
        house.socket(who).await;
    }

    house.edit("alice", hidden, "SECRET").await.unwrap();
    assert!(house.heard("bob").contains("SECRET") && house.heard("bob").contains("MessageUpdated"));
    assert!(!house.heard("carol").contains("SECRET") && house.heard("carol").contains("Hidden"));
    house.reply("bob", hidden).await.unwrap();
    assert!(house.heard("bob").is_empty() || house.heard("alice").contains("reply_to: Some(Seq(2))"));
    assert!(house.heard("carol").contains("a reply"));
    assert!(!house.heard("carol").contains("reply_to: Some"), "a hidden reply_to is null");
    house.edit("alice", shown, "VISIBLE").await.unwrap();
    assert!(house.heard("carol").contains("VISIBLE"));

    assert!(matches!(house.reply("carol", hidden).await, Err(SendMessageError::UnknownReply)));
    house.reply("carol", shown).await.unwrap();
    assert!(matches!(house.edit("carol", hidden, "x").await, Err(EditMessageError::NotFound)));
    assert!(matches!(house.delete("carol", hidden).await, Err(DeleteMessageError::NotFound)));

    // What the stream delivers again is told in the same way.
    house.stage.gateway.deliveries().clear();
    house.stage.redis.keys().sent.clear();
    house.scene.clock.advance(Duration::from_secs(5));
    let entries = house.log(conversation).into_iter();
    let streamed: Vec<_> = entries.map(|entry| StreamedEntry { conversation, entry }).collect();
    house.run(house.stage.repair.on_stream(&streamed)).await;
    assert!(house.heard("bob").contains("SECRET") && house.heard("carol").contains("VISIBLE"));
    assert!(!house.heard("carol").contains("SECRET") && !house.heard("carol").contains("before carol"));
}
