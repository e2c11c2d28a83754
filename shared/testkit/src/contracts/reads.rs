//! What a [`ReadingCache`] and [`MovedCursors`] owe while they are well.

use std::{collections::BTreeMap, sync::Arc};

use parlance_application::ports::{
    cache::ConversationCache,
    conversations::ReadCursor,
    rates::Counting,
    reads::{MovedCursors, Noted, ReaderOpening, ReadingCache},
};
use parlance_domain::ids::ConversationId;

use super::fixtures::{NOW, conversation_id, creation, seq, user};

/// Checks every promise.
pub async fn hold(hints: &dyn ConversationCache, cache: &dyn ReadingCache, moved: &dyn MovedCursors) {
    a_reader_learns_everything_at_once(hints, cache).await;
    moves_are_collected_once(moved).await;
}

fn cursor(at: u64) -> ReadCursor {
    ReadCursor { seq: seq(at), n: at, at: NOW }
}

async fn a_reader_learns_everything_at_once(hints: &dyn ConversationCache, cache: &dyn ReadingCache) {
    let (id, other) = (conversation_id(), conversation_id());
    let alice = user(&format!("alice {id}"));
    assert_eq!(cache.opening_of(&alice, id, &Counting::nothing()).await, ReaderOpening::default());
    let made = creation(id, &["alice", "bob"]);
    hints.record_head(id, &made.entry.head()).await;
    hints.record_roster(id, seq(1), &made.roster).await;
    hints.own_positions(&alice, Some((id, cursor(3)))).await;
    let opening = cache.opening_of(&alice, id, &Counting::nothing()).await;
    let roster = (seq(1), Arc::new(made.roster));
    assert_eq!(opening.conversation.head, Some(made.entry.head()));
    assert_eq!((opening.conversation.roster, opening.own), (Some(roster.clone()), Some(cursor(3))));
    assert_eq!(cache.opening_of(&user("bob"), id, &Counting::nothing()).await.own, None);
    assert_eq!(cache.opening_of(&alice, other, &Counting::nothing()).await.own, None);
    assert_eq!(cache.rosters(&[other, id, other]).await, [None, Some(roster), None]);
    assert_eq!(cache.rosters(&[]).await, []);
}

async fn moves_are_collected_once(moved: &dyn MovedCursors) {
    let (id, other) = (conversation_id(), conversation_id());
    let collect = async |id: ConversationId| moved.collect(id).await.into_iter().collect::<BTreeMap<_, _>>();
    assert_eq!(collect(id).await, BTreeMap::new());
    assert_eq!(moved.note(id, &user("alice"), cursor(2)).await, Noted::First);
    assert_eq!(moved.note(id, &user("bob#%"), cursor(5)).await, Noted::Another);
    assert_eq!(moved.note(id, &user("alice"), cursor(4)).await, Noted::Another);
    assert_eq!(
        moved.note(other, &user("alice"), cursor(9)).await,
        Noted::First,
        "each conversation has its own"
    );
    let expected = BTreeMap::from([(user("alice"), cursor(4)), (user("bob#%"), cursor(5))]);
    assert_eq!(collect(id).await, expected);
    assert_eq!(
        moved.note(id, &user("bob#%"), cursor(7)).await,
        Noted::First,
        "after a collection it begins anew"
    );
    assert_eq!(collect(id).await.get(&user("bob#%")), Some(&cursor(7)));
    assert_eq!(collect(other).await, BTreeMap::from([(user("alice"), cursor(9))]));
}
