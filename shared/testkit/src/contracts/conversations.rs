//! What a [`ConversationRepository`] and [`ReadReceipts`] owe: conversations that begin whole, and cursors that only go forward.

use futures::future::join_all;
use parlance_application::ports::{
    conversations::{Advance, ConversationRepository, Creating, ReadCursor, ReadReceipts},
    presence::DirectPeers,
};
use parlance_domain::{
    conversation::{ConversationKind, Reference, Title},
    head::Seq,
};

use super::fixtures::{NOW, conversation_id, creation, seq, user};

/// Checks every promise.
pub async fn holds(conversations: &dyn ConversationRepository, receipts: &dyn ReadReceipts) {
    a_conversation_begins_once_and_whole(conversations).await;
    of_many_who_create_the_same_one_does(conversations).await;
    a_cursor_only_goes_forward(conversations, receipts).await;
}

/// Checks that direct conversations, and no others, name their two people to each other.
pub async fn names_peers(conversations: &dyn ConversationRepository, peers: &dyn DirectPeers) {
    let (direct, group) = (conversation_id(), conversation_id());
    let names = ["alice#%", "bob"].map(|name| format!("{name} {direct}"));
    let names = names.each_ref().map(String::as_str);
    let mut made = creation(direct, &names);
    made.conversation.kind = ConversationKind::Direct;
    for made in [made, creation(group, &names)] {
        assert_eq!(conversations.create(&made).await.unwrap(), Creating::Created);
    }
    for (one, other) in [(names[0], names[1]), (names[1], names[0])] {
        assert_eq!(peers.direct_peers(&user(one)).await.unwrap(), [(direct, user(other))]);
    }
    assert_eq!(peers.direct_peers(&user("stranger")).await.unwrap(), []);
}

async fn a_conversation_begins_once_and_whole(conversations: &dyn ConversationRepository) {
    let id = conversation_id();
    assert_eq!(conversations.find(id).await.unwrap(), None);
    assert!(conversations.roster(id).await.unwrap().is_empty());
    // People of this test alone: their lists are compared whole.
    let names: Vec<String> = ["a#1", "a%231", "ä", "M#x"].iter().map(|name| format!("{name} {id}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut made = creation(id, &names);
    made.conversation.title = Some(Title::parse("Title").unwrap());
    made.conversation.reference = Some(Reference::parse("task", "#1").unwrap());
    assert_eq!(conversations.create(&made).await.unwrap(), Creating::Created);
    assert_eq!(conversations.find(id).await.unwrap(), Some(made.conversation.clone()));
    assert_eq!(conversations.roster(id).await.unwrap(), made.roster);
    for name in &names {
        let membership = conversations.membership(&user(name), id).await.unwrap().unwrap();
        let start = ReadCursor { seq: Seq::FIRST, n: 0, at: NOW };
        assert_eq!((membership.joined, membership.cursor), (Seq::FIRST, start));
        assert_eq!(conversations.memberships(&user(name)).await.unwrap(), [membership]);
    }
    assert_eq!(conversations.membership(&user("stranger"), id).await.unwrap(), None);

    let other = creation(id, &["mallory"]);
    assert_eq!(conversations.create(&other).await.unwrap(), Creating::Exists);
    assert_eq!(conversations.find(id).await.unwrap(), Some(made.conversation));
    assert_eq!(conversations.roster(id).await.unwrap(), made.roster);
    assert_eq!(conversations.membership(&user("mallory"), id).await.unwrap(), None);

    let large = conversation_id();
    let crowd: Vec<String> = (0..45).map(|number| format!("person {number} of {large}")).collect();
    let crowd: Vec<&str> = crowd.iter().map(String::as_str).collect();
    let made = creation(large, &crowd);
    assert_eq!(conversations.create(&made).await.unwrap(), Creating::Created);
    assert_eq!(conversations.roster(large).await.unwrap(), made.roster);
}

async fn of_many_who_create_the_same_one_does(conversations: &dyn ConversationRepository) {
    let made = creation(conversation_id(), &["alice", "bob"]);
    let outcomes = join_all((0..6).map(|_| conversations.create(&made))).await;
    let created = outcomes.into_iter().filter(|outcome| *outcome.as_ref().unwrap() == Creating::Created);
    assert_eq!(created.count(), 1);
}

async fn a_cursor_only_goes_forward(conversations: &dyn ConversationRepository, receipts: &dyn ReadReceipts) {
    let id = conversation_id();
    conversations.create(&creation(id, &["alice", "bob"])).await.unwrap();
    let alice = user("alice");
    let cursor = |to| ReadCursor { seq: seq(to), n: to, at: NOW };
    let advance = async |to| conversations.advance_cursor(&alice, id, cursor(to)).await.unwrap();
    assert_eq!(advance(5).await, Advance::Moved);
    assert_eq!(advance(5).await, Advance::Unmoved);
    assert_eq!(advance(4).await, Advance::Unmoved);
    assert_eq!(advance(12).await, Advance::Moved);
    assert_eq!(conversations.membership(&alice, id).await.unwrap().unwrap().cursor, cursor(12));
    let outcome = conversations.advance_cursor(&user("stranger"), id, cursor(3)).await.unwrap();
    assert_eq!(outcome, Advance::NotAMember);
    let outcome = conversations.membership(&user("stranger"), id).await.unwrap();
    assert_eq!(outcome, None, "a cursor makes no member");

    let asked = [user("bob"), user("stranger"), user("alice"), user("alice")];
    let mut cursors = receipts.cursors(id, &asked).await.unwrap();
    cursors.sort_by(|one, other| one.0.cmp(&other.0));
    cursors.dedup();
    let start = ReadCursor { seq: Seq::FIRST, n: 0, at: NOW };
    assert_eq!(cursors, [(alice.clone(), cursor(12)), (user("bob"), start)]);
}
