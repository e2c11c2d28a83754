//! What `ListConversations` and `ConversationDetail` show of a user's conversations.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken assumption should stop a test")]

use parlance_application::{
    conversations::{
        detail::{ConversationDetail, ConversationDetailError},
        list::{ConversationList, ListConversations, ListFilter},
    },
    ports::{
        cache::ConversationCache,
        conversations::{ConversationRepository, ReadCursor},
    },
};
use parlance_domain::{
    conversation::{ConversationKind, History},
    ids::ConversationId,
};
use parlance_testkit::scene::{Scene, user};

fn lister(scene: &Scene) -> ListConversations {
    scene.lister()
}

fn detail(scene: &Scene) -> ConversationDetail {
    scene.detail()
}

fn numbers(list: &ConversationList) -> Vec<u8> {
    list.items.iter().map(|item| item.view.conversation.id.as_bytes()[0]).collect()
}

/// Seven conversations of Alice; the later, the higher their number.
async fn seven() -> Scene {
    let scene = Scene::default();
    for number in 1..=7 {
        scene.conversation(number, History::All, &["bob", "alice"]).await;
    }
    scene
}

#[tokio::test]
async fn the_most_recent_activity_comes_first() {
    let scene = seven().await;
    scene.say(ConversationId::from_bytes([3; 16]), "bob", "hello").await;
    let list = lister(&scene).execute(&user("alice"), &ListFilter::default(), None, 50).await.unwrap();
    assert_eq!(numbers(&list), [3, 7, 6, 5, 4, 2, 1]);
    assert_eq!((list.next, list.previous), (None, None));
    let first = &list.items[0];
    assert_eq!((first.own.unwrap().unread, first.view.head_n), (1, 1));
    assert_eq!(first.view.last_message.as_ref().unwrap().message.body.content.as_str(), "hello");
}

#[tokio::test]
async fn pages_neither_repeat_nor_lose_a_conversation_while_messages_arrive() {
    let scene = seven().await;
    let (list, filter) = (lister(&scene), ListFilter::default());
    let mut seen = Vec::new();
    let mut place = None;
    loop {
        let page = list.execute(&user("alice"), &filter, place, 2).await.unwrap();
        seen.extend(numbers(&page));
        // What was seen and what was not seen yet both become active between two pages.
        for number in [1, 7, 4] {
            scene.say(ConversationId::from_bytes([number; 16]), "bob", "more").await;
        }
        scene.conversation(40 + u8::try_from(seen.len()).unwrap(), History::All, &["alice"]).await;
        match page.next {
            Some(next) => place = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, [7, 6, 5, 4, 3, 2, 1]);
}

#[tokio::test]
async fn the_previous_page_is_the_one_that_was_left() {
    let scene = seven().await;
    let list = lister(&scene);
    let page = async |place| list.execute(&user("alice"), &ListFilter::default(), place, 3).await.unwrap();
    let first = page(None).await;
    let second = page(first.next).await;
    let third = page(second.next).await;
    assert_eq!((numbers(&second), numbers(&third)), (vec![4, 3, 2], vec![1]));
    assert_eq!(third.next, None);
    assert_eq!(numbers(&page(third.previous).await), [4, 3, 2]);
    let again = page(second.previous).await;
    assert_eq!((numbers(&again), again.previous), (vec![7, 6, 5], None));
    assert_eq!(numbers(&page(again.next).await), [4, 3, 2]);
}

#[tokio::test]
async fn filters_choose() {
    let scene = seven().await;
    scene.say(ConversationId::from_bytes([2; 16]), "bob", "unread").await;
    let list = lister(&scene);
    let chosen = async |filter| numbers(&list.execute(&user("alice"), &filter, None, 50).await.unwrap());
    let unread = |unread| ListFilter { unread: Some(unread), ..ListFilter::default() };
    assert_eq!(chosen(unread(true)).await, [2]);
    assert_eq!(chosen(unread(false)).await, [7, 6, 5, 4, 3, 1]);
    let kind = |kind| ListFilter { kind: Some(kind), ..ListFilter::default() };
    assert_eq!(chosen(kind(ConversationKind::Group)).await.len(), 7);
    assert_eq!(chosen(kind(ConversationKind::Direct)).await, [0; 0]);
    let about = ListFilter { reference_type: Some("task".to_owned()), ..ListFilter::default() };
    assert_eq!(chosen(about).await, [0; 0]);
}

#[tokio::test]
async fn ones_own_sending_reads_and_hints_that_lie_behind_are_not_believed() {
    let scene = Scene::default();
    let conversation = scene.conversation(1, History::All, &["alice", "bob"]).await;
    let old = scene.head(conversation).await;
    scene.say(conversation, "bob", "one").await;
    scene.say(conversation, "alice", "two").await;
    let head = scene.head(conversation).await;
    scene.say(conversation, "bob", "three").await;
    scene.redis.record_head(conversation, &old).await;
    let own = ReadCursor { seq: head.seq, n: head.n, at: head.at };
    scene.redis.own_positions(&user("alice"), Some((conversation, own))).await;

    let listed = lister(&scene).execute(&user("alice"), &ListFilter::default(), None, 1).await.unwrap();
    let shown = detail(&scene).execute(&user("alice"), conversation).await.unwrap();
    for summary in [&listed.items[0], &shown] {
        let own = summary.own.unwrap();
        assert_eq!((own.unread, summary.view.head_n, own.read.seq), (1, 3, head.seq));
    }
    let cursor = ReadCursor { seq: shown.view.head_seq, n: 3, at: head.at };
    scene.cloud.advance_cursor(&user("alice"), conversation, cursor).await.unwrap();
    let read = detail(&scene).execute(&user("alice"), conversation).await.unwrap();
    assert_eq!((read.own.unwrap().unread, read.cursors[&user("alice")].seq), (0, cursor.seq));
}

#[tokio::test]
async fn a_stranger_sees_no_conversation() {
    let scene = seven().await;
    let list = lister(&scene).execute(&user("eve"), &ListFilter::default(), None, 50).await.unwrap();
    assert!(list.items.is_empty());
    let conversation = ConversationId::from_bytes([1; 16]);
    for asked in [conversation, ConversationId::from_bytes([99; 16])] {
        let shown = detail(&scene).execute(&user("eve"), asked).await;
        assert!(matches!(shown, Err(ConversationDetailError::NotFound)));
    }
    assert!(detail(&scene).execute(&user("alice"), conversation).await.is_ok());
}
