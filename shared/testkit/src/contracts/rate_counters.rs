//! What [`RateCounters`] owe while they are well: nothing is counted twice or forgotten, in this window and the one before.

use std::time::Duration;

use futures::future::join_all;
use parlance_application::{
    limits::rates::RateClass,
    ports::rates::{Count, Counter, Counting, RateCounters},
};
use parlance_domain::{
    ids::{ConnectionId, UserId},
    time::Timestamp,
};

use super::fixtures::{NOW, conversation_id, user};

/// Checks every promise.
pub async fn holds(rates: &dyn RateCounters) {
    each_window_counts_by_itself(rates).await;
    what_was_taken_back_does_not_count(rates).await;
    nothing_of_many_at_once_is_lost(rates).await;
    counters_are_strangers_to_each_other(rates).await;
}

fn somebody() -> UserId {
    user(&format!("alice:# {}", conversation_id()))
}

fn counting(counters: Vec<Counter>, at: Timestamp) -> Counting {
    Counting { counters, at }
}

const fn count(previous: u64, current: u64) -> Count {
    Count { previous, current }
}

async fn each_window_counts_by_itself(rates: &dyn RateCounters) {
    let sends = Counter::User(somebody(), RateClass::Sends);
    let second = Duration::from_secs(1);
    for (after, expected) in [
        (Duration::ZERO, count(0, 1)),
        (second / 2, count(0, 2)),
        (second, count(2, 1)),
        (second, count(2, 2)),
        (2 * second, count(2, 1)),
        (4 * second, count(0, 1)),
    ] {
        let counted = rates.count(&counting(vec![sends.clone()], NOW.plus(after))).await;
        assert_eq!(counted, Some(vec![expected]), "{after:?}");
    }
    assert_eq!(rates.count(&counting(Vec::new(), NOW)).await, Some(Vec::new()));
}

async fn what_was_taken_back_does_not_count(rates: &dyn RateCounters) {
    let both = counting(
        vec![Counter::User(somebody(), RateClass::Reads), Counter::Conversation(conversation_id())],
        NOW,
    );
    for _ in 0..3 {
        assert_eq!(rates.count(&both).await, Some(vec![count(0, 1), count(0, 1)]));
        rates.take_back(&both).await;
    }
    let unknown = counting(vec![Counter::Conversation(conversation_id())], NOW);
    rates.take_back(&unknown).await;
    let counted = rates.count(&unknown).await.unwrap_or_default();
    assert!(counted.iter().all(|count| count.current <= 1), "{counted:?}");
}

async fn nothing_of_many_at_once_is_lost(rates: &dyn RateCounters) {
    let sends = counting(vec![Counter::Conversation(conversation_id())], NOW);
    let counts = join_all((0..20).map(|_| rates.count(&sends))).await;
    let mut current: Vec<u64> = counts.into_iter().flatten().flatten().map(|count| count.current).collect();
    current.sort_unstable();
    assert_eq!(current, (1..=20).collect::<Vec<_>>());
}

async fn counters_are_strangers_to_each_other(rates: &dyn RateCounters) {
    let alice = somebody();
    let socket = ConnectionId::parse(&format!("socket-{}=", conversation_id())).unwrap();
    let classes = [
        RateClass::Sends,
        RateClass::Writes,
        RateClass::Reads,
        RateClass::Handshakes,
        RateClass::Signals,
        RateClass::Uploads,
    ];
    let counters: Vec<Counter> = classes
        .into_iter()
        .map(|class| Counter::User(alice.clone(), class))
        .chain([
            Counter::User(somebody(), RateClass::Sends),
            Counter::Conversation(conversation_id()),
            Counter::Refusals(socket),
        ])
        .collect();
    let expected = vec![count(0, 1); counters.len()];
    assert_eq!(rates.count(&counting(counters, NOW)).await, Some(expected));
}
