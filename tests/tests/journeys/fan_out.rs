//! Each host of the fan-out delivers the same: functions, a relay, relays that overlap, and both at once.

use std::time::Duration;

use futures::future::join_all;
use parlance_tests::cloud::{Cloud, Setup, kill};
use parlance_tests::person::Person;
use parlance_tests::socket::Socket;
use parlance_tests::view::View;
use rustix::process::Signal;

/// A conversation of three, its sender's socket, and two sockets of each listener.
struct Talk {
    conversation: String,
    speaker: Socket,
    listeners: Vec<Socket>,
    people: [Person; 3],
    last: u64,
}

impl Talk {
    async fn begun(cloud: &Cloud) -> Self {
        let people = cloud.people(["alice", "bob", "carol"]);
        let conversation = people[0].group_with(&people[1..]).await;
        let speaker = people[0].connect().await;
        let listeners = people[1..].iter().flat_map(|person| [person.connect(), person.connect()]);
        Self { conversation, speaker, listeners: join_all(listeners).await, people, last: 1 }
    }

    async fn says(&mut self, count: u64) {
        for _ in 0..count {
            let message = self.speaker.says(&self.conversation, &format!("after {}", self.last)).await;
            self.last += 1;
            assert_eq!(message["seq"], self.last);
        }
    }

    /// What each listener heard of the entries from `first` on.
    async fn heard(&mut self, first: u64) -> Vec<View> {
        let (conversation, last) = (&self.conversation, self.last);
        let views = self.listeners.iter_mut().map(|socket| View::of(socket, conversation, first, last));
        join_all(views).await
    }
}

#[tokio::test]
async fn without_a_relay_each_socket_hears_each_message_once_and_in_order() {
    let cloud = Cloud::shared().await;
    let mut talk = Talk::begun(cloud).await;
    talk.says(30).await;
    assert!(talk.heard(2).await.iter().all(View::is_in_order));
}

#[tokio::test]
async fn a_relay_delivers_each_message_once_and_in_order() {
    let cloud = Setup::default().relays(1).start().await;
    let mut talk = Talk::begun(&cloud).await;
    talk.says(30).await;
    assert!(talk.heard(2).await.iter().all(View::is_in_order));
}

#[tokio::test]
async fn of_two_relays_one_may_be_killed_at_any_moment() {
    let cloud = Setup::default().relays(2).start().await;
    let relays = cloud.pids_of("Relay", 2).await;
    let mut talk = Talk::begun(&cloud).await;
    talk.says(10).await;
    kill(relays[0], Signal::KILL);
    talk.says(30).await;
    talk.heard(2).await;
    let respawned = cloud.pids_of("Relay", 2).await;
    assert!(!respawned.contains(&relays[0]));
    talk.says(10).await;
    talk.heard(talk.last - 9).await;
}

#[tokio::test]
async fn what_a_hanging_relay_was_given_comes_by_the_stream_and_functions_go_on_without_it() {
    let cloud = Setup::default().relays(1).start().await;
    let relay = cloud.pids_of("Relay", 1).await[0];
    let mut talk = Talk::begun(&cloud).await;
    talk.says(3).await;
    talk.heard(2).await;
    kill(relay, Signal::STOP);
    for _ in 0..16 {
        talk.says(1).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    kill(relay, Signal::CONT);
    talk.says(3).await;
    talk.heard(5).await;
    let log = talk.people[1].contents(&talk.conversation).await;
    assert_eq!(log.len(), 22);
}

#[tokio::test]
async fn relays_and_functions_may_deliver_at_the_same_time() {
    let cloud = Setup::default().relays(2).start().await;
    let relays = cloud.pids_of("Relay", 2).await;
    let mut talk = Talk::begun(&cloud).await;
    for relay in relays {
        talk.says(10).await;
        kill(relay, Signal::KILL);
    }
    talk.says(20).await;
    talk.heard(2).await;
}
