//! What a [`BlockRepository`] owes, together with the table's other ports: a block and a direct conversation never miss each other.

use futures::future::join_all;
use parlance_application::ports::{
    blocks::{BlockPlace, BlockRepository, SetBlock},
    conversations::{ConversationRepository, Creating, Creation},
    log::{Commit, MessageLog, RowChange},
};
use parlance_domain::{
    conversation::ConversationKind,
    ids::{ConversationId, UserId},
    log::EntryBody,
    roster::Participant,
};

use super::fixtures::{NOW, conversation_id, creation, user};

/// The keepers under test; all are of one table.
#[derive(Clone, Copy)]
pub struct Tables<'a> {
    /// The blocks.
    pub blocks: &'a dyn BlockRepository,
    /// The conversations.
    pub conversations: &'a dyn ConversationRepository,
    /// The logs.
    pub log: &'a dyn MessageLog,
}

/// Checks every promise.
pub async fn holds(tables: Tables<'_>) {
    a_block_without_a_conversation_keeps_one_from_being_opened(tables).await;
    a_block_in_a_conversation_stands_in_its_roster(tables).await;
    of_a_block_and_a_conversation_at_once_one_sees_the_other(tables).await;
    the_blocked_are_listed_page_by_page(tables).await;
}

/// Two people who are in no other test, and the conversation that would be theirs.
fn two() -> ([UserId; 2], Creation) {
    let unique = conversation_id();
    let names = [format!("alice#% {unique}"), format!("bob {unique}")];
    let people = [user(&names[0]), user(&names[1])];
    let mut made = creation(ConversationId::direct(&people[0], &people[1]), &[&names[0], &names[1]]);
    made.conversation.kind = ConversationKind::Direct;
    (people, made)
}

async fn a_block_without_a_conversation_keeps_one_from_being_opened(tables: Tables<'_>) {
    for blocker in [0, 1] {
        let (people, made) = two();
        let (one, other) = (&people[blocker], &people[1 - blocker]);
        let id = made.conversation.id;
        assert_eq!(tables.blocks.find(one, other).await.unwrap(), None);
        for _ in 0..2 {
            assert_eq!(tables.blocks.set(one, other, Some(NOW), id).await.unwrap(), SetBlock::Done);
        }
        assert_eq!(tables.blocks.find(one, other).await.unwrap(), Some(NOW));
        assert_eq!(tables.blocks.find(other, one).await.unwrap(), None);
        assert_eq!(tables.conversations.create(&made).await.unwrap(), Creating::Blocked);
        assert_eq!(tables.conversations.find(id).await.unwrap(), None);
        for _ in 0..2 {
            assert_eq!(tables.blocks.set(one, other, None, id).await.unwrap(), SetBlock::Done);
        }
        assert_eq!(tables.blocks.find(one, other).await.unwrap(), None);
        assert_eq!(tables.conversations.create(&made).await.unwrap(), Creating::Created);
        let late = tables.blocks.set(one, other, Some(NOW), id).await.unwrap();
        assert_eq!(late, SetBlock::HasConversation);
        assert_eq!(tables.blocks.find(one, other).await.unwrap(), None, "nothing was written");
    }
}

async fn a_block_in_a_conversation_stands_in_its_roster(tables: Tables<'_>) {
    let ([alice, bob], made) = two();
    let id = made.conversation.id;
    tables.conversations.create(&made).await.unwrap();
    let mut head = made.entry.head();
    let mut roster = made.roster;
    for is_blocking in [true, false] {
        let row = *roster.member(&alice).unwrap().participant;
        let body = EntryBody::BlockChanged { user: alice.clone(), is_blocking };
        let entry = head.followed_by(alice.clone(), NOW, None, body);
        let participant = Participant { since: entry.seq, ..row };
        let change = |since| RowChange::SetBlock {
            user: alice.clone(),
            other: bob.clone(),
            is_blocking,
            participant,
            since,
        };
        let stale = tables.log.commit(id, &entry, &[change(entry.seq)]).await.unwrap();
        assert_eq!(stale, Commit::Refused, "the row is of another version");
        assert_eq!(tables.log.commit(id, &entry, &[change(row.since)]).await.unwrap(), Commit::Committed);
        roster.insert(alice.clone(), participant);
        roster.set_block(&alice, is_blocking);
        assert_eq!(tables.conversations.roster(id).await.unwrap(), roster);
        assert_eq!(tables.blocks.find(&alice, &bob).await.unwrap(), is_blocking.then_some(NOW));
        let entries = tables.log.entries_at(id, &[entry.seq]).await.unwrap();
        assert_eq!(entries, std::slice::from_ref(&entry));
        head = entry.head();
    }
}

async fn of_a_block_and_a_conversation_at_once_one_sees_the_other(tables: Tables<'_>) {
    for _ in 0..8 {
        let ([alice, bob], made) = two();
        let id = made.conversation.id;
        let block = async { tables.blocks.set(&alice, &bob, Some(NOW), id).await.unwrap() };
        let create = async { tables.conversations.create(&made).await.unwrap() };
        let outcome = futures::join!(block, create);
        let is_one_of_both = matches!(
            outcome,
            (SetBlock::Done, Creating::Blocked) | (SetBlock::HasConversation, Creating::Created)
        );
        assert!(is_one_of_both, "{outcome:?}");
    }
}

async fn the_blocked_are_listed_page_by_page(tables: Tables<'_>) {
    let ([alice, _], _) = two();
    let others: Vec<UserId> = (0..5).map(|number| user(&format!("other {number}"))).collect();
    let blocks = others
        .iter()
        .map(|other| tables.blocks.set(&alice, other, Some(NOW), ConversationId::direct(&alice, other)));
    for outcome in join_all(blocks).await {
        assert_eq!(outcome.unwrap(), SetBlock::Done);
    }
    let read = async |place: BlockPlace, limit| {
        let page = tables.blocks.page(&alice, &place, limit).await.unwrap();
        let people: Vec<UserId> = page.rows.iter().map(|(user, _)| user.clone()).collect();
        (people, page.has_more)
    };
    assert_eq!(read(BlockPlace::First, 5).await, (others.clone(), false));
    assert_eq!(read(BlockPlace::First, 2).await, (others[..2].to_vec(), true));
    assert_eq!(read(BlockPlace::After(others[2].clone()), 2).await, (others[3..].to_vec(), false));
    assert_eq!(read(BlockPlace::Before(others[3].clone()), 2).await, (others[1..3].to_vec(), true));
    assert_eq!(tables.blocks.page(&others[0], &BlockPlace::First, 2).await.unwrap().rows, []);
}
