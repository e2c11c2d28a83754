//! What `ReadHistory` and `FindMessage` show, and to whom.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken assumption should stop a test")]

use parlance_application::messages::{
    find::{FindMessage, FindMessageError},
    history::{HistoryPage, ReadHistory, ReadHistoryError, Window},
};
use parlance_domain::{
    conversation::History,
    head::Seq,
    ids::{ConversationId, MessageId},
    message::{MessageBody, MessageContent},
};
use parlance_testkit::scene::{Scene, user};

fn reader(scene: &Scene) -> ReadHistory {
    ReadHistory::new(scene.log(), scene.conversations())
}

fn finder(scene: &Scene) -> FindMessage {
    FindMessage::new(scene.log(), scene.conversations())
}

fn texts(page: &HistoryPage) -> Vec<&str> {
    page.messages.iter().map(|message| message.message.body.content.as_str()).collect()
}

fn seq(value: u64) -> Seq {
    Seq::new(value).unwrap()
}

/// Alice and Bob, ten messages of hers at positions 2 to 11.
async fn ten_messages() -> (Scene, ConversationId) {
    let scene = Scene::default();
    let conversation = scene.conversation(1, History::All, &["alice", "bob"]).await;
    for number in 1..=10 {
        scene.say(conversation, "alice", &number.to_string()).await;
    }
    (scene, conversation)
}

#[tokio::test]
async fn pages_lead_from_the_newest_to_the_oldest_and_back() {
    let (scene, conversation) = ten_messages().await;
    let read = reader(&scene);
    let (mut window, mut seen, mut last) = (Window::Newest, Vec::new(), None);
    loop {
        let page = read.execute(&user("bob"), conversation, window, 4).await.unwrap();
        seen.extend(texts(&page).into_iter().map(str::to_owned));
        last = page.newer.or(last);
        match page.older {
            Some(older) => window = Window::Before(older),
            None => break,
        }
    }
    assert_eq!(seen, ["10", "9", "8", "7", "6", "5", "4", "3", "2", "1"]);
    let back = read.execute(&user("bob"), conversation, Window::After(last.unwrap().get()), 4).await.unwrap();
    assert_eq!(texts(&back), ["6", "5", "4", "3"], "the rows directly after the last page's first");
    assert!(back.newer.is_some() && back.older.is_some());
}

#[tokio::test]
async fn windows_lie_where_they_are_asked_for() {
    let (scene, conversation) = ten_messages().await;
    let read = reader(&scene);
    let page = async |window| read.execute(&user("bob"), conversation, window, 4).await.unwrap();
    assert_eq!(texts(&page(Window::Before(seq(4))).await), ["2", "1"]);
    assert_eq!(texts(&page(Window::After(0)).await), ["4", "3", "2", "1"], "the first row is no message");
    assert_eq!(texts(&page(Window::After(9)).await), ["10", "9"]);
    assert_eq!(texts(&page(Window::After(999)).await), [""; 0]);
    assert_eq!(texts(&page(Window::Around(seq(6))).await), ["7", "6", "5", "4"]);
    assert_eq!(texts(&page(Window::Before(seq(1))).await), [""; 0]);
}

#[tokio::test]
async fn what_is_no_message_takes_no_room_on_a_page() {
    let (scene, conversation) = ten_messages().await;
    let id = MessageId::new(conversation, seq(5));
    for number in 0..7 {
        scene.edit(id, &format!("4, version {number}")).await;
    }
    let page = reader(&scene).execute(&user("bob"), conversation, Window::Newest, 3).await.unwrap();
    assert_eq!(texts(&page), ["10", "9", "8"]);
    let around = reader(&scene).execute(&user("bob"), conversation, Window::Around(seq(5)), 2).await.unwrap();
    assert_eq!(texts(&around), ["5", "4, version 6"]);
}

#[tokio::test]
async fn a_deleted_message_leaves_its_tombstone() {
    let (scene, conversation) = ten_messages().await;
    let id = MessageId::new(conversation, seq(11));
    assert_eq!(finder(&scene).execute(&user("bob"), id).await.unwrap().message.body.content.as_str(), "10");
    scene.delete(id).await;
    let page = reader(&scene).execute(&user("bob"), conversation, Window::Newest, 1).await.unwrap();
    assert_eq!((page.messages[0].id, page.messages[0].message.deleted), (id, true));
    assert!(finder(&scene).execute(&user("bob"), id).await.unwrap().message.deleted);
}

#[tokio::test]
async fn a_stranger_cannot_tell_that_a_conversation_exists() {
    let (scene, conversation) = ten_messages().await;
    let nowhere = ConversationId::from_bytes([9; 16]);
    for asked in [conversation, nowhere] {
        let page = reader(&scene).execute(&user("eve"), asked, Window::Newest, 4).await;
        assert!(matches!(page, Err(ReadHistoryError::NotFound)));
        let message = finder(&scene).execute(&user("eve"), MessageId::new(asked, seq(2))).await;
        assert!(matches!(message, Err(FindMessageError::NotFound)));
    }
    assert!(finder(&scene).execute(&user("bob"), MessageId::new(conversation, seq(2))).await.is_ok());
    scene.leave(conversation, "bob").await;
    let after_leaving = finder(&scene).execute(&user("bob"), MessageId::new(conversation, seq(2))).await;
    assert!(matches!(after_leaving, Err(FindMessageError::NotFound)));
}

#[tokio::test]
async fn an_entry_that_is_no_message_is_not_found_as_one() {
    let (scene, conversation) = ten_messages().await;
    let found = finder(&scene).execute(&user("bob"), MessageId::new(conversation, Seq::FIRST)).await;
    assert!(matches!(found, Err(FindMessageError::NotFound)));
}

#[tokio::test]
async fn what_came_before_joining_is_hidden_where_the_conversation_says_so() {
    for (history, visible) in [(History::All, true), (History::Joined, false)] {
        let scene = Scene::default();
        let conversation = scene.conversation(1, history, &["alice", "bob"]).await;
        let before = scene.say(conversation, "alice", "before").await;
        scene.join(conversation, "alice", "carol").await;
        let reply = MessageBody {
            content: MessageContent::parse("after", false).unwrap(),
            reply_to: Some(before.seq),
            ..MessageBody::default()
        };
        let after = scene.send(conversation, "alice", reply).await;

        let page = reader(&scene).execute(&user("carol"), conversation, Window::Newest, 9).await.unwrap();
        let expected: &[&str] = if visible { &["after", "before"] } else { &["after"] };
        assert_eq!(texts(&page), expected);
        assert_eq!(page.messages[0].message.body.reply_to.is_some(), visible);
        assert_eq!(page.older, None);
        let oldest = reader(&scene).execute(&user("carol"), conversation, Window::After(0), 9).await.unwrap();
        assert_eq!(texts(&oldest), expected);
        assert_eq!(finder(&scene).execute(&user("carol"), before).await.is_ok(), visible);
        let found = finder(&scene).execute(&user("carol"), after).await.unwrap();
        assert_eq!(found.message.body.reply_to.is_some(), visible);
    }
}
