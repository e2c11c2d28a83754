//! What a [`ConnectionDirectory`] owes: who registered is found, who was forgotten is not, and nobody has too many.

use std::{collections::BTreeSet, time::Duration};

use futures::future::join_all;
use parlance_application::ports::connections::{ConnectionDirectory, Registration};
use parlance_domain::{
    connection::{Connection, SocketScope},
    ids::{ConnectionId, UserId},
};

use super::fixtures::{NOW, conversation_id, user};

/// Checks every promise.
pub async fn holds(directory: &dyn ConnectionDirectory) {
    holds_whoever_is_told(directory, Registration::Registered).await;
    who_is_announced_is_found(directory).await;
}

/// Checks what holds even where senders can be told of nothing. `kept` is how a registration ends that was not refused.
pub async fn holds_whoever_is_told(directory: &dyn ConnectionDirectory, kept: Registration) {
    who_registers_is_found_until_forgotten(directory, kept).await;
    nobody_has_more_than_the_limit(directory, kept).await;
    many_at_once_stay_within_the_limit(directory, kept).await;
}

/// A socket of somebody, with a scope that its name decides.
fn socket(of: &UserId, name: &str) -> Connection {
    let scope = match name.len() % 4 {
        0 => SocketScope::Messaging,
        1 => SocketScope::Conversation(conversation_id()),
        2 => SocketScope::Typing(conversation_id()),
        _ => SocketScope::Presence,
    };
    Connection {
        id: ConnectionId::parse(name).unwrap(),
        user: of.clone(),
        scope,
        expires_at: NOW.plus(Duration::from_secs(3600)),
        opened_at: NOW,
    }
}

/// Somebody who is in no other test.
fn somebody(name: &str) -> UserId {
    user(&format!("{name} {}", conversation_id()))
}

async fn found(directory: &dyn ConnectionDirectory, users: &[UserId]) -> Vec<Connection> {
    let mut found = directory.of_users(users).await.unwrap();
    found.sort_by(|one, other| (&one.user, &one.id).cmp(&(&other.user, &other.id)));
    found
}

async fn who_is_announced_is_found(directory: &dyn ConnectionDirectory) {
    let alice = somebody("alice");
    let sockets = [socket(&alice, "a="), socket(&alice, "bb#")];
    assert_eq!(directory.announce(&alice).await.unwrap(), []);
    for socket in &sockets {
        directory.register(socket, NOW).await.unwrap();
    }
    let mut announced = directory.announce(&alice).await.unwrap();
    announced.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(announced, sockets);
    assert_eq!(found(directory, &[alice]).await, sockets);
}

async fn who_registers_is_found_until_forgotten(directory: &dyn ConnectionDirectory, kept: Registration) {
    let (alice, bob) = (somebody("alice#%"), somebody("bob"));
    let everybody = [alice.clone(), bob.clone(), somebody("nobody")];
    assert_eq!(found(directory, &everybody).await, []);
    assert_eq!(directory.of_users(&[]).await.unwrap(), []);
    let mut sockets =
        vec![socket(&alice, "a="), socket(&alice, "bb#"), socket(&bob, "ccc"), socket(&bob, "d")];
    for socket in &sockets {
        assert_eq!(directory.register(socket, NOW).await.unwrap(), kept);
        let own = found(directory, std::slice::from_ref(&socket.user)).await;
        assert!(own.contains(socket), "whoever reads after the registration finds it");
    }
    assert_eq!(found(directory, &everybody).await, sockets);
    assert_eq!(found(directory, &everybody[..1]).await, sockets[..2]);

    directory.forget(&alice, &sockets[0].id).await.unwrap();
    directory.forget(&alice, &sockets[0].id).await.unwrap();
    directory.forget(&bob, &sockets[1].id).await.unwrap();
    assert_eq!(found(directory, &everybody).await, sockets[1..], "another's socket is not forgotten");

    sockets[1].expires_at = NOW.plus(Duration::from_secs(7200));
    assert_eq!(directory.register(&sockets[1], NOW).await.unwrap(), kept);
    assert_eq!(found(directory, &everybody).await, sockets[1..], "registering again replaces");
}

async fn nobody_has_more_than_the_limit(directory: &dyn ConnectionDirectory, kept: Registration) {
    let alice = somebody("alice");
    for number in 0..Connection::MAX_PER_USER {
        let socket = socket(&alice, &format!("socket-{number}"));
        assert_eq!(directory.register(&socket, NOW).await.unwrap(), kept);
    }
    let one_more = socket(&alice, "one-more");
    assert_eq!(directory.register(&one_more, NOW).await.unwrap(), Registration::TooMany);
    let known = found(directory, std::slice::from_ref(&alice)).await;
    assert_eq!(known.len(), Connection::MAX_PER_USER);
    assert!(!known.contains(&one_more));
    let again = known[0].clone();
    assert_eq!(directory.register(&again, NOW).await.unwrap(), kept);
    directory.forget(&alice, &again.id).await.unwrap();
    assert_eq!(directory.register(&one_more, NOW).await.unwrap(), kept);
    directory.forget(&alice, &one_more.id).await.unwrap();

    let later = NOW.plus(Duration::from_secs(3700));
    let mut fresh = socket(&alice, "fresh");
    (fresh.opened_at, fresh.expires_at) = (later, later.plus(Duration::from_secs(60)));
    let next = Connection { id: ConnectionId::parse("fresh-2").unwrap(), ..fresh.clone() };
    for socket in [fresh, next] {
        let outcome = directory.register(&socket, later).await.unwrap();
        assert_eq!(outcome, kept, "expired ones do not count");
    }
}

async fn many_at_once_stay_within_the_limit(directory: &dyn ConnectionDirectory, kept: Registration) {
    let alice = somebody("alice");
    let sockets: Vec<_> = (0..30).map(|number| socket(&alice, &format!("socket-{number}"))).collect();
    let outcomes = join_all(sockets.iter().map(|socket| directory.register(socket, NOW))).await;
    let accepted: BTreeSet<_> = sockets
        .iter()
        .zip(outcomes)
        .filter(|(_, outcome)| *outcome.as_ref().unwrap() == kept)
        .map(|(socket, _)| socket.id.clone())
        .collect();
    assert!(accepted.len() <= Connection::MAX_PER_USER, "{} were accepted", accepted.len());
    let known: BTreeSet<_> = found(directory, &[alice]).await.into_iter().map(|socket| socket.id).collect();
    assert_eq!(known, accepted);
}
