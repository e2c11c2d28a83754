//! Typing: what it costs, whom it is told, and when it is not told again.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken assumption stops the test")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use parlance_application::{
    delivery::{
        broadcaster::{Broadcaster, Closer},
        lanes::Lanes,
        recipients::Recipients,
    },
    limits::admission::Admission,
    log::rosters::RosterReader,
    ports::{
        cache::ConversationCache, connections::ConnectionDirectory, delivery::Hearing, environment::Clock,
    },
    safeguards::Safeguards,
    typing::{
        room::{TypingError, TypingRooms, Typist},
        start::StartTyping,
        stop::StopTyping,
    },
};
use parlance_domain::{
    connection::{Connection, SocketScope},
    conversation::History,
    ids::{ConnectionId, ConversationId},
};
use parlance_testkit::{
    memory::{
        cloud::MemoryCloud,
        connections::MemoryConnections,
        delivery::{MemoryGateway, MemoryQueues, SeqEncoder},
        environment::SeededRandom,
        gate::{Gate, Outside, Passage},
        redis::MemoryRedis,
    },
    scene::{Scene, user},
};

/// Counts what is asked of table and Redis; Redis may be out of reach.
#[derive(Default)]
struct Counter {
    table: AtomicUsize,
    redis: AtomicUsize,
    is_redis_gone: std::sync::atomic::AtomicBool,
}

#[async_trait]
impl Gate for Counter {
    async fn pass(&self, outside: Outside) -> Passage {
        match outside {
            Outside::Redis => {
                self.redis.fetch_add(1, Ordering::Relaxed);
                if self.is_redis_gone.load(Ordering::Relaxed) {
                    return Passage::RequestLost;
                }
            }
            Outside::Post | Outside::Invoke => {}
            _ => {
                self.table.fetch_add(1, Ordering::Relaxed);
            }
        }
        Passage::Through
    }

    fn splits_transactions(&self) -> bool {
        false
    }
}

struct House {
    scene: Scene,
    counter: Arc<Counter>,
    gateway: MemoryGateway,
    directory: MemoryConnections,
    queues: MemoryQueues,
    start: StartTyping,
    stop: StopTyping,
}

impl House {
    fn new() -> Self {
        let counter = Arc::new(Counter::default());
        let scene = Scene {
            cloud: MemoryCloud::behind(counter.clone()),
            redis: MemoryRedis::behind(counter.clone()),
            ..Scene::default()
        };
        let (gateway, directory, queues) =
            (MemoryGateway::default(), MemoryConnections::default(), MemoryQueues::default());
        let clock: Arc<dyn Clock> = Arc::new(scene.clock.clone());
        let (poster, sockets) = (Arc::new(gateway.clone()), Arc::new(directory.clone()));
        let redis = Arc::new(scene.redis.clone());
        let lanes = Lanes::new(
            poster.clone(),
            sockets.clone(),
            Arc::new(SeqEncoder),
            clock.clone(),
            Arc::new(SeededRandom::new(1)),
        );
        let broadcaster = Broadcaster::new(
            redis.clone(),
            Recipients::new(sockets.clone()),
            lanes,
            Arc::new(queues.clone()),
            Closer::new(poster, sockets, Arc::new(SeqEncoder)),
            clock.clone(),
            Safeguards::ALL,
        );
        let rooms = TypingRooms {
            cache: redis.clone(),
            rosters: RosterReader::new(scene.log(), scene.conversations(), redis.clone(), Safeguards::ALL),
            board: redis,
            broadcaster,
            encoder: Arc::new(SeqEncoder),
            clock,
        };
        let (start, stop) = (StartTyping::new(rooms.clone()), StopTyping::new(rooms));
        Self { scene, counter, gateway, directory, queues, start, stop }
    }

    /// Opens a socket for somebody.
    async fn open(&self, name: &str, scope: SocketScope) {
        let now = self.scene.clock.now();
        let connection = Connection {
            id: ConnectionId::parse(name).unwrap(),
            user: user(name),
            scope,
            expires_at: now.plus(Duration::from_hours(1)),
            opened_at: now,
        };
        self.directory.register(&connection, now).await.unwrap();
    }

    async fn starts(&self, conversation: ConversationId, name: &str) -> Result<(), TypingError> {
        self.start.execute(typist(conversation, name)).await
    }

    async fn stops(&self, conversation: ConversationId, name: &str) -> Result<(), TypingError> {
        self.stop.execute(typist(conversation, name)).await
    }

    /// Who was told, and whom each was told to be typing, since the last look.
    fn told(&self) -> Vec<(String, Vec<String>)> {
        let deliveries = std::mem::take(&mut *self.gateway.deliveries());
        let mut told: Vec<_> = deliveries
            .into_iter()
            .map(|(to, frame)| {
                let text = String::from_utf8(frame).unwrap();
                let named = ["alice", "bob", "carol"].into_iter().filter(|name| text.contains(name));
                (to.to_string(), named.map(str::to_owned).collect())
            })
            .collect();
        told.sort_unstable();
        told
    }

    fn passes(&self, seconds: u64) {
        self.scene.clock.advance(Duration::from_secs(seconds));
    }

    /// What the table and Redis were asked since the last look.
    fn asked(&self) -> (usize, usize) {
        (self.counter.table.swap(0, Ordering::Relaxed), self.counter.redis.swap(0, Ordering::Relaxed))
    }
}

fn typist(conversation: ConversationId, name: &str) -> Typist {
    Typist {
        conversation,
        user: user(name),
        from: ConnectionId::parse(name).unwrap(),
        admission: Admission::free(),
    }
}

fn told(to: &str, typing: &[&str]) -> (String, Vec<String>) {
    (to.to_owned(), typing.iter().map(|name| (*name).to_owned()).collect())
}

/// Alice, Bob and Carol in one conversation, each with a socket.
async fn three() -> (House, ConversationId) {
    let house = House::new();
    let conversation = house.scene.conversation(1, History::All, &["alice", "bob", "carol"]).await;
    for name in ["alice", "bob", "carol"] {
        house.open(name, SocketScope::Messaging).await;
    }
    (house, conversation)
}

#[tokio::test]
async fn the_others_are_told_everybody_who_types() {
    let (house, conversation) = three().await;
    house.starts(conversation, "alice").await.unwrap();
    assert_eq!(house.told(), [told("bob", &["alice"]), told("carol", &["alice"])]);
    house.starts(conversation, "bob").await.unwrap();
    assert_eq!(house.told(), [told("alice", &["alice", "bob"]), told("carol", &["alice", "bob"])]);
    house.stops(conversation, "alice").await.unwrap();
    assert_eq!(house.told(), [told("bob", &["bob"]), told("carol", &["bob"])]);
    house.stops(conversation, "alice").await.unwrap();
    assert!(house.told().is_empty(), "nobody thought that she typed");
    house.passes(7);
    house.starts(conversation, "carol").await.unwrap();
    assert_eq!(house.told()[0], told("alice", &["carol"]), "Bob has not been heard of since");
}

#[tokio::test]
async fn who_goes_on_typing_is_told_of_only_before_it_would_lapse() {
    let (house, conversation) = three().await;
    let mut frames = Vec::new();
    for _ in 0..10 {
        house.starts(conversation, "alice").await.unwrap();
        frames.push(house.told().len());
        house.passes(3);
    }
    assert_eq!(frames, [2, 0, 2, 0, 2, 0, 2, 0, 2, 0]);
}

#[tokio::test]
async fn after_a_message_who_types_on_is_told_of_again() {
    let (house, conversation) = three().await;
    house.starts(conversation, "alice").await.unwrap();
    house.scene.say(conversation, "alice", "sent").await;
    let head = house.scene.head(conversation).await;
    house.scene.redis.record_head(conversation, &head).await;
    house.told();
    house.starts(conversation, "alice").await.unwrap();
    assert_eq!(house.told().len(), 2, "clients dropped her with her message");
    house.starts(conversation, "alice").await.unwrap();
    assert!(house.told().is_empty());
}

#[tokio::test]
async fn the_warm_path_asks_the_table_nothing_and_redis_three_times() {
    let (house, conversation) = three().await;
    house.asked();
    house.starts(conversation, "alice").await.unwrap();
    assert_eq!(house.asked(), (3, 5), "cold: the tail and the roster in two pages, which are remembered");
    house.starts(conversation, "bob").await.unwrap();
    assert_eq!(house.asked(), (0, 3), "head and roster, who types (both at once), and the note");
    house.starts(conversation, "bob").await.unwrap();
    assert_eq!(house.asked(), (0, 2), "what was told still holds");
    house.stops(conversation, "bob").await.unwrap();
    assert_eq!(house.asked(), (0, 3));
    house.stops(conversation, "bob").await.unwrap();
    assert_eq!(house.asked(), (0, 2));
}

#[tokio::test]
async fn a_stranger_is_told_that_there_is_no_such_conversation() {
    let (house, conversation) = three().await;
    house.starts(conversation, "alice").await.unwrap();
    house.told();
    for unknown in [conversation, ConversationId::from_bytes([9; 16])] {
        for outcome in [house.starts(unknown, "mallory").await, house.stops(unknown, "mallory").await] {
            assert!(matches!(outcome, Err(TypingError::NotFound)));
        }
    }
    house.scene.leave(conversation, "carol").await;
    let head = house.scene.head(conversation).await;
    house.scene.redis.record_head(conversation, &head).await;
    assert!(matches!(house.starts(conversation, "carol").await, Err(TypingError::NotFound)));
    assert!(house.told().is_empty());
    house.starts(conversation, "bob").await.unwrap();
    assert_eq!(house.told(), [told("alice", &["alice", "bob"])], "and who left is told nothing");
}

#[tokio::test]
async fn above_a_hundred_members_it_is_accepted_and_told_to_nobody() {
    for (members, frames) in [(100, 1), (101, 0)] {
        let house = House::new();
        let names: Vec<String> = (0..members).map(|number| format!("u{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let conversation = house.scene.conversation(1, History::All, &names).await;
        house.open("u1", SocketScope::Messaging).await;
        house.starts(conversation, "u0").await.unwrap();
        assert_eq!(house.gateway.deliveries().len(), frames, "{members} members");
    }
}

#[tokio::test]
async fn without_redis_typing_pauses_and_asks_the_table_nothing() {
    let (house, conversation) = three().await;
    house.asked();
    house.counter.is_redis_gone.store(true, Ordering::Relaxed);
    house.starts(conversation, "alice").await.unwrap();
    house.stops(conversation, "alice").await.unwrap();
    assert_eq!(house.asked().0, 0);
    assert!(house.told().is_empty());
    house.counter.is_redis_gone.store(false, Ordering::Relaxed);
    house.starts(conversation, "alice").await.unwrap();
    assert_eq!(house.told().len(), 2);
}

#[tokio::test]
async fn only_sockets_that_hear_typing_are_told() {
    let (house, conversation) = three().await;
    let elsewhere = ConversationId::from_bytes([9; 16]);
    for (name, scope) in [
        ("alice", SocketScope::Typing(conversation)),
        ("bob", SocketScope::Typing(elsewhere)),
        ("carol", SocketScope::Presence),
    ] {
        house.open(name, scope).await;
    }
    house.starts(conversation, "bob").await.unwrap();
    assert_eq!(house.told(), [told("alice", &["bob"])]);
}

#[tokio::test]
async fn a_relay_that_lives_is_given_it_once() {
    let (house, conversation) = three().await;
    house.scene.redis.keys().has_relay = true;
    house.starts(conversation, "alice").await.unwrap();
    assert!(house.told().is_empty());
    let published = std::mem::take(&mut house.scene.redis.keys().published);
    assert_eq!(published.len(), 1);
    assert_eq!((published[0].hearing, published[0].seq), (Hearing::Typing, None));
    assert!(house.queues.take_orders().is_empty());
}
