//! The same with `--isolated`: one process per concurrent call, stopped between calls, as on AWS.

use futures::future::join_all;
use parlance_tests::cloud::Setup;
use parlance_tests::person::Person;
use parlance_tests::view::View;

#[tokio::test]
async fn frozen_functions_lose_nothing() {
    let cloud = Setup::default().isolated().start().await;
    let people = cloud.people(["alice", "bob", "carol", "dave"]);
    let conversation = people[0].group_with(&people[1..]).await;
    let listeners = join_all(people.iter().map(Person::connect)).await;
    let speakers = join_all(people.iter().map(Person::connect)).await;

    let speaking = speakers.into_iter().enumerate().map(async |(speaker, mut socket)| {
        for number in 0..10 {
            socket.insists(&conversation, &format!("{speaker}:{number}")).await;
        }
    });
    let listening =
        listeners.into_iter().map(async |mut socket| View::of(&mut socket, &conversation, 2, 41).await);
    let (_, views) = tokio::join!(join_all(speaking), join_all(listening));

    let truth = people[3].contents(&conversation).await;
    assert_eq!(truth.len(), 40);
    for view in views {
        assert_eq!(view.contents(), truth);
    }
}

#[tokio::test]
async fn a_frozen_function_wakes_up_after_a_pause() {
    let cloud = Setup::default().isolated().relays(1).start().await;
    let people = cloud.people(["alice", "bob"]);
    let conversation = people[0].direct_with(&people[1]).await;
    let (mut phone, mut laptop) = (people[0].connect().await, people[1].connect().await);
    for seq in 2..=4 {
        phone.says(&conversation, "after a pause").await;
        View::of(&mut laptop, &conversation, seq, seq).await;
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    }
}
