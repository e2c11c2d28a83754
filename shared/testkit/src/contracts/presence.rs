//! What presence's ports owe: choices that hold, watchers that are told once, and departures that nobody forgets.

use std::time::Duration;

use parlance_application::ports::presence::{Departures, PresenceBoard, PresenceRepository};
use parlance_domain::{
    connection::{Connection, SocketScope},
    ids::{ConnectionId, UserId},
    presence::{ChosenStatus, PresenceChoice, PresenceRecord, StatusText},
    signal::{Presence, PresenceStatus},
    time::Timestamp,
};

use super::fixtures::{NOW, conversation_id, user};

/// Checks every promise of a repository.
pub async fn is_kept(records: &dyn PresenceRepository) {
    let [alice, bob, carol] = people();
    let everybody = [alice.clone(), carol.clone(), bob.clone()];
    assert_eq!(records.records(&everybody).await.unwrap(), vec![PresenceRecord::default(); 3]);
    assert!(records.records(&[]).await.unwrap().is_empty());
    let one = async |user: &UserId| records.records(std::slice::from_ref(user)).await.unwrap().remove(0);

    let busy = choice(ChosenStatus::Busy, Some("in a meeting"));
    records.choose(&alice, &busy, NOW).await.unwrap();
    assert_eq!(one(&alice).await, PresenceRecord { choice: busy.clone(), last_seen_at: None });
    records.leave(&alice, after(5)).await.unwrap();
    records.leave(&alice, after(4)).await.unwrap();
    assert_eq!(one(&alice).await, PresenceRecord { choice: busy, last_seen_at: Some(after(5)) });

    let invisible = choice(ChosenStatus::Invisible, None);
    records.choose(&alice, &invisible, after(6)).await.unwrap();
    let hidden = PresenceRecord { choice: invisible, last_seen_at: Some(after(6)) };
    assert_eq!(one(&alice).await, hidden, "to become invisible is to go");
    records.leave(&alice, after(7)).await.unwrap();
    assert_eq!(one(&alice).await, hidden, "and then nobody sees her go");
    let still = choice(ChosenStatus::Invisible, Some("hidden"));
    records.choose(&alice, &still, after(8)).await.unwrap();
    assert_eq!(one(&alice).await, PresenceRecord { choice: still.clone(), last_seen_at: Some(after(6)) });

    records.leave(&bob, after(1)).await.unwrap();
    let found = records.records(&everybody).await.unwrap();
    assert_eq!(found[0].choice, still);
    assert_eq!(found[1], PresenceRecord::default());
    assert_eq!(found[2], PresenceRecord { last_seen_at: Some(after(1)), ..PresenceRecord::default() });
    let many: Vec<UserId> = (0..150).map(|number| user(&format!("{number}"))).chain([bob.clone()]).collect();
    assert_eq!(
        records.records(&many).await.unwrap().pop(),
        found.last().cloned(),
        "more than one call reads"
    );
}

/// Checks every promise of a board, while it is well.
pub async fn is_shown(board: &dyn PresenceBoard) {
    let [alice, bob, carol] = people();
    let (online, busy) = (presence(PresenceStatus::Online, None), presence(PresenceStatus::Busy, Some("☕")));
    let offline = Presence { last_seen_at: Some(NOW), ..presence(PresenceStatus::Offline, None) };
    assert_eq!(board.shown(&[]).await, Some(vec![]));
    assert_eq!(board.shown(std::slice::from_ref(&alice)).await, Some(vec![None]));
    assert_eq!(board.show(&alice, &online).await, Some(None));
    assert_eq!(board.show(&alice, &busy).await, Some(Some(online.clone())));
    assert_eq!(board.show(&alice, &offline).await, Some(Some(busy.clone())));
    board.note(&[(alice.clone(), online), (bob.clone(), busy.clone())]).await;
    let shown = board.shown(&[bob.clone(), carol.clone(), alice.clone()]).await;
    assert_eq!(shown, Some(vec![Some(busy), None, Some(offline)]));

    let (first, second) = (socket(&carol, "one="), socket(&bob, "two"));
    assert!(board.watch(&first, &[alice.clone(), bob.clone()]).await);
    assert!(board.watch(&second, std::slice::from_ref(&alice)).await);
    let watchers = async |of: &UserId, now| {
        let mut watchers = board.watchers(of, now).await;
        watchers.sort_by(|one, other| one.id.cmp(&other.id));
        watchers
    };
    assert_eq!(watchers(&alice, NOW).await, [first.clone(), second.clone()]);
    assert_eq!(watchers(&bob, NOW).await, std::slice::from_ref(&first));
    assert_eq!(watchers(&carol, NOW).await, []);
    assert_eq!(watchers(&alice, after(3600)).await, [], "whose time has ended watches nobody");
    assert!(board.watch(&first, &[bob.clone(), carol.clone()]).await);
    assert_eq!(watchers(&alice, NOW).await, std::slice::from_ref(&second), "no others from now on");
    assert_eq!(watchers(&carol, NOW).await, std::slice::from_ref(&first));
    board.unwatch(&first.id).await;
    board.unwatch(&first.id).await;
    assert_eq!((watchers(&bob, NOW).await, watchers(&carol, NOW).await), (vec![], vec![]));
    assert!(board.watch(&second, &[]).await);
    assert_eq!(watchers(&alice, NOW).await, []);
}

/// Checks every promise of departures, while they are well.
pub async fn is_looked_after(departures: &dyn Departures) {
    let [alice, bob, carol] = people();
    assert_eq!(departures.of(&alice).await, None);
    departures.expect(&alice, after(100)).await;
    departures.expect(&alice, after(90)).await;
    assert_eq!(departures.of(&alice).await, Some(after(100)), "what is later stays");
    departures.leave(&alice, after(10)).await;
    departures.leave(&bob, after(20)).await;
    departures.expect(&carol, after(30)).await;
    let overdue = async |before| {
        let mut overdue = departures.overdue(before).await;
        overdue.sort_unstable();
        overdue
    };
    assert_eq!(overdue(after(10)).await, []);
    let mut both = vec![(alice.clone(), after(10)), (bob.clone(), after(20))];
    both.sort_unstable();
    assert_eq!(overdue(after(30)).await, both);
    departures.forget(&bob).await;
    departures.expect(&alice, after(200)).await;
    assert_eq!(overdue(after(31)).await, [(carol.clone(), after(30))]);
    departures.forget(&carol).await;
    departures.forget(&alice).await;
    for number in 0..300 {
        departures.leave(&user(&format!("{number} {alice}")), after(1)).await;
    }
    let mut all = 0;
    loop {
        let some = departures.overdue(after(2)).await;
        if some.is_empty() {
            break;
        }
        all += some.len();
        for (user, _) in some {
            departures.forget(&user).await;
        }
    }
    assert_eq!(all, 300);
}

/// Three who are in no other test.
fn people() -> [UserId; 3] {
    let id = conversation_id();
    ["alice#%", "bob", "carol"].map(|name| user(&format!("{name} {id}")))
}

fn choice(status: ChosenStatus, text: Option<&str>) -> PresenceChoice {
    PresenceChoice { status, text: text.map(|text| StatusText::parse(text).unwrap()) }
}

fn presence(status: PresenceStatus, text: Option<&str>) -> Presence {
    Presence { status, text: text.map(str::to_owned), last_seen_at: None }
}

fn socket(of: &UserId, id: &str) -> Connection {
    Connection {
        id: ConnectionId::parse(&format!("{id}{}", conversation_id())).unwrap(),
        user: of.clone(),
        scope: SocketScope::Presence,
        expires_at: after(3600),
        opened_at: NOW,
    }
}

fn after(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}
