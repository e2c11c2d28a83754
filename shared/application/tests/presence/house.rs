//! The use cases of presence over memory twins, and what people do with their sockets.

use std::{sync::Arc, time::Duration};

use parlance_application::{
    connections::{
        close::CloseConnection,
        open::{OpenConnection, OpenPorts, Opening},
        register::RegisterConnection,
    },
    delivery::{
        broadcaster::{Broadcaster, Closer},
        lanes::Lanes,
        recipients::Recipients,
    },
    limits::rates::RateLimits,
    ports::{environment::Clock, identity::ProfileClaims},
    presence::{
        acquaintances::Acquaintances,
        announce::{PresenceAnnouncer, PresencePorts},
        arrive::Arrive,
        depart::Depart,
        look::LookAtPresence,
        set::SetPresence,
        sight::PresenceSight,
        watch::WatchPresence,
    },
    safeguards::Safeguards,
};
use parlance_domain::{
    connection::SocketScope,
    conversation::History,
    ids::{ConnectionId, UserId},
    presence::{ChosenStatus, PresenceChoice, StatusText},
    signal::{Presence, PresenceStatus},
    time::Timestamp,
};
use parlance_testkit::{
    memory::{
        connections::MemoryConnections,
        delivery::{MemoryGateway, MemoryQueues, SeqEncoder},
        environment::SeededRandom,
        people::MemoryPeople,
        presence::{Look, MemoryPresence, MemoryPresenceTimer},
    },
    scene::{Scene, user},
};

pub const GRACE: Duration = Duration::from_secs(30);

pub struct House {
    pub scene: Scene,
    pub gateway: MemoryGateway,
    pub directory: MemoryConnections,
    pub timer: MemoryPresenceTimer,
    pub open: OpenConnection,
    pub close: CloseConnection,
    pub look: LookAtPresence,
    pub set: SetPresence,
    pub watch: WatchPresence,
}

impl House {
    pub fn new() -> Self {
        let scene = Scene::default();
        let (gateway, directory) = (MemoryGateway::default(), MemoryConnections::default());
        let (timer, records) = (MemoryPresenceTimer::default(), Arc::new(MemoryPresence::default()));
        let clock: Arc<dyn Clock> = Arc::new(scene.clock.clone());
        let (poster, sockets) = (Arc::new(gateway.clone()), Arc::new(directory.clone()));
        let (redis, queue) = (Arc::new(scene.redis.clone()), Arc::new(timer.clone()));
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
            Arc::new(MemoryQueues::default()),
            Closer::new(poster, sockets.clone(), Arc::new(SeqEncoder)),
            clock.clone(),
            Safeguards::ALL,
        );
        let announcer = PresenceAnnouncer::new(PresencePorts {
            board: redis.clone(),
            departures: redis.clone(),
            records: records.clone(),
            directory: sockets.clone(),
            broadcaster,
            encoder: Arc::new(SeqEncoder),
            clock: clock.clone(),
        });
        let arrive = Arrive {
            board: redis.clone(),
            departures: redis.clone(),
            timer: queue.clone(),
            peers: Arc::new(scene.cloud.clone()),
            cache: redis.clone(),
        };
        let depart = Depart {
            board: redis.clone(),
            departures: redis.clone(),
            timer: queue,
            directory: sockets.clone(),
            clock: clock.clone(),
            grace: GRACE,
        };
        let acquaintances = Acquaintances::new(scene.conversations());
        let sight = PresenceSight::new(redis.clone(), records.clone(), sockets.clone(), clock.clone());
        Self {
            open: OpenConnection::new(OpenPorts {
                directory: sockets.clone(),
                register: RegisterConnection::new(
                    sockets.clone(),
                    Arc::new(timer.clone()),
                    Arc::new(MemoryGateway::default()),
                ),
                people: Arc::new(MemoryPeople::default()),
                conversations: scene.conversations(),
                limiter: scene.limiter(RateLimits::NONE),
                clock: clock.clone(),
                arrive,
            }),
            close: CloseConnection::new(sockets.clone(), depart),
            look: LookAtPresence::new(announcer.clone(), redis.clone(), clock.clone(), GRACE),
            set: SetPresence::new(records, announcer, clock),
            watch: WatchPresence::new(acquaintances, sight, redis, sockets),
            scene,
            gateway,
            directory,
            timer,
        }
    }

    /// Opens a socket.
    pub async fn opens(&self, name: &str, socket: &str) {
        self.opens_for(name, socket, SocketScope::Messaging).await;
    }

    pub async fn opens_for(&self, name: &str, socket: &str, scope: SocketScope) {
        let expires_at = self.scene.clock.now().plus(Duration::from_hours(12));
        let (id, user, profile) = (id(socket), user(name), ProfileClaims::default());
        let opening = Opening { id, user, scope, expires_at, profile };
        self.open.execute(opening).await.unwrap();
    }

    /// Closes a socket.
    pub async fn closes(&self, name: &str, socket: &str) {
        self.close.execute(&user(name), &id(socket)).await.unwrap();
    }

    pub async fn watches(&self, name: &str, socket: &str, others: &[&str]) -> Vec<(UserId, Presence)> {
        let others: Vec<UserId> = others.iter().map(|name| user(name)).collect();
        self.watch.execute(&user(name), &id(socket), &others).await.unwrap()
    }

    pub async fn chooses(&self, name: &str, status: ChosenStatus) {
        let text = Some(StatusText::parse("words").unwrap());
        self.set.execute(&user(name), &PresenceChoice { status, text }).await.unwrap();
    }

    pub fn passes(&self, time: Duration) {
        self.scene.clock.advance(time);
    }

    /// Lets the timer look at whom it was asked to look at.
    pub async fn looks(&self, looks: Vec<Look>) {
        let looks: Vec<_> = looks.into_iter().map(|(user, left_at, _)| (user, left_at)).collect();
        for looked in self.look.execute(&looks).await {
            looked.unwrap();
        }
    }

    /// The looks that were asked for, of which those without a delay are taken at once.
    pub async fn asked(&self) -> Vec<Look> {
        let (now, later) = self.timer.take_looks().into_iter().partition(|(_, _, after)| after.is_zero());
        self.looks(now).await;
        later
    }

    /// Whom the sockets were told of since the last look, and as what.
    pub fn told(&self) -> Vec<(String, &'static str)> {
        let deliveries = std::mem::take(&mut *self.gateway.deliveries());
        let told = deliveries.into_iter().map(|(to, frame)| {
            let text = String::from_utf8(frame).unwrap();
            let status = ["Online", "Away", "Busy", "Offline"].into_iter().find(|name| text.contains(name));
            (to.to_string(), status.unwrap_or("another event"))
        });
        told.collect()
    }
}

pub fn id(socket: &str) -> ConnectionId {
    ConnectionId::parse(socket).unwrap()
}

pub fn told(to: &str, status: &'static str) -> Vec<(String, &'static str)> {
    vec![(to.to_owned(), status)]
}

/// Bob watches Alice, with whom he shares a conversation.
pub async fn bob_watches_alice() -> House {
    let house = House::new();
    house.scene.conversation(1, History::All, &["alice", "bob"]).await;
    house.opens("bob", "tv").await;
    house.asked().await;
    let shown = house.watches("bob", "tv", &["alice"]).await;
    assert_eq!(shown, [(user("alice"), offline(None))]);
    house
}

pub fn offline(last_seen_at: Option<Timestamp>) -> Presence {
    Presence { status: PresenceStatus::Offline, text: None, last_seen_at }
}
