//! What a client that comes back is told of what it missed, and in which order a socket comes back.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a broken assumption should stop a test"
)]

use std::{collections::BTreeMap, sync::Arc};

use parlance_application::{
    connections::register::RegisterConnection,
    conversations::sync::{
        Missed, Present, Standing, SyncConversations, SyncLimits, SyncPorts, Synced, SyncedConversation,
    },
    delivery::lanes::{Lanes, MAX_FRAME_BYTES},
    log::events::EventResolver,
    ports::{
        cache::ConversationCache, connections::ConnectionDirectory, delivery::Posted, environment::Clock,
    },
    sessions::resume::{ResumeSession, Returning},
};
use parlance_domain::{
    connection::SocketScope,
    conversation::History,
    head::Seq,
    ids::{ConnectionId, ConversationId},
    time::Timestamp,
};
use parlance_testkit::{
    memory::{
        connections::MemoryConnections,
        delivery::{MemoryGateway, SeqEncoder},
        environment::SeededRandom,
        presence::MemoryPresenceTimer,
    },
    scene::{Scene, user},
};

fn sync(scene: &Scene) -> SyncConversations {
    SyncConversations::new(SyncPorts {
        log: scene.log(),
        conversations: scene.conversations(),
        cache: Arc::new(scene.redis.clone()),
        events: EventResolver::new(scene.log(), scene.conversations()),
        list: scene.lister(),
        encoder: Arc::new(SeqEncoder),
    })
}

fn standing(cursors: &[(ConversationId, u64)]) -> Standing {
    Standing { cursors: cursors.iter().copied().collect(), wants_new: true }
}

fn present(synced: &Synced, conversation: ConversationId) -> &Present {
    match &synced.conversations[&conversation] {
        SyncedConversation::Present(present) => present,
        SyncedConversation::Gone => panic!("it is gone"),
    }
}

/// Which entries were recovered; `None` after a reset.
fn recovered(synced: &Synced, conversation: ConversationId) -> Option<Vec<u64>> {
    match &present(synced, conversation).missed {
        Missed::Recovered(frames) => {
            Some(frames.iter().flat_map(|frame| SeqEncoder::read(frame)).map(Seq::get).collect())
        }
        Missed::Reset => None,
    }
}

#[tokio::test]
async fn everything_after_the_cursor_comes_in_order_whatever_it_is() {
    let scene = Scene::default();
    let conversation = scene.conversation(1, History::All, &["alice", "bob"]).await;
    let first = scene.say(conversation, "alice", "first").await;
    scene.edit(first, "first, changed").await;
    scene.delete(first).await;
    scene.join(conversation, "alice", "carol").await;
    scene.leave(conversation, "carol").await;
    scene.say(conversation, "alice", "last").await;

    let synced = sync(&scene).execute(&user("bob"), &standing(&[(conversation, 2)])).await.unwrap();

    assert_eq!(recovered(&synced, conversation), Some(vec![3, 4, 5, 6, 7]));
    let present = present(&synced, conversation);
    assert_eq!((present.head.seq.get(), present.head.n, present.unread()), (7, 2, 2));
    assert!(synced.new.is_empty(), "the only one was named");
    let up_to_date = sync(&scene).execute(&user("bob"), &standing(&[(conversation, 7)])).await.unwrap();
    assert_eq!(recovered(&up_to_date, conversation), Some(Vec::new()));
}

#[tokio::test]
async fn who_is_not_in_a_conversation_cannot_tell_that_it_exists() {
    let scene = Scene::default();
    let foreign = scene.conversation(1, History::All, &["alice"]).await;
    let left = scene.conversation(2, History::All, &["alice", "bob"]).await;
    scene.leave(left, "bob").await;
    let unknown = ConversationId::from_bytes([9; 16]);

    let named = standing(&[(foreign, 0), (left, 1), (unknown, 3)]);
    let synced = sync(&scene).execute(&user("bob"), &named).await.unwrap();

    let gone = |id| (id, SyncedConversation::Gone);
    assert_eq!(synced.conversations, [gone(foreign), gone(left), gone(unknown)].into());
    assert!(synced.new.is_empty());
    let own = sync(&scene).execute(&user("alice"), &named).await.unwrap();
    assert_eq!(recovered(&own, foreign), Some(vec![1]));
}

#[tokio::test]
async fn the_log_of_a_newcomer_begins_where_he_joined() {
    let scene = Scene::default();
    let conversation = scene.conversation(1, History::Joined, &["alice"]).await;
    scene.say(conversation, "alice", "secret").await;
    let joined = scene.join(conversation, "alice", "carol").await;
    scene.say(conversation, "alice", "welcome").await;

    let synced = sync(&scene).execute(&user("carol"), &standing(&[(conversation, 0)])).await.unwrap();

    assert_eq!(recovered(&synced, conversation), Some(vec![3, 4]));
    assert_eq!(present(&synced, conversation).first_seq, Some(joined));
}

#[tokio::test]
async fn a_cursor_beyond_the_log_and_too_much_of_it_are_a_reset() {
    let limits = SyncLimits { entries: 3, bytes: 1_000, total_entries: 5, total_bytes: 1_000, new: 50 };
    let scene = Scene::default();
    let mut conversations = Vec::new();
    for number in 1..=4 {
        let conversation = scene.conversation(number, History::All, &["alice", "bob"]).await;
        for said in 0..number {
            scene.say(conversation, "alice", &said.to_string()).await;
        }
        conversations.push(conversation);
    }
    let [one, two, three, four] = conversations.try_into().unwrap();
    let after = |cursors: &[(ConversationId, u64)]| standing(cursors);
    let synced = async |limits, cursors: &[(ConversationId, u64)]| {
        sync(&scene).with_limits(limits).execute(&user("bob"), &after(cursors)).await.unwrap()
    };

    let all = synced(limits, &[(one, 1), (two, 1), (three, 1), (four, 1)]).await;
    assert_eq!(recovered(&all, one), Some(vec![2]));
    assert_eq!(recovered(&all, two), Some(vec![2, 3]));
    assert_eq!(recovered(&all, three), None, "those that were less behind used up the whole");
    assert_eq!(recovered(&all, four), None, "four entries are too many for one");
    assert_eq!(recovered(&synced(limits, &[(three, 1)]).await, three), Some(vec![2, 3, 4]));
    let beyond = synced(limits, &[(four, 6)]).await;
    assert_eq!(recovered(&beyond, four), None);
    assert_eq!(present(&beyond, four).head.seq.get(), 5);

    // Three frames of two bytes each.
    let narrow = SyncLimits { bytes: 5, ..limits };
    assert_eq!(recovered(&synced(narrow, &[(three, 1)]).await, three), None);
    let scarce = SyncLimits { total_bytes: 4, ..limits };
    let both = synced(scarce, &[(one, 1), (two, 1)]).await;
    assert_eq!((recovered(&both, one), recovered(&both, two)), (Some(vec![2]), None));
}

#[tokio::test]
async fn conversations_that_the_client_does_not_know_come_along_most_recent_first() {
    let scene = Scene::default();
    let old = scene.conversation(1, History::All, &["alice", "bob"]).await;
    let known = scene.conversation(2, History::All, &["alice", "bob"]).await;
    let new = scene.conversation(3, History::All, &["alice", "bob"]).await;
    scene.say(old, "alice", "still here").await;

    let names = |synced: &Synced| synced.new.iter().map(|one| one.view.conversation.id).collect::<Vec<_>>();
    let synced = sync(&scene).execute(&user("bob"), &standing(&[(known, 1)])).await.unwrap();
    assert_eq!(names(&synced), [old, new]);
    let limits = SyncLimits { new: 1, ..SyncLimits::CURRENT };
    let first = sync(&scene).with_limits(limits).execute(&user("bob"), &standing(&[])).await.unwrap();
    assert_eq!(names(&first), [old]);
    let unwanted = Standing { wants_new: false, ..standing(&[(known, 1)]) };
    assert!(sync(&scene).execute(&user("bob"), &unwanted).await.unwrap().new.is_empty());
}

#[tokio::test]
async fn heads_are_read_from_the_log_and_what_the_cache_remembers_is_put_right() {
    let scene = Scene::default();
    let conversation = scene.conversation(1, History::All, &["alice", "bob"]).await;
    scene.redis.record_head(conversation, &scene.head(conversation).await).await;
    scene.say(conversation, "alice", "nobody recorded this").await;

    let synced = sync(&scene).execute(&user("bob"), &standing(&[(conversation, 1)])).await.unwrap();

    assert_eq!(recovered(&synced, conversation), Some(vec![2]));
    let remembered = scene.redis.heads(&[conversation]).await[0].unwrap();
    assert_eq!(remembered, scene.head(conversation).await);
}

/// A socket of bob's that comes back, over the scene's ports.
struct Stage {
    gateway: MemoryGateway,
    connections: MemoryConnections,
    resume: ResumeSession,
}

impl Stage {
    fn of(scene: &Scene) -> Self {
        let (gateway, connections) = (MemoryGateway::default(), MemoryConnections::default());
        let clock: Arc<dyn Clock> = Arc::new(scene.clock.clone());
        let directory: Arc<dyn ConnectionDirectory> = Arc::new(connections.clone());
        let lanes = Lanes::new(
            Arc::new(gateway.clone()),
            Arc::clone(&directory),
            Arc::new(SeqEncoder),
            Arc::clone(&clock),
            Arc::new(SeededRandom::new(1)),
        );
        let register = RegisterConnection::new(
            directory,
            Arc::new(MemoryPresenceTimer::default()),
            Arc::new(gateway.clone()),
        );
        Self { resume: ResumeSession::new(register, sync(scene), lanes, clock), gateway, connections }
    }

    async fn resume(&self, cursors: &[(ConversationId, u64)]) -> Synced {
        let returning = Returning {
            id: socket(),
            user: user("bob"),
            scope: SocketScope::Messaging,
            expires_at: Timestamp::from_millis(u64::MAX),
        };
        self.resume.execute(returning, &standing(cursors)).await.unwrap()
    }
}

fn socket() -> ConnectionId {
    ConnectionId::parse("socket=").unwrap()
}

#[tokio::test]
async fn a_socket_is_known_again_and_gets_what_it_missed_in_few_frames() {
    let scene = Scene::default();
    let mut missed = BTreeMap::new();
    for number in 1..=3 {
        let conversation = scene.conversation(number, History::All, &["alice", "bob"]).await;
        for _ in 0..100 {
            scene.say(conversation, "alice", "again").await;
        }
        missed.insert(conversation, 1);
    }
    let stage = Stage::of(&scene);
    let cursors: Vec<_> = missed.into_iter().collect();
    let synced = stage.resume(&cursors).await;

    assert_eq!(stage.connections.of_users(&[user("bob")]).await.unwrap()[0].id, socket());
    for (conversation, _) in cursors {
        assert!(recovered(&synced, conversation).is_some());
    }
    let deliveries = stage.gateway.deliveries();
    let heard: Vec<u64> =
        deliveries.iter().flat_map(|(_, frame)| SeqEncoder::read(frame)).map(Seq::get).collect();
    let expected: Vec<u64> = (0..3).flat_map(|_| 2..=101).collect();
    assert_eq!(heard, expected);
    assert_eq!(deliveries.len(), 1, "all of it fits into {MAX_FRAME_BYTES} bytes");
}

#[tokio::test]
async fn what_could_not_be_posted_is_never_called_recovered() {
    let scene = Scene::default();
    let conversation = scene.conversation(1, History::All, &["alice", "bob"]).await;
    scene.say(conversation, "alice", "missed").await;
    let stage = Stage::of(&scene);
    stage.gateway.answer_next(&socket(), Posted::Refused);
    assert_eq!(recovered(&stage.resume(&[(conversation, 1)]).await, conversation), None);
    assert!(recovered(&stage.resume(&[(conversation, 1)]).await, conversation).is_some());
}

#[tokio::test]
async fn who_is_taken_out_while_he_comes_back_is_told_that_it_is_gone_and_nothing_else() {
    let scene = Scene::default();
    let conversation = scene.conversation(1, History::All, &["alice", "bob"]).await;
    let row = (user("bob"), conversation);
    let membership = scene.cloud.state().memberships[&row].clone();
    scene.leave(conversation, "bob").await;
    scene.say(conversation, "alice", "for herself").await;
    // What a read of the memberships answered just before.
    scene.cloud.state().memberships.insert(row, membership);

    let synced = sync(&scene).execute(&user("bob"), &standing(&[(conversation, 1)])).await.unwrap();
    assert_eq!(synced.conversations[&conversation], SyncedConversation::Gone);
}

#[tokio::test]
async fn a_conversation_that_is_not_named_is_told_up_to_its_head_however_old_the_hint() {
    let scene = Scene::default();
    let conversation = scene.conversation(1, History::All, &["alice", "bob"]).await;
    let old = scene.head(conversation).await;
    scene.say(conversation, "alice", "news").await;
    scene.redis.keys().heads.insert(conversation, old);

    let synced = sync(&scene).execute(&user("bob"), &standing(&[])).await.unwrap();
    let told = &synced.new[0];
    assert_eq!(told.view.head_seq, scene.head(conversation).await.seq);
    assert_eq!(told.own.unwrap().unread, 1);
}
