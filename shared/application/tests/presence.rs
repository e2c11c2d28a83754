//! Presence: who is told what, after which grace, and who is told nothing.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken assumption stops the test")]

#[path = "presence/house.rs"]
mod house;

use std::time::Duration;

use parlance_application::{
    ports::{
        connections::ConnectionDirectory,
        delivery::Posted,
        environment::Clock,
        presence::{Departures, PresenceBoard},
    },
    presence::watch::WatchPresenceError,
};
use parlance_domain::{
    connection::SocketScope, conversation::History, presence::ChosenStatus, signal::PresenceStatus,
};
use parlance_testkit::scene::user;

use self::house::*;

#[tokio::test]
async fn who_comes_is_told_at_once_and_who_goes_after_the_grace() {
    let house = bob_watches_alice().await;
    house.opens("alice", "phone").await;
    assert!(house.told().is_empty(), "no handshake waits for those who watch");
    house.asked().await;
    assert_eq!(house.told(), told("tv", "Online"));
    house.opens("alice", "laptop").await;
    house.closes("alice", "phone").await;
    assert!(house.asked().await.is_empty(), "she has another socket");

    let left_at = house.scene.clock.now();
    house.closes("alice", "laptop").await;
    let looks = house.asked().await;
    assert_eq!(looks, [(user("alice"), Some(left_at), GRACE)]);
    assert_eq!(house.watches("bob", "tv", &["alice"]).await[0].1.status, PresenceStatus::Online);
    house.passes(GRACE);
    house.looks(looks.clone()).await;
    assert_eq!(house.told(), told("tv", "Offline"));
    assert_eq!(house.watches("bob", "tv", &["alice"]).await, [(user("alice"), offline(Some(left_at)))]);
    house.looks(looks).await;
    assert!(house.told().is_empty(), "a message that comes twice is harmless");
}

#[tokio::test]
async fn five_thousand_who_come_back_within_the_grace_make_no_noise() {
    let house = House::new();
    let names: Vec<String> = (0..5_000).map(|number| format!("u{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    house.scene.conversation(1, History::All, &[&["watcher"], &names[..]].concat()).await;
    house.opens("watcher", "tv").await;
    house.asked().await;
    house.watches("watcher", "tv", &names[..200]).await;
    for name in &names {
        house.opens(name, &format!("{name}-first")).await;
    }
    house.asked().await;
    assert_eq!(house.told().len(), 200, "who comes is told");

    for name in &names {
        house.closes(name, &format!("{name}-first")).await;
    }
    let looks = house.asked().await;
    assert_eq!(looks.len(), 5_000);
    house.passes(GRACE / 2);
    for name in &names {
        house.opens(name, &format!("{name}-second")).await;
    }
    assert_eq!(house.timer.take_looks(), [], "who was never away need not be looked at");
    house.passes(GRACE);
    house.looks(looks).await;
    house.look.sweep().await.unwrap();
    assert_eq!(house.told(), [], "no presence event");
}

#[tokio::test]
async fn the_grace_begins_again_with_each_end() {
    let house = bob_watches_alice().await;
    house.opens("alice", "first").await;
    house.asked().await;
    house.closes("alice", "first").await;
    let first = house.asked().await;
    house.passes(Duration::from_secs(20));
    house.opens("alice", "second").await;
    house.passes(Duration::from_secs(5));
    house.closes("alice", "second").await;
    let second = house.asked().await;
    house.told();
    house.passes(Duration::from_secs(5));
    house.looks(first).await;
    assert!(house.told().is_empty(), "she has been away for five seconds");
    house.passes(Duration::from_secs(25));
    house.looks(second).await;
    assert_eq!(house.told(), told("tv", "Offline"));
}

#[tokio::test]
async fn an_invisible_one_is_offline_to_everybody() {
    let house = bob_watches_alice().await;
    house.opens("alice", "phone").await;
    house.asked().await;
    house.chooses("alice", ChosenStatus::Busy).await;
    assert_eq!(house.told(), [told("tv", "Online"), told("tv", "Busy")].concat());
    let hidden_at = house.scene.clock.now();
    house.chooses("alice", ChosenStatus::Invisible).await;
    assert_eq!(house.told(), told("tv", "Offline"));
    house.passes(Duration::from_secs(60));
    house.closes("alice", "phone").await;
    let looks = house.asked().await;
    house.passes(GRACE);
    house.looks(looks).await;
    house.opens("alice", "phone").await;
    house.asked().await;
    house.scene.redis.keys().presence.clear();
    let shown = house.watches("bob", "tv", &["alice"]).await;
    assert_eq!(
        shown,
        [(user("alice"), offline(Some(hidden_at)))],
        "also when Redis has forgotten everything"
    );
    assert!(house.told().is_empty());
    house.chooses("alice", ChosenStatus::Away).await;
    assert_eq!(house.told(), told("tv", "Away"));
}

#[tokio::test]
async fn strangers_are_passed_over() {
    let house = bob_watches_alice().await;
    house.scene.conversation(2, History::All, &["carol", "dave"]).await;
    let shown = house.watches("bob", "tv", &["carol", "alice", "nobody", "alice", "bob"]).await;
    let names: Vec<&str> = shown.iter().map(|(user, _)| user.as_str()).collect();
    assert_eq!(names, ["alice", "bob"]);
    house.opens("carol", "phone").await;
    house.asked().await;
    assert!(house.told().is_empty());
}

#[tokio::test]
async fn a_socket_watches_whom_it_named_last_and_nobody_once_it_is_closed() {
    let house = bob_watches_alice().await;
    house.scene.conversation(2, History::All, &["bob", "carol"]).await;
    house.watches("bob", "tv", &["carol"]).await;
    house.opens("alice", "a").await;
    house.opens("carol", "c").await;
    house.asked().await;
    assert_eq!(house.told(), told("tv", "Online"));
    assert!(house.scene.redis.watchers(&user("alice"), house.scene.clock.now()).await.is_empty());
    house.closes("bob", "tv").await;
    assert!(house.scene.redis.watchers(&user("carol"), house.scene.clock.now()).await.is_empty());
    let unknown = house.watch.execute(&user("bob"), &id("tv"), &[user("carol")]).await;
    assert!(matches!(unknown, Err(WatchPresenceError::Paused)));
}

#[tokio::test]
async fn a_watcher_that_is_gone_is_forgotten() {
    let house = bob_watches_alice().await;
    house.passes(Duration::from_secs(10));
    house.gateway.answer_next(&id("tv"), Posted::Gone);
    house.opens("alice", "phone").await;
    house.asked().await;
    assert!(house.scene.redis.watchers(&user("alice"), house.scene.clock.now()).await.is_empty());
    assert!(house.directory.of_users(&[user("bob")]).await.unwrap().is_empty());
}

#[tokio::test]
async fn who_opens_a_socket_for_presence_watches_his_direct_conversations() {
    let house = House::new();
    let conversation = house.scene.conversation(1, History::All, &["alice", "bob"]).await;
    house.scene.conversation(2, History::All, &["alice", "carol"]).await;
    house.scene.cloud.state().conversations.get_mut(&conversation).unwrap().kind =
        parlance_domain::conversation::ConversationKind::Direct;
    house.opens_for("alice", "presence", SocketScope::Presence).await;
    house.opens("bob", "b").await;
    house.opens("carol", "c").await;
    house.asked().await;
    assert_eq!(house.told(), told("presence", "Online"));
}

#[tokio::test]
async fn an_end_that_nobody_told_is_found_out_by_the_sweep() {
    let house = bob_watches_alice().await;
    house.opens("alice", "phone").await;
    house.asked().await;
    house.told();
    house.passes(Duration::from_hours(2));
    house.look.sweep().await.unwrap();
    assert!(house.told().is_empty());
    // The watcher comes back, as clients do after two hours.
    house.opens("bob", "tv2").await;
    house.watches("bob", "tv2", &["alice"]).await;
    house.passes(Duration::from_mins(10));
    house.look.sweep().await.unwrap();
    assert!(house.told().is_empty(), "her time has ended, the grace has not");
    house.passes(GRACE + Duration::from_secs(1));
    house.look.sweep().await.unwrap();
    assert_eq!(house.told(), told("tv2", "Offline"));
    assert_eq!(house.scene.redis.of(&user("alice")).await, None);
}

#[tokio::test]
async fn a_timer_that_was_lost_is_made_good_by_the_sweep() {
    let house = bob_watches_alice().await;
    house.opens("alice", "phone").await;
    house.asked().await;
    house.told();
    house.closes("alice", "phone").await;
    house.timer.take_looks();
    house.passes(GRACE + Duration::from_secs(1));
    assert_eq!(house.look.sweep().await.unwrap(), 1);
    assert_eq!(house.told(), told("tv", "Offline"));
    assert_eq!(house.look.sweep().await.unwrap(), 0);
}

#[tokio::test]
async fn who_comes_back_while_others_are_told_that_he_left_is_told_again() {
    let house = bob_watches_alice().await;
    house.opens("alice", "phone").await;
    house.asked().await;
    house.closes("alice", "phone").await;
    let looks = house.asked().await;
    house.passes(GRACE);
    house.told();
    // She opens a socket after she was looked at, and sees that she is still thought to be there: nobody announces her.
    house.opens("alice", "again").await;
    assert_eq!(house.timer.take_looks(), []);
    house.scene.redis.leave(&user("alice"), looks[0].1.unwrap()).await;
    house.scene.redis.show(&user("alice"), &offline(None)).await;
    house.looks(looks).await;
    assert_eq!(house.told(), told("tv", "Online"));
}
