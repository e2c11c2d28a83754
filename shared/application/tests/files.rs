//! Files after their upload: scanned, released or deleted, shown in their message, looked into, and looked after.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken assumption stops the test"
)]

#[path = "files/house.rs"]
mod house;

use std::{collections::BTreeSet, sync::atomic::Ordering, time::Duration};

use futures::future::join_all;
use parlance_application::{
    attachments::judge::{Finding, ScanResult},
    ports::attachments::ObjectStore,
};
use parlance_domain::{
    attachment::{ObjectArea, ObjectKey, ObjectTag, Reason, Sha256Digest, Stage},
    ids::{AttachmentId, MessageId},
};
use parlance_testkit::contracts::inspection::PICTURE;

use self::house::{House, threats};

/// Where a picture lies that is handed out.
const RELEASED: [ObjectArea; 2] = [ObjectArea::Clean, ObjectArea::Preview];

#[tokio::test]
async fn a_clean_file_is_released_shown_and_looked_into() {
    let house = House::build().await;
    let id = house.uploaded("alice").await;
    assert_eq!((house.state(id).await, house.lies_in(id)), ("scanning", vec![ObjectArea::Quarantine]));
    assert_eq!(house.errands.take_looks().len(), 1, "somebody looks after it if no verdict comes");
    let sent = house.send("alice", "one", &[id]).await.unwrap();
    assert_eq!(sent.message.message.files[0].stage, Stage::Scanning);

    house.scanned(id, Finding::NoThreats).await;
    assert_eq!((house.state(id).await, house.lies_in(id)), ("clean", RELEASED.to_vec()));
    let released = house.objects.object(&ObjectKey { area: ObjectArea::Clean, id }).unwrap();
    assert_eq!(released.content_type.as_deref(), Some("image/png"));
    assert!(released.disposition.unwrap().starts_with("attachment; filename=\"cat.png\""));
    let shown = house.message(sent.message.id).await;
    let media = shown.files[0].media.clone().unwrap();
    assert_eq!(shown.files[0].stage, Stage::Clean);
    assert_eq!(media.dimensions.map(|size| (size.width, size.height)), Some((3, 2)));
    assert_eq!((shown.version, shown.edited_at), (2, None), "more is known of it, and nobody edited it");
    for who in ["alice", "bob"] {
        let told = house.told(who).join("\n");
        assert_eq!(told.matches("\"message.updated\"").count(), 1, "{who}: {told}");
        assert!(!told.contains("download_url"));
    }
}

#[tokio::test]
async fn what_is_no_part_of_a_picture_is_not_handed_out_with_it() {
    let house = House::build().await;
    let id = house.passes_scan("alice", "image/png", &[PICTURE, b"52.520008N"].concat()).await;
    assert_eq!((house.state(id).await, house.lies_in(id)), ("clean", RELEASED.to_vec()));
    let released = house.objects.object(&ObjectKey { area: ObjectArea::Clean, id }).unwrap();
    assert_eq!((released.bytes.as_slice(), released.content_type.as_deref()), (PICTURE, Some("image/png")));
    let file = house.row(id).await.unwrap().file;
    assert_eq!(file.size.bytes(), PICTURE.len() as u64, "it is described as it is handed out");
    assert_eq!(file.sha256, Some(Sha256Digest::of(PICTURE)));
}

#[tokio::test]
async fn what_no_scanner_knows_and_is_not_what_it_says_is_gone_and_says_why() {
    let house = House::build().await;
    for (content_type, bytes, state, reason) in [
        ("image/png", &PICTURE[..40], "unscannable", Reason::Damaged),
        ("image/png", b"<html><script>", "infected", Reason::Disguised),
        ("image/svg+xml", b"<svg onload='alert(1)'/>", "infected", Reason::Script),
    ] {
        let told = house.told("alice").len();
        let id = house.passes_scan("alice", content_type, bytes).await;
        assert_eq!((house.state(id).await, house.lies_in(id)), (state, vec![]));
        assert_eq!(house.row(id).await.unwrap().state.reason(), Some(reason));
        assert!(house.told("alice")[told..].join("\n").contains("\"file_removed\""));
    }
    let page = house.passes_scan("alice", "text/html", b"<html><script>").await;
    assert_eq!(house.state(page).await, "clean", "it claims nothing else, and is handed out as what it is");
}

#[tokio::test]
async fn a_file_that_nobody_survives_to_look_into_is_given_up_in_the_end() {
    let house = House::build().await;
    house.is_deadly.store(true, Ordering::Relaxed);
    let id = house.uploaded("alice").await;
    for _ in 0..4 {
        house.scanned(id, Finding::NoThreats).await;
        assert_eq!((house.state(id).await, house.lies_in(id)), ("scanning", vec![ObjectArea::Quarantine]));
        house.clock.advance(Duration::from_secs(61));
        house.look_after.execute(id).await.unwrap();
    }
    assert_eq!((house.state(id).await, house.lies_in(id)), ("unscannable", vec![]));
    assert_eq!(house.row(id).await.unwrap().state.reason(), Some(Reason::NotScanned));

    let id = house.uploaded("alice").await;
    house.scanned(id, Finding::NoThreats).await;
    house.clock.advance(Duration::from_secs(61));
    house.look_after.execute(id).await.unwrap();
    house.is_deadly.store(false, Ordering::Relaxed);
    house.scanned(id, Finding::NoThreats).await;
    assert_eq!(house.state(id).await, "clean", "the next one has survived it");
}

#[tokio::test]
async fn a_verdict_before_the_news_of_the_upload_counts() {
    let house = House::build().await;
    let id = house.begin("alice").await;
    house.put(id, PICTURE).await;
    house.scanned(id, Finding::NoThreats).await;
    assert_eq!((house.state(id).await, house.lies_in(id)), ("clean", RELEASED.to_vec()));
    house.receive.execute(id).await.unwrap();
    assert_eq!((house.state(id).await, house.lies_in(id)), ("clean", RELEASED.to_vec()));
}

#[tokio::test]
async fn a_verdict_on_what_was_put_in_a_files_place_counts_before_the_news_of_it() {
    let house = House::build().await;
    let id = house.uploaded("alice").await;
    let first = house.result(id, threats()).await;
    let mut other = PICTURE.to_vec();
    other[20] ^= 1;
    house.put(id, &other).await;
    house.scanned(id, Finding::NoThreats).await;
    assert_eq!((house.state(id).await, house.lies_in(id)), ("clean", RELEASED.to_vec()));
    house.judge.execute(&first).await.unwrap();
    assert_eq!(house.state(id).await, "clean", "what the first verdict was about is gone");
}

#[tokio::test]
async fn late_and_repeated_results_change_nothing() {
    let house = House::build().await;
    let id = house.uploaded("alice").await;
    let sent = house.send("alice", "one", &[id]).await.unwrap();
    let clean = house.result(id, Finding::NoThreats).await;
    let bad = ScanResult { finding: threats(), ..clean.clone() };
    let other = ScanResult { tag: ObjectTag::parse("other"), ..clean.clone() };
    house.judge.execute(&other).await.unwrap();
    assert_eq!(house.state(id).await, "scanning", "a verdict on other bytes says nothing");
    house.judge.execute(&clean).await.unwrap();
    let (row, entries) = (house.row(id).await, house.entries().await);
    for result in [&clean, &bad, &other, &clean] {
        house.judge.execute(result).await.unwrap();
    }
    assert_eq!((house.row(id).await, house.entries().await), (row, entries));
    assert_eq!(house.shown(sent.message.id).await, [Stage::Clean]);

    let id = house.uploaded("alice").await;
    let clean = house.result(id, Finding::NoThreats).await;
    house.scanned(id, threats()).await;
    house.judge.execute(&clean).await.unwrap();
    assert_eq!((house.state(id).await, house.lies_in(id)), ("infected", vec![]));
}

#[tokio::test]
async fn results_that_come_all_at_once_are_one() {
    let house = House::build().await;
    let id = house.uploaded("alice").await;
    let sent = house.send("alice", "one", &[id]).await.unwrap();
    let clean = house.result(id, Finding::NoThreats).await;
    let outcomes = join_all((0..6).map(|_| house.judge.execute(&clean))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!((house.state(id).await, house.lies_in(id)), ("clean", RELEASED.to_vec()));
    assert_eq!(house.message(sent.message.id).await.version, 2);
}

#[tokio::test]
async fn an_infected_file_is_gone_and_its_message_and_its_uploader_are_told() {
    let house = House::build().await;
    let id = house.uploaded("alice").await;
    let sent = house.send("alice", "one", &[id]).await.unwrap();
    house.scanned(id, threats()).await;
    assert_eq!((house.state(id).await, house.lies_in(id)), ("infected", vec![]));
    assert_eq!(house.shown(sent.message.id).await, [Stage::Infected]);
    let told = house.told("alice").join("\n");
    assert!(told.contains("\"file_removed\"") && told.contains(&id.to_string()), "{told}");
    let told = house.told("bob").join("\n");
    assert!(!told.contains("file_removed") && told.contains("\"infected\""), "{told}");
}

#[tokio::test]
async fn what_is_not_as_announced_is_deleted() {
    let house = House::build().await;
    let id = house.begin("alice").await;
    let sent = house.send("alice", "one", &[id]).await.unwrap();
    assert_eq!(
        house.shown(sent.message.id).await,
        [Stage::Uploading],
        "it may be sent while it is on its way"
    );
    house.put(id, &PICTURE[1..]).await;
    house.receive.execute(id).await.unwrap();
    assert_eq!((house.state(id).await, house.lies_in(id)), ("expired", vec![]));
    assert_eq!(house.shown(sent.message.id).await, [Stage::Expired]);

    let id = house.begin_as("alice", "image/jpeg").await;
    let key = ObjectKey { area: ObjectArea::Quarantine, id };
    let presented = parlance_application::ports::attachments::Presentation {
        content_type: parlance_domain::attachment::ContentType::parse("text/html").unwrap(),
        disposition: None,
    };
    house.objects.put(&key, PICTURE.to_vec(), &presented).await.unwrap();
    let result = house.result(id, Finding::NoThreats).await;
    house.judge.execute(&result).await.unwrap();
    assert_eq!((house.state(id).await, house.lies_in(id)), ("expired", vec![]), "the verdict came first");
}

#[tokio::test]
async fn what_nobody_announced_and_what_comes_after_the_verdict_is_deleted() {
    let house = House::build().await;
    let unknown = AttachmentId::from_bytes([9; 16]);
    house.put(unknown, PICTURE).await;
    house.receive.execute(unknown).await.unwrap();
    assert_eq!(house.lies_in(unknown), []);
    house.put(unknown, PICTURE).await;
    house.scanned(unknown, Finding::NoThreats).await;
    assert_eq!(house.lies_in(unknown), []);

    let id = house.uploaded("alice").await;
    house.scanned(id, Finding::NoThreats).await;
    house.put(id, b"something else").await;
    house.receive.execute(id).await.unwrap();
    assert_eq!(house.lies_in(id), RELEASED);
    let clean = house.objects.object(&ObjectKey { area: ObjectArea::Clean, id }).unwrap();
    assert_eq!(clean.bytes, PICTURE);
}

#[tokio::test]
async fn another_file_in_its_place_is_scanned_instead() {
    let house = House::build().await;
    let id = house.uploaded("alice").await;
    let first = house.result(id, Finding::NoThreats).await;
    let mut other = PICTURE.to_vec();
    *other.last_mut().unwrap() ^= 1;
    house.put(id, &other).await;
    house.judge.execute(&first).await.unwrap();
    assert_eq!((house.state(id).await, house.lies_in(id)), ("scanning", vec![ObjectArea::Quarantine]));
    house.receive.execute(id).await.unwrap();
    house.judge.execute(&first).await.unwrap();
    assert_eq!(house.state(id).await, "scanning");
    house.scanned(id, threats()).await;
    assert_eq!((house.state(id).await, house.lies_in(id)), ("infected", vec![]));
}

#[tokio::test]
async fn a_scan_that_does_not_come_is_asked_for_again_and_given_up_in_the_end() {
    let house = House::build().await;
    let id = house.uploaded("alice").await;
    let sent = house.send("alice", "one", &[id]).await.unwrap();
    house.scanned(id, Finding::Unread).await;
    assert_eq!(house.state(id).await, "scanning", "a scanner that could not read it is asked again");
    let mut looks = 0;
    while let Some((asked, after)) = house.errands.take_looks().pop() {
        assert_eq!((asked, looks < 20), (id, true), "it comes to an end");
        house.clock.advance(after);
        house.look_after.execute(id).await.unwrap();
        looks += 1;
    }
    assert!(looks >= 4, "{looks} looks");
    assert_eq!((house.state(id).await, house.lies_in(id)), ("unscannable", vec![]));
    assert_eq!(house.shown(sent.message.id).await, [Stage::Unscannable]);
    house.look_after.execute(id).await.unwrap();

    let id = house.uploaded("alice").await;
    house.clock.advance(Duration::from_secs(61));
    house.look_after.execute(id).await.unwrap();
    assert_eq!(house.lies_in(id), [ObjectArea::Quarantine], "asked again, it still lies there");
    house.scanned(id, Finding::NoThreats).await;
    assert_eq!(house.state(id).await, "clean");
}

#[tokio::test]
async fn an_upload_that_is_not_finished_in_time_has_expired() {
    let house = House::build().await;
    let id = house.begin("alice").await;
    let sent = house.send("alice", "one", &[id]).await.unwrap();
    house.look_after.execute(id).await.unwrap();
    while let Some((_, after)) = house.errands.take_looks().pop() {
        assert!(after <= Duration::from_secs(900));
        house.clock.advance(after);
        house.look_after.execute(id).await.unwrap();
    }
    assert_eq!(house.state(id).await, "expired");
    assert_eq!(house.shown(sent.message.id).await, [Stage::Expired]);
    assert_eq!(house.row(id).await.unwrap().state.reason(), Some(Reason::NotUploaded));
    house.put(id, PICTURE).await;
    let late = house.result(id, Finding::NoThreats).await;
    house.receive.execute(id).await.unwrap();
    house.judge.execute(&late).await.unwrap();
    assert_eq!((house.state(id).await, house.lies_in(id)), ("expired", vec![]), "it came too late");

    let id = house.begin("alice").await;
    house.put(id, PICTURE).await;
    house.look_after.execute(id).await.unwrap();
    assert_eq!(house.state(id).await, "scanning", "it came, and its event was lost");
}

#[tokio::test]
async fn what_has_become_of_a_file_is_shown_after_its_uploader_has_gone() {
    let house = House::build().await;
    let id = house.uploaded("bob").await;
    let sent = house.send("bob", "one", &[id]).await.unwrap();
    let scene = parlance_testkit::scene::Scene {
        cloud: house.stage.cloud.clone(),
        redis: house.stage.redis.clone(),
        clock: house.clock.clone(),
    };
    scene.leave(house.group, "bob").await;
    house.scanned(id, Finding::NoThreats).await;
    assert_eq!(house.shown(sent.message.id).await, [Stage::Clean]);
    let files: BTreeSet<MessageId> = house.row(id).await.unwrap().message.into_iter().collect();
    assert_eq!(files, BTreeSet::from([sent.message.id]));
}
