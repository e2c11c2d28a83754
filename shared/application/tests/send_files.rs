//! Messages with files: one message takes each, a retry finds it, and a deletion takes them with it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken assumption stops the test"
)]

#[path = "files/house.rs"]
mod house;

use std::time::Duration;

use futures::future::join_all;
use parlance_application::{
    attachments::judge::Finding,
    messages::{
        delete::Deletion,
        edit::Edit,
        send::{Draft, SendMessageError},
    },
};
use parlance_domain::{
    attachment::Stage,
    authority::Caller,
    ids::AttachmentId,
    message::{MessageBody, MessageContent, MessageKind},
};
use parlance_testkit::{contracts::inspection::PICTURE, scene::user};

use self::house::{House, threats};

#[tokio::test]
async fn a_file_is_taken_by_one_message_alone() {
    let house = House::build().await;
    let id = house.uploaded("alice").await;
    let names: Vec<String> = (0..8).map(|number| format!("m{number}")).collect();
    let (files, house_) = ([id], &house);
    let files = &files;
    let outcomes = join_all(names.iter().map(|name| house_.send("alice", name, files))).await;
    let (sent, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(sent.len(), 1, "{refused:?}");
    let owner = sent[0].as_ref().unwrap().message.id;
    assert!(
        refused.iter().all(|refused| matches!(refused, Err(SendMessageError::UnknownAttachment))),
        "{refused:?}"
    );
    let row = house.row(id).await.unwrap();
    assert_eq!((row.message, row.expires_at), (Some(owner), None));
    assert_eq!(house.entries().await, owner.seq.get(), "the others left nothing behind");
}

#[tokio::test]
async fn a_retry_finds_the_message_that_has_its_files() {
    let house = House::build().await;
    let id = house.uploaded("alice").await;
    let first = house.send("alice", "one", &[id]).await.unwrap();
    house.scanned(id, Finding::NoThreats).await;
    for after in [Some(1), None] {
        let draft = Draft { after, ..house.draft("alice", "one", &[id]) };
        let again = house.stage.send.execute(draft).await;
        // Without `after` the first attempt left no key behind: it was sent with one.
        match after {
            Some(_) => {
                let again = again.unwrap();
                assert_eq!((again.message.id, again.is_duplicate), (first.message.id, true));
                assert_eq!(again.message.message.files[0].stage, Stage::Clean, "as it stands now");
            }
            None => assert!(matches!(again, Err(SendMessageError::UnknownAttachment)), "{again:?}"),
        }
    }
    let id = house.uploaded("alice").await;
    let draft = || Draft { after: None, ..house.draft("alice", "two", &[id]) };
    let first = house.stage.send.execute(draft()).await.unwrap();
    let again = house.stage.send.execute(draft()).await.unwrap();
    assert_eq!((again.message.id, again.is_duplicate), (first.message.id, true), "known by its key");

    let caller = user("alice");
    let deletion = Deletion { caller: Caller::from(&caller), id: first.message.id, from: None };
    house.stage.delete.execute(deletion).await.unwrap();
    let again = house.stage.send.execute(draft()).await.unwrap();
    assert!(again.is_duplicate && again.message.message.deleted, "its tombstone");
}

#[tokio::test]
async fn only_ones_own_files_that_may_be_had_are_sent() {
    let house = House::build().await;
    let (hers, his) = (house.uploaded("alice").await, house.uploaded("bob").await);
    let unknown = AttachmentId::from_bytes([9; 16]);
    let entries = house.entries().await;
    for (name, files) in [("a", vec![his]), ("b", vec![unknown]), ("c", vec![hers, his])] {
        let refused = house.send("alice", name, &files).await;
        assert!(matches!(refused, Err(SendMessageError::UnknownAttachment)), "{refused:?}");
    }
    let bad = house.uploaded("alice").await;
    house.scanned(bad, threats()).await;
    let refused = house.send("alice", "d", &[bad]).await;
    assert!(matches!(refused, Err(SendMessageError::AttachmentNotClean)), "{refused:?}");
    let late = house.begin("alice").await;
    house.clock.advance(Duration::from_hours(2));
    let refused = house.send("alice", "e", &[late]).await;
    assert!(matches!(refused, Err(SendMessageError::AttachmentNotClean)), "{refused:?}");
    assert_eq!(house.entries().await, entries);
    assert!(house.row(hers).await.unwrap().message.is_none(), "nothing was taken by the way");
    house.send("alice", "f", &[hers]).await.unwrap();
    let waited = house.uploaded("alice").await;
    house.clock.advance(Duration::from_hours(30));
    let refused = house.send("alice", "g", &[waited]).await;
    assert!(matches!(refused, Err(SendMessageError::UnknownAttachment)), "nobody wanted it: {refused:?}");
}

#[tokio::test]
async fn a_stranger_learns_nothing_of_files() {
    let house = House::build().await;
    let id = house.uploaded("carol").await;
    for (name, files) in [("a", vec![id]), ("b", vec![AttachmentId::from_bytes([9; 16])])] {
        let refused = house.send("carol", name, &files).await;
        assert!(matches!(refused, Err(SendMessageError::NotFound)), "{refused:?}");
    }
    assert!(house.row(id).await.unwrap().message.is_none());
}

#[tokio::test]
async fn a_voice_message_is_one_recording() {
    let house = House::build().await;
    let picture = house.uploaded("alice").await;
    let recording = house.begin_as("alice", "audio/webm").await;
    let voice = |name: &str, files: &[AttachmentId]| {
        let draft = house.draft("alice", name, files);
        Draft { body: MessageBody { kind: MessageKind::Voice, ..draft.body.clone() }, ..draft }
    };
    for files in [vec![], vec![picture], vec![recording, picture]] {
        let refused = house.stage.send.execute(voice("v", &files)).await;
        assert!(matches!(refused, Err(SendMessageError::NoRecording)), "{refused:?}");
    }
    house.stage.send.execute(voice("v", &[recording])).await.unwrap();
}

#[tokio::test]
async fn a_scan_that_ends_while_the_message_is_sent_is_not_lost() {
    let house = House::build().await;
    for number in 0..20 {
        let id = house.uploaded("alice").await;
        let clean = house.result(id, Finding::NoThreats).await;
        let name = format!("r{number}");
        let files = [id];
        let (sent, judged) = futures::join!(house.send("alice", &name, &files), house.judge.execute(&clean));
        judged.unwrap();
        assert_eq!(house.shown(sent.unwrap().message.id).await, [Stage::Clean]);
    }
}

#[tokio::test]
async fn a_deleted_message_takes_its_files_with_it() {
    let house = House::build().await;
    let (one, two) = (house.uploaded("alice").await, house.uploaded("alice").await);
    let sent = house.send("alice", "one", &[one, two]).await.unwrap();
    house.scanned(one, Finding::NoThreats).await;
    let late = house.result(two, Finding::NoThreats).await;
    let caller = user("alice");
    let deletion = Deletion { caller: Caller::from(&caller), id: sent.message.id, from: None };
    house.stage.delete.execute(deletion).await.unwrap();
    assert_eq!((house.row(one).await, house.row(two).await), (None, None));
    assert_eq!(house.message(sent.message.id).await.files, []);
    // The stream tells of the rows.
    for id in [one, two] {
        house.remove.execute(id).await.unwrap();
        assert_eq!(house.lies_in(id), []);
    }
    let entries = house.entries().await;
    house.put(two, PICTURE).await;
    house.judge.execute(&late).await.unwrap();
    assert_eq!((house.lies_in(two), house.entries().await), (vec![], entries), "a verdict on what is gone");
}

#[tokio::test]
async fn an_edit_keeps_the_files() {
    let house = House::build().await;
    let id = house.uploaded("alice").await;
    let sent = house.send("alice", "one", &[id]).await.unwrap();
    let editor = user("alice");
    let edit = Edit {
        editor: Caller::from(&editor),
        id: sent.message.id,
        content: MessageContent::parse("look", true).unwrap(),
        if_versions: None,
        from: None,
    };
    house.stage.edit.execute(edit).await.unwrap();
    house.scanned(id, Finding::NoThreats).await;
    let message = house.message(sent.message.id).await;
    assert_eq!((message.body.content.as_str(), message.version), ("look", 3));
    assert_eq!(house.shown(sent.message.id).await, [Stage::Clean]);
}
