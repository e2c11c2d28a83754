//! What a [`ConversationCache`] owes while it is well: the newest head, rosters under their version, and one's own positions.

use std::sync::Arc;

use futures::future::join_all;
use parlance_application::ports::{
    cache::{ConversationCache, Opening},
    conversations::ReadCursor,
    rates::{Count, Counter, Counting},
};
use parlance_domain::head::Head;

use super::fixtures::{NOW, conversation_id, creation, seq, user};

/// Checks every promise.
pub async fn holds(cache: &dyn ConversationCache) {
    the_newest_head_wins(cache).await;
    a_roster_is_found_under_its_version(cache).await;
    own_positions_only_go_forward(cache).await;
    an_opening_counts_along(cache).await;
}

async fn an_opening_counts_along(cache: &dyn ConversationCache) {
    let id = conversation_id();
    let counting = Counting { counters: vec![Counter::Conversation(id)], at: NOW };
    for current in 1..4 {
        let opening = cache.opening(id, &counting).await;
        assert_eq!(opening.counts, [Count { previous: 0, current }]);
    }
    assert_eq!(cache.opening(id, &Counting::nothing()).await.counts, []);
}

fn head(at: u64) -> Head {
    let first = creation(conversation_id(), &["alice"]).entry.head();
    Head { seq: seq(at), n: at, last_message: Some(seq(at)), ..first }
}

async fn the_newest_head_wins(cache: &dyn ConversationCache) {
    let (id, other) = (conversation_id(), conversation_id());
    assert_eq!(cache.opening(id, &Counting::nothing()).await, Opening::default());
    for at in [5, 3, 9, 8] {
        cache.record_head(id, &head(at)).await;
    }
    assert_eq!(cache.opening(id, &Counting::nothing()).await.head, Some(head(9)));
    join_all((10..30).map(|at| {
        let newer = head(at);
        async move { cache.record_head(other, &newer).await }
    }))
    .await;
    cache.record_head(other, &head(12)).await;
    assert_eq!(cache.heads(&[other, conversation_id(), id]).await, [Some(head(29)), None, Some(head(9))]);
    assert_eq!(cache.heads(&[]).await, []);
    cache.forget_head(id).await;
    assert_eq!(cache.opening(id, &Counting::nothing()).await.head, None);
    assert_eq!(cache.heads(&[other]).await, [Some(head(29))]);
    cache.record_head(id, &head(2)).await;
    assert_eq!(
        cache.opening(id, &Counting::nothing()).await.head,
        Some(head(2)),
        "what was forgotten does not come back"
    );
}

async fn a_roster_is_found_under_its_version(cache: &dyn ConversationCache) {
    let id = conversation_id();
    let names: Vec<String> = (0..200).map(|number| format!("person#{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (large, small) = (creation(id, &names).roster, creation(id, &["alice"]).roster);
    cache.record_roster(id, seq(4), &large).await;
    assert_eq!(cache.opening(id, &Counting::nothing()).await.roster, Some((seq(4), Arc::new(large))));
    cache.record_roster(id, seq(7), &small).await;
    assert_eq!(cache.opening(id, &Counting::nothing()).await.roster, Some((seq(7), Arc::new(small.clone()))));
    assert_eq!(cache.opening(id, &Counting::nothing()).await.roster, Some((seq(7), Arc::new(small))));
    assert_eq!(cache.opening(conversation_id(), &Counting::nothing()).await.roster, None);
}

async fn own_positions_only_go_forward(cache: &dyn ConversationCache) {
    let alice = user(&format!("alice {}", conversation_id()));
    let (one, other) = (conversation_id(), conversation_id());
    let cursor = |at| ReadCursor { seq: seq(at), n: at, at: NOW };
    assert_eq!(cache.own_positions(&alice, None).await, []);
    for (id, at) in [(one, 3), (other, 8), (one, 2), (one, 5)] {
        cache.own_positions(&alice, Some((id, cursor(at)))).await;
    }
    let stale = cache.own_positions(&alice, Some((other, cursor(7)))).await;
    let mut expected = vec![(one, cursor(5)), (other, cursor(8))];
    expected.sort_by_key(|(id, _)| *id);
    for mut known in [stale, cache.own_positions(&alice, None).await] {
        known.sort_by_key(|(id, _)| *id);
        assert_eq!(known, expected);
    }
}
