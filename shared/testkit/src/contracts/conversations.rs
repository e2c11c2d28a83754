//! What a [`ConversationRepository`], [`ReadReceipts`], [`RosterPages`] and [`MembershipSettings`] owe: conversations that begin whole,
//! cursors that only go forward, pages without holes, and settings that are one's own.

use futures::future::join_all;
use parlance_application::ports::{
    conversations::{
        Advance, ConversationRepository, Creating, MembershipSetting, MembershipSettings, ReadCursor,
        ReadReceipts, Receipt, ReceiptPage, ReceiptPlace, RosterPages, RosterPlace,
    },
    presence::DirectPeers,
};
use parlance_domain::{
    conversation::{ConversationKind, Reference, Title},
    head::Seq,
    ids::UserId,
};

use super::fixtures::{NOW, conversation_id, creation, seq, user};

/// Checks every promise of pages and settings.
pub async fn pages_and_settings_hold(
    conversations: &dyn ConversationRepository,
    pages: &dyn RosterPages,
    settings: &dyn MembershipSettings,
) {
    pages_of_people_have_no_holes_in_either_direction(conversations, pages).await;
    a_setting_is_ones_own(conversations, settings).await;
}

async fn pages_of_people_have_no_holes_in_either_direction(
    conversations: &dyn ConversationRepository,
    pages: &dyn RosterPages,
) {
    let id = conversation_id();
    let names: Vec<String> = (0..7).map(|number| format!("person {number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    conversations.create(&creation(id, &names)).await.unwrap();
    let read = async |place: RosterPlace, limit| {
        let page = pages.page(id, &place, limit).await.unwrap();
        let people: Vec<String> = page.rows.iter().map(|(user, _)| user.to_string()).collect();
        (people, page.has_more)
    };
    let some = |from: usize, to: usize| -> Vec<String> {
        names.get(from..to).unwrap().iter().map(|name| (*name).to_owned()).collect()
    };
    assert_eq!(read(RosterPlace::First, 3).await, (some(0, 3), true));
    assert_eq!(read(RosterPlace::First, 7).await, (some(0, 7), false));
    assert_eq!(read(RosterPlace::After(user(names[2])), 3).await, (some(3, 6), true));
    assert_eq!(read(RosterPlace::After(user(names[5])), 3).await, (some(6, 7), false));
    assert_eq!(read(RosterPlace::After(user("person 25")), 2).await, (some(3, 5), true), "nobody is there");
    assert_eq!(read(RosterPlace::Before(user(names[6])), 3).await, (some(3, 6), true));
    assert_eq!(read(RosterPlace::Before(user(names[3])), 3).await, (some(0, 3), false));
    assert_eq!(read(RosterPlace::After(user(names[6])), 3).await, (Vec::new(), false));
    let rows = pages.page(id, &RosterPlace::First, 1).await.unwrap().rows;
    let roster = conversations.roster(id).await.unwrap();
    assert_eq!(rows[0].1, *roster.member(&rows[0].0).unwrap().participant);
    let nobody = pages.page(conversation_id(), &RosterPlace::First, 3).await.unwrap();
    assert!(nobody.rows.is_empty() && !nobody.has_more);
}

async fn a_setting_is_ones_own(
    conversations: &dyn ConversationRepository,
    settings: &dyn MembershipSettings,
) {
    let id = conversation_id();
    conversations.create(&creation(id, &["alice", "bob"])).await.unwrap();
    let shown = async |name: &str| {
        let membership = conversations.membership(&user(name), id).await.unwrap().unwrap();
        (membership.is_muted, membership.is_archived)
    };
    let switch =
        async |name: &str, setting, is_on| settings.switch(&user(name), id, setting, is_on).await.unwrap();
    assert_eq!(shown("alice").await, (false, false));
    for _ in 0..2 {
        assert!(switch("alice", MembershipSetting::Muted, true).await);
        assert_eq!(shown("alice").await, (true, false));
    }
    assert!(switch("alice", MembershipSetting::Archived, true).await);
    assert!(switch("alice", MembershipSetting::Muted, false).await);
    assert_eq!(shown("alice").await, (false, true));
    let cursor = ReadCursor { seq: seq(5), n: 5, at: NOW };
    conversations.advance_cursor(&user("alice"), id, cursor).await.unwrap();
    assert_eq!(shown("alice").await, (false, true), "reading changes no setting");
    assert_eq!(shown("bob").await, (false, false));
    assert!(!switch("stranger", MembershipSetting::Muted, true).await);
    let stranger = conversations.membership(&user("stranger"), id).await.unwrap();
    assert_eq!(stranger, None, "a setting makes no member");
}

/// Checks every promise of conversations and cursors.
pub async fn holds(conversations: &dyn ConversationRepository, receipts: &dyn ReadReceipts) {
    a_conversation_begins_once_and_whole(conversations).await;
    of_many_who_create_the_same_one_does(conversations).await;
    a_cursor_only_goes_forward(conversations, receipts).await;
    receipts_come_in_pages_of_either_direction(conversations, receipts).await;
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
    assert_eq!(advance(5).await, Advance::Unmoved(cursor(5)));
    assert_eq!(advance(4).await, Advance::Unmoved(cursor(5)), "it is told where it stands");
    assert_eq!(advance(12).await, Advance::Moved);
    assert_eq!(conversations.membership(&alice, id).await.unwrap().unwrap().cursor, cursor(12));
    let outcome = conversations.advance_cursor(&user("stranger"), id, cursor(3)).await.unwrap();
    assert_eq!(outcome, Advance::NotAMember);
    let outcome = conversations.membership(&user("stranger"), id).await.unwrap();
    assert_eq!(outcome, None, "a cursor makes no member");

    let start = ReadCursor { seq: Seq::FIRST, n: 0, at: NOW };
    let page = receipts.page(id, ReceiptPlace::First, 100).await.unwrap();
    let of = |name, cursor| Receipt { user: user(name), joined: Seq::FIRST, cursor };
    let receipts = vec![of("alice", cursor(12)), of("bob", start)];
    assert_eq!(page, ReceiptPage { receipts, rest: None });
}

async fn receipts_come_in_pages_of_either_direction(
    conversations: &dyn ConversationRepository,
    receipts: &dyn ReadReceipts,
) {
    let id = conversation_id();
    let names: Vec<String> = (10..35).map(|number| format!("#{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    conversations.create(&creation(id, &names)).await.unwrap();
    let mut seen = Vec::new();
    let mut from: Option<UserId> = None;
    loop {
        let place = from.as_ref().map_or(ReceiptPlace::First, ReceiptPlace::After);
        let page = receipts.page(id, place, 7).await.unwrap();
        assert!(page.receipts.len() <= 7);
        seen.extend(page.receipts.into_iter().map(|receipt| receipt.user.to_string()));
        from = page.rest;
        if from.is_none() {
            break;
        }
        assert_eq!(from.as_ref().map(UserId::as_str), seen.last().map(String::as_str));
    }
    assert_eq!(seen, names, "everybody once, in the order of the table");
    let before = receipts.page(id, ReceiptPlace::Before(&user(names[3])), 2).await.unwrap();
    let found: Vec<&str> = before.receipts.iter().map(|receipt| receipt.user.as_str()).collect();
    assert_eq!((found, before.rest), (vec![names[2], names[1]], Some(user(names[1]))));
    let first = receipts.page(id, ReceiptPlace::Before(&user(names[2])), 2).await.unwrap();
    assert_eq!((first.receipts.len(), first.rest), (2, None), "the end is seen where it is");
    let before = receipts.page(id, ReceiptPlace::Before(&user(names[0])), 2).await.unwrap();
    assert_eq!(before, ReceiptPage { receipts: Vec::new(), rest: None });
}
