//! Attachments over memory ports and a clock that moves when told.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a broken assumption stops the test"
)]

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use parlance_application::{
    attachments::{
        begin::{BeginUpload, BegunUpload, NewUpload},
        complete::{CompleteUpload, CompleteUploadError},
        delete::{DeleteAttachment, DeleteAttachmentError},
        list_parts::{ListParts, ListPartsError},
        plan::UploadPlan,
        read::{ReadAttachment, ReadAttachmentError, ShownAttachment},
        sign_parts::{SignParts, SignPartsError, WantedPart},
        upload::{SmallFile, UploadFile, UploadFileError},
    },
    messages::find::FindMessage,
    ports::{
        Replacing,
        attachments::{AttachmentRepository, Creating, ObjectStore, Origin, UploadForm},
        environment::Clock,
        idempotency::RequestSeed,
    },
};
use parlance_domain::{
    attachment::{
        Attachment, AttachmentState, CleanFile, ContentType, Dimensions, FileDescription, FileName, FileSize,
        MediaFacts, ObjectArea, PartPlan, Sha256Digest, Upload, Verdict,
    },
    authority::Caller,
    conversation::History,
    ids::{AttachmentId, MessageId},
    message::MessageBody,
};
use parlance_testkit::{
    memory::{
        attachments::{MemoryAttachments, MemoryErrands, MemoryMediaUrls},
        environment::SeededRandom,
        objects::MemoryObjects,
    },
    scene::{Scene, user},
};

struct Desk {
    scene: Scene,
    rows: MemoryAttachments,
    bucket: MemoryObjects,
    errands: MemoryErrands,
    begin: BeginUpload,
    upload: UploadFile,
    sign: SignParts,
    list: ListParts,
    complete: CompleteUpload,
    delete: DeleteAttachment,
    read: ReadAttachment,
}

fn described(size: u64, sha256: Option<Sha256Digest>) -> FileDescription {
    FileDescription {
        name: FileName::parse("a b.png").unwrap(),
        content_type: ContentType::parse("image/png").unwrap(),
        size: FileSize::new(size).unwrap(),
        sha256,
    }
}

fn small(bytes: &[u8]) -> SmallFile {
    SmallFile {
        name: FileName::parse("a.txt").unwrap(),
        content_type: ContentType::parse("text/plain").unwrap(),
        bytes: bytes.to_vec(),
        sha256: None,
        seed: None,
    }
}

fn wanted(number: u32) -> WantedPart {
    WantedPart { number, sha256: None }
}

const LARGE: u64 = PartPlan::ABOVE_BYTES + 1;

impl Desk {
    fn new() -> Self {
        let (scene, rows, bucket) =
            (Scene::default(), MemoryAttachments::default(), MemoryObjects::default());
        let (kept, store, clock) =
            (Arc::new(rows.clone()), Arc::new(bucket.clone()), Arc::new(scene.clock.clone()));
        let random = Arc::new(SeededRandom::new(1));
        let errands = MemoryErrands::default();
        let timer = Arc::new(errands.clone());
        let messages = FindMessage::new(scene.log(), scene.conversations());
        Self {
            begin: BeginUpload::new(
                kept.clone(),
                store.clone(),
                store.clone(),
                timer.clone(),
                clock.clone(),
                random.clone(),
            ),
            upload: UploadFile::new(kept.clone(), store.clone(), timer, clock.clone(), random),
            sign: SignParts::new(kept.clone(), store.clone(), clock.clone()),
            list: ListParts::new(kept.clone(), store.clone(), clock.clone()),
            complete: CompleteUpload::new(kept.clone(), store.clone(), store.clone(), clock.clone()),
            delete: DeleteAttachment::new(kept.clone(), store.clone(), store.clone(), clock.clone()),
            read: ReadAttachment::new(kept, messages, store, Some(Arc::new(MemoryMediaUrls)), clock),
            scene,
            rows,
            bucket,
            errands,
        }
    }

    async fn begun(&self, who: &str, size: u64) -> BegunUpload {
        let new = NewUpload { file: described(size, None), seed: None };
        self.begin.execute(&user(who), new).await.unwrap()
    }

    async fn ended(&self, who: &str, id: AttachmentId) -> Result<Attachment, CompleteUploadError> {
        self.complete.execute(&user(who), id).await
    }

    async fn shown(&self, who: &str, id: AttachmentId) -> Result<ShownAttachment, ReadAttachmentError> {
        let (who, origin) = (user(who), Origin::parse("https://cdn.test").unwrap());
        self.read.execute(Caller::from(&who), id, Some(&origin)).await
    }

    async fn change(&self, id: AttachmentId, change: impl FnOnce(Attachment) -> Option<Attachment>) {
        let changed = change(self.rows.find(id).await.unwrap().unwrap()).unwrap();
        assert_eq!(self.rows.replace(&changed).await.unwrap(), Replacing::Replaced);
    }

    /// A clean file of somebody.
    async fn clean(&self, who: &str) -> AttachmentId {
        let uploaded = self.upload.execute(&user(who), small(b"hello")).await.unwrap();
        let tag = self.bucket.head(&uploaded.object(ObjectArea::Quarantine)).await.unwrap().unwrap().tag;
        let now = self.scene.clock.now();
        self.change(uploaded.id, |row| row.scanned(Verdict::Clean(CleanFile::default()), &tag, now)).await;
        uploaded.id
    }

    /// Puts every part of a large file where it is to go.
    async fn bring_parts(&self, who: &str, id: AttachmentId, size: u64) {
        let numbers = 1..=u32::try_from(size.div_ceil(PartPlan::MIN_PART_BYTES)).unwrap();
        let wanted: Vec<WantedPart> = numbers.map(wanted).collect();
        for part in self.sign.execute(&user(who), id, &wanted).await.unwrap() {
            let bytes = vec![0; usize::try_from(part.bytes).unwrap()];
            assert_eq!(self.bucket.put_part(&part.address, bytes), 200);
        }
    }
}

fn form(plan: Option<UploadPlan>) -> UploadForm {
    match plan {
        Some(UploadPlan::Form { form, .. }) => form,
        other => panic!("no form: {other:?}"),
    }
}

#[tokio::test]
async fn a_file_that_was_announced_is_posted_and_ended() {
    let desk = Desk::new();
    let BegunUpload { attachment, plan } = desk.begun("alice", 5).await;
    let look = (attachment.id, Duration::from_mins(15));
    assert_eq!(desk.errands.take_looks(), [look], "whatever becomes of it, somebody looks after it");
    assert!(matches!(desk.ended("alice", attachment.id).await, Err(CompleteUploadError::NothingThere)));
    assert_eq!(desk.bucket.post(&form(plan), "image/png", b"hello".to_vec()), 204);
    assert!(matches!(desk.ended("bob", attachment.id).await, Err(CompleteUploadError::NotFound)));
    for _ in 0..2 {
        let ended = desk.ended("alice", attachment.id).await.unwrap();
        assert_eq!((ended.state.as_str(), ended.version), ("scanning", 2));
    }
}

#[tokio::test]
async fn a_form_that_has_expired_is_given_anew_while_the_upload_lasts() {
    let desk = Desk::new();
    let BegunUpload { attachment, plan } = desk.begun("alice", 5).await;
    let Some(UploadPlan::Form { until, .. }) = plan else { panic!("no form") };
    assert_eq!(until.since(desk.scene.clock.now()), Duration::from_mins(5));
    desk.scene.clock.advance(Duration::from_mins(57));
    let shown = desk.shown("alice", attachment.id).await.unwrap();
    let Some(UploadPlan::Form { until, .. }) = shown.plan else { panic!("no form") };
    assert_eq!(until.since(desk.scene.clock.now()), Duration::from_mins(3), "no longer than the upload");

    desk.scene.clock.advance(Duration::from_mins(3));
    let shown = desk.shown("alice", attachment.id).await.unwrap();
    assert_eq!((shown.attachment.state.as_str(), shown.plan), ("expired", None));
    assert!(matches!(desk.ended("alice", attachment.id).await, Err(CompleteUploadError::Expired)));
    desk.scene.clock.advance(Attachment::UNOWNED_FOR + Duration::from_secs(1));
    assert!(matches!(desk.shown("alice", attachment.id).await, Err(ReadAttachmentError::NotFound)));
}

#[tokio::test]
async fn a_retry_finds_what_the_first_attempt_has_begun() {
    let (desk, alice) = (Desk::new(), user("alice"));
    for size in [5, LARGE] {
        let seed = RequestSeed([u8::try_from(size % 251).unwrap(); 16]);
        let new = NewUpload { file: described(size, None), seed: Some(seed) };
        let attempts = join_all((0..3).map(|_| desk.begin.execute(&alice, new.clone()))).await;
        let begun: Vec<BegunUpload> = attempts.into_iter().map(Result::unwrap).collect();
        assert!(begun.iter().all(|one| one == &begun[0]), "{begun:?}");
    }
    assert_eq!(desk.bucket.open_uploads(), 1, "what an attempt began in vain was aborted");
    let other = NewUpload { file: described(5, None), seed: None };
    let one = desk.begin.execute(&user("alice"), other.clone()).await.unwrap();
    let two = desk.begin.execute(&user("alice"), other).await.unwrap();
    assert_ne!(one.attachment.id, two.attachment.id, "without a key each is new");
}

#[tokio::test]
async fn a_large_file_comes_in_parts_and_two_who_end_it_end_it_once() {
    let desk = Desk::new();
    let BegunUpload { attachment, plan } = desk.begun("alice", LARGE).await;
    let (id, count) = (attachment.id, 13);
    let Some(UploadPlan::Parts { part_bytes, count: planned, until }) = plan else { panic!("no parts") };
    assert_eq!((part_bytes, planned), (PartPlan::MIN_PART_BYTES, count));
    assert_eq!(until.since(desk.scene.clock.now()), Upload::PARTS_WITHIN);

    let alice = user("alice");
    let first = desk.sign.execute(&alice, id, &[wanted(count), wanted(1)]).await.unwrap();
    assert_eq!(
        (first[0].bytes, first[1].bytes),
        (LARGE % PartPlan::MIN_PART_BYTES, PartPlan::MIN_PART_BYTES)
    );
    assert_eq!(desk.bucket.put_part(&first[0].address, vec![0; 4]), 403, "another size than was signed");
    for number in [0, count + 1] {
        let refused = desk.sign.execute(&alice, id, &[wanted(1), wanted(number)]).await;
        assert!(matches!(refused, Err(SignPartsError::NoSuchPart { place: 1, count: 13 })));
    }
    let with_digest = WantedPart { number: 1, sha256: Some(Sha256Digest::of(b"x")) };
    let refused = desk.sign.execute(&alice, id, &[with_digest]).await;
    assert!(matches!(refused, Err(SignPartsError::Digest { place: 0 })));
    assert!(matches!(desk.sign.execute(&user("bob"), id, &[wanted(1)]).await, Err(SignPartsError::NotFound)));

    let Err(CompleteUploadError::PartsMissing(missing)) = desk.ended("alice", id).await else { panic!() };
    assert_eq!(missing, (1..=count).collect::<Vec<_>>());
    desk.bring_parts("alice", id, LARGE).await;
    let page = desk.list.execute(&alice, id, 2, 5).await.unwrap();
    assert_eq!(page.parts.iter().map(|part| part.number).collect::<Vec<_>>(), [3, 4, 5, 6, 7]);
    assert!(page.has_more);
    assert!(matches!(desk.list.execute(&user("bob"), id, 0, 5).await, Err(ListPartsError::NotFound)));

    let ends = join_all((0..4).map(|_| desk.ended("alice", id))).await;
    for ended in ends {
        let ended = ended.unwrap();
        assert_eq!((ended.state.as_str(), ended.version), ("scanning", 2));
    }
    let stored = desk.bucket.head(&attachment.object(ObjectArea::Quarantine)).await.unwrap().unwrap();
    assert_eq!((stored.bytes, desk.bucket.open_uploads()), (LARGE, 0));
    assert!(matches!(desk.sign.execute(&alice, id, &[wanted(1)]).await, Err(SignPartsError::TakesNone)));
    assert!(matches!(desk.list.execute(&alice, id, 0, 5).await, Err(ListPartsError::TakesNone)));
}

#[tokio::test]
async fn an_end_whose_answer_was_lost_is_found_by_the_next() {
    let desk = Desk::new();
    let attachment = desk.begun("alice", LARGE).await.attachment;
    desk.bring_parts("alice", attachment.id, LARGE).await;
    let before = desk.rows.find(attachment.id).await.unwrap().unwrap();
    desk.ended("alice", attachment.id).await.unwrap();
    // The store has put it together, and the row was never written.
    let rows = MemoryAttachments::default();
    assert_eq!(rows.create(&before).await.unwrap(), Creating::Created);
    let store = Arc::new(desk.bucket.clone());
    let clock = Arc::new(desk.scene.clock.clone());
    let complete = CompleteUpload::new(Arc::new(rows), store.clone(), store, clock);
    let ended = complete.execute(&user("alice"), attachment.id).await.unwrap();
    assert!(matches!(ended.state, AttachmentState::Scanning(_)));
}

#[tokio::test]
async fn a_part_of_a_file_with_a_digest_has_one_too() {
    let desk = Desk::new();
    let new = NewUpload { file: described(LARGE, Some(Sha256Digest::of(b"whole"))), seed: None };
    let id = desk.begin.execute(&user("alice"), new).await.unwrap().attachment.id;
    let refused = desk.sign.execute(&user("alice"), id, &[wanted(1)]).await;
    assert!(matches!(refused, Err(SignPartsError::Digest { place: 0 })));
    let bytes = vec![1; usize::try_from(PartPlan::MIN_PART_BYTES).unwrap()];
    let with_digest = WantedPart { number: 1, sha256: Some(Sha256Digest::of(&bytes)) };
    let signed = desk.sign.execute(&user("alice"), id, &[with_digest]).await.unwrap();
    assert_eq!(desk.bucket.put_part(&signed[0].address, vec![2; bytes.len()]), 400, "other bytes");
    assert_eq!(desk.bucket.put_part(&signed[0].address, bytes), 200);
}

#[tokio::test]
async fn a_small_file_comes_in_one_request() {
    let desk = Desk::new();
    let alice = user("alice");
    let uploaded = desk.upload.execute(&alice, small(b"hello")).await.unwrap();
    assert_eq!((uploaded.state.as_str(), uploaded.file.size.bytes()), ("scanning", 5));
    assert_eq!(uploaded.file.sha256, Some(Sha256Digest::of(b"hello")));
    let object = desk.bucket.object(&uploaded.object(ObjectArea::Quarantine)).unwrap();
    assert_eq!((object.bytes, object.content_type.as_deref()), (b"hello".to_vec(), Some("text/plain")));

    assert!(matches!(desk.upload.execute(&alice, small(b"")).await, Err(UploadFileError::Empty)));
    let largest = vec![0; usize::try_from(Upload::MAX_DIRECT_BYTES).unwrap()];
    let larger = [largest.as_slice(), b"x"].concat();
    assert!(matches!(desk.upload.execute(&alice, small(&larger)).await, Err(UploadFileError::TooLarge)));
    assert!(desk.upload.execute(&alice, small(&largest)).await.is_ok());
    let other = SmallFile { sha256: Some(Sha256Digest::of(b"jello")), ..small(b"hello") };
    assert!(matches!(desk.upload.execute(&alice, other).await, Err(UploadFileError::OtherDigest)));
    let seeded = SmallFile { seed: Some(RequestSeed([3; 16])), ..small(b"hello") };
    let first = desk.upload.execute(&alice, seeded.clone()).await.unwrap();
    assert_eq!(desk.upload.execute(&alice, seeded).await.unwrap(), first, "a retry finds it");
}

#[tokio::test]
async fn what_is_not_clean_has_no_address_and_what_is_has_one_for_a_minute() {
    let desk = Desk::new();
    let uploaded = desk.upload.execute(&user("alice"), small(b"hello")).await.unwrap();
    let shown = desk.shown("alice", uploaded.id).await.unwrap();
    assert_eq!((shown.download_url, shown.thumbnail_url), (None, None));

    let id = desk.clean("alice").await;
    let until = desk.scene.clock.now().plus(Duration::from_secs(60)).as_secs();
    let shown = desk.shown("alice", id).await.unwrap();
    let expected = format!("https://cdn.test/media/{id}/a.txt?Expires={until}");
    assert_eq!((shown.download_url, shown.thumbnail_url), (Some(expected.clone()), None));
    let facts = MediaFacts { thumbnail: Some(Dimensions { width: 1, height: 1 }), ..MediaFacts::default() };
    desk.change(id, |row| Some(Attachment { media: Some(facts), version: row.version + 1, ..row })).await;
    let thumbnail = format!("https://cdn.test/media/preview/{id}?Expires={until}");
    assert_eq!(desk.shown("alice", id).await.unwrap().thumbnail_url, Some(thumbnail));
    let alice = user("alice");
    let nowhere = desk.read.execute(Caller::from(&alice), id, None).await.unwrap();
    assert_eq!(nowhere.download_url, None);
}

/// Sends a message that owns the attachment.
async fn owned(desk: &Desk, who: &str, id: AttachmentId, people: &[&str], history: History) -> MessageId {
    let conversation = desk.scene.conversation(1, history, people).await;
    let body = MessageBody { attachments: vec![id], ..MessageBody::default() };
    let message = desk.scene.send(conversation, who, body).await;
    desk.change(id, |row| row.claimed_by(message)).await;
    message
}

#[tokio::test]
async fn until_a_message_owns_it_a_file_is_its_uploaders_alone_then_the_readers_of_the_message() {
    let desk = Desk::new();
    let id = desk.clean("alice").await;
    assert!(matches!(desk.shown("bob", id).await, Err(ReadAttachmentError::NotFound)));
    let message = owned(&desk, "alice", id, &["alice", "bob"], History::Joined).await;
    for reader in ["alice", "bob"] {
        let shown = desk.shown(reader, id).await.unwrap();
        assert!(shown.download_url.is_some() && shown.plan.is_none(), "{reader}");
    }
    desk.scene.join(message.conversation, "alice", "carol").await;
    for stranger in ["carol", "dave"] {
        assert!(matches!(desk.shown(stranger, id).await, Err(ReadAttachmentError::NotFound)), "{stranger}");
    }
    desk.scene.leave(message.conversation, "bob").await;
    assert!(matches!(desk.shown("bob", id).await, Err(ReadAttachmentError::NotFound)), "he has left");
    desk.scene.delete(message).await;
    assert!(matches!(desk.shown("alice", id).await, Err(ReadAttachmentError::NotFound)), "it is deleted");
}

#[tokio::test]
async fn a_file_is_deleted_by_its_uploader_alone_and_not_while_a_message_owns_it() {
    let desk = Desk::new();
    let id = desk.clean("alice").await;
    let delete = async |who: &str, id| desk.delete.execute(&user(who), id).await;
    assert!(matches!(delete("bob", id).await, Err(DeleteAttachmentError::NotFound)));
    let other = desk.clean("alice").await;
    owned(&desk, "alice", other, &["alice", "bob"], History::All).await;
    assert!(matches!(delete("alice", other).await, Err(DeleteAttachmentError::Owned)));
    assert!(desk.shown("alice", other).await.is_ok());

    for _ in 0..2 {
        delete("alice", id).await.unwrap();
        assert!(matches!(delete("bob", id).await, Err(DeleteAttachmentError::NotFound)));
    }
    assert!(matches!(desk.shown("alice", id).await, Err(ReadAttachmentError::NotFound)));
    let row = desk.rows.find(id).await.unwrap().unwrap();
    assert_eq!(desk.bucket.object(&row.object(ObjectArea::Quarantine)), None);
    desk.scene.clock.advance(Attachment::UNOWNED_FOR + Duration::from_secs(2));
    assert!(
        matches!(delete("alice", id).await, Err(DeleteAttachmentError::NotFound)),
        "nobody knows of it any more"
    );
}

#[tokio::test]
async fn an_upload_that_is_called_off_leaves_no_parts() {
    let desk = Desk::new();
    let id = desk.begun("alice", LARGE).await.attachment.id;
    desk.bring_parts("alice", id, LARGE).await;
    desk.delete.execute(&user("alice"), id).await.unwrap();
    assert_eq!(desk.bucket.open_uploads(), 0);
    assert!(matches!(desk.ended("alice", id).await, Err(CompleteUploadError::NotFound)));
    let refused = desk.sign.execute(&user("alice"), id, &[wanted(1)]).await;
    assert!(matches!(refused, Err(SignPartsError::NotFound)));
}
