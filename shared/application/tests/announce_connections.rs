//! Sockets of which senders could not be told when they were registered.

#![allow(clippy::unwrap_used, reason = "a broken assumption should stop a test")]

use std::{sync::Arc, time::Duration};

use parlance_application::{
    connections::{
        announce::AnnounceConnections,
        register::{RegisterConnection, RegisterConnectionError},
    },
    delivery::broadcaster::Closer,
    ports::{connections::ConnectionDirectory, environment::Clock},
};
use parlance_domain::{
    connection::{Connection, SocketScope},
    ids::ConnectionId,
};
use parlance_testkit::{
    memory::{
        connections::MemoryConnections,
        delivery::{MemoryGateway, SeqEncoder},
        presence::MemoryPresenceTimer,
    },
    scene::{Scene, user},
};

struct House {
    scene: Scene,
    directory: MemoryConnections,
    gateway: MemoryGateway,
    timer: MemoryPresenceTimer,
    register: RegisterConnection,
    announce: AnnounceConnections,
}

impl House {
    fn new() -> Self {
        let (scene, directory) = (Scene::default(), MemoryConnections::default());
        let (gateway, timer) = (MemoryGateway::default(), MemoryPresenceTimer::default());
        let (sockets, queue) = (Arc::new(directory.clone()), Arc::new(timer.clone()));
        let closer = Closer::new(Arc::new(gateway.clone()), sockets.clone(), Arc::new(SeqEncoder));
        let clock = Arc::new(scene.clock.clone());
        let announce = AnnounceConnections::new(sockets.clone(), queue.clone(), closer, clock);
        let register = RegisterConnection::new(sockets, queue, Arc::new(gateway.clone()));
        Self { scene, directory, gateway, timer, register, announce }
    }

    async fn comes(&self, name: &str) -> Result<(), RegisterConnectionError> {
        let now = self.scene.clock.now();
        let id = ConnectionId::parse(name).unwrap();
        let (user, expires_at) = (user("alice"), now.plus(Duration::from_hours(1)));
        let connection = Connection { id, user, scope: SocketScope::Messaging, expires_at, opened_at: now };
        self.register.execute(&connection, now).await
    }

    /// The sockets that senders post to.
    async fn known(&self) -> Vec<String> {
        let known = self.directory.of_users(&[user("alice")]).await.unwrap();
        known.iter().map(|connection| connection.id.to_string()).collect()
    }

    /// Lets the timer come back, after the seconds for which it was asked to wait. `None`: it was asked for nothing.
    async fn timer_ends(&self) -> Option<u64> {
        let (socket, pause) = self.timer.take_announcements().pop()?;
        self.scene.clock.advance(pause);
        assert!(self.announce.execute(&[socket]).await.iter().all(Result::is_ok));
        Some(pause.as_secs())
    }
}

#[tokio::test]
async fn a_socket_that_senders_were_told_of_waits_for_nothing() {
    let house = House::new();
    house.comes("phone").await.unwrap();
    assert_eq!(house.known().await, ["phone"]);
    assert!(house.timer.take_announcements().is_empty());
}

#[tokio::test]
async fn a_socket_is_announced_as_soon_as_it_can_be_and_then_asks_for_what_it_missed() {
    let house = House::new();
    house.comes("laptop").await.unwrap();
    house.directory.set_silent(true);
    house.comes("phone").await.unwrap();
    assert_eq!(house.known().await, ["laptop"], "senders go on with what they knew");
    assert_eq!(house.timer_ends().await, Some(1));
    house.directory.set_silent(false);
    assert_eq!(house.timer_ends().await, Some(1));
    let told: Vec<_> = house.gateway.deliveries().iter().map(|(to, _)| to.to_string()).collect();
    assert_eq!(told, ["phone", "phone"], "why, and the end; the laptop missed nothing");
    assert_eq!(house.known().await, ["laptop"]);
    assert!(house.timer.take_announcements().is_empty());
}

#[tokio::test]
async fn a_socket_that_has_gone_or_has_asked_for_what_it_missed_meanwhile_is_left_alone() {
    for has_gone in [true, false] {
        let house = House::new();
        house.directory.set_silent(true);
        house.comes("phone").await.unwrap();
        house.scene.clock.advance(Duration::from_millis(20));
        house.directory.set_silent(false);
        if has_gone {
            house.directory.forget(&user("alice"), &ConnectionId::parse("phone").unwrap()).await.unwrap();
        } else {
            house.comes("phone").await.unwrap();
        }
        assert_eq!(house.timer_ends().await, Some(1));
        assert!(house.gateway.deliveries().is_empty());
    }
}

#[tokio::test]
async fn attempts_become_rarer_and_end_before_lambda_takes_them_for_a_loop() {
    let house = House::new();
    house.directory.set_silent(true);
    house.comes("phone").await.unwrap();
    let mut pauses = Vec::new();
    while let Some(pause) = house.timer_ends().await {
        pauses.push(pause);
    }
    assert_eq!(pauses, [1, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
}
