//! Fifty members, several sockets each, many of whom talk at once.

use std::collections::BTreeSet;

use futures::future::join_all;
use parlance_tests::cloud::{Cloud, Setup};
use parlance_tests::person::Person;
use parlance_tests::socket::Socket;
use parlance_tests::view::View;

const MEMBERS: usize = 50;
const SPEAKERS: usize = 10;
const MESSAGES: usize = 5;

/// The crowd talks; everybody's every socket has to hear all of it, and the same.
async fn everybody_hears_everything(cloud: &Cloud) {
    let people: Vec<Person> = (0..MEMBERS).map(|number| cloud.person(&format!("member{number}"))).collect();
    let conversation = people[0].group_with(&people[1..]).await;
    let begun = people[0].log(&conversation).await.len() as u64;
    let last = begun + (SPEAKERS * MESSAGES) as u64;

    let listeners = people.iter().flat_map(|person| [person.connect(), person.connect()]);
    let listeners: Vec<Socket> = join_all(listeners).await;
    let speakers = join_all(people.iter().take(SPEAKERS).map(Person::connect)).await;

    let speaking = speakers.into_iter().enumerate().map(async |(speaker, mut socket)| {
        for number in 0..MESSAGES {
            socket.insists(&conversation, &format!("{speaker}:{number}")).await;
        }
    });
    let listening = listeners
        .into_iter()
        .map(async |mut socket| View::of(&mut socket, &conversation, begun + 1, last).await);
    let (_, views) = tokio::join!(join_all(speaking), join_all(listening));

    let truth = people[MEMBERS - 1].contents(&conversation).await;
    assert_eq!(truth.len(), SPEAKERS * MESSAGES);
    assert_eq!(truth.iter().collect::<BTreeSet<_>>().len(), truth.len());
    for speaker in 0..SPEAKERS {
        let own = truth.iter().filter(|content| content.starts_with(&format!("{speaker}:")));
        assert!(own.is_sorted(), "what one says stays in the order in which he says it");
    }
    for view in views {
        assert_eq!(view.contents(), truth);
    }
}

#[tokio::test]
async fn every_socket_of_fifty_members_hears_everything() {
    let cloud = Cloud::start().await;
    everybody_hears_everything(&cloud).await;
    assert!(cloud.output().contains("FanOutFunction"), "more than 64 sockets are the function fan-out's");
}

#[tokio::test]
async fn every_socket_of_fifty_members_hears_everything_from_a_relay() {
    let cloud = Setup::default().relays(1).start().await;
    everybody_hears_everything(&cloud).await;
}
