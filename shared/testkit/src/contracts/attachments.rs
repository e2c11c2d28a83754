//! What an [`AttachmentRepository`] owes: what was kept is found whole in every state, and of two changes at once one is told that it is late.

use futures::future::join_all;
use parlance_application::ports::{
    Replacing,
    attachments::{AttachmentRepository, Creating},
};
use parlance_domain::{
    attachment::{
        Attachment, AttachmentState, ContentType, Dimensions, FileDescription, FileName, FileSize,
        MediaFacts, ObjectTag, PartPlan, Reason, Scan, Sha256Digest, Upload, UploadId, UploadMethod,
    },
    ids::{AttachmentId, MessageId},
};

use super::fixtures::{NOW, conversation_id, seq, user};

/// An attachment that somebody begins to upload in this way, with an id of its own.
pub fn begun(uploader: &str, method: UploadMethod) -> Attachment {
    let file = FileDescription {
        name: FileName::parse("Ärger #1 (50%).png").unwrap(),
        content_type: ContentType::parse("image/png").unwrap(),
        size: FileSize::new(FileSize::MAX_BYTES).unwrap(),
        sha256: None,
    };
    let upload = Upload { method, until: NOW.plus(Upload::WHOLE_WITHIN) };
    Attachment::begun(AttachmentId::from_bytes(rand::random()), user(uploader), file, upload, NOW)
}

/// Checks every promise.
pub async fn holds(attachments: &dyn AttachmentRepository) {
    is_kept_once(attachments).await;
    is_found_whole(attachments).await;
    changes_are_decided(attachments).await;
}

async fn is_kept_once(attachments: &dyn AttachmentRepository) {
    let one = begun("al#ice%", UploadMethod::Form);
    assert_eq!(attachments.find(one.id).await.unwrap(), None);
    assert_eq!(attachments.create(&one).await.unwrap(), Creating::Created);
    let other = Attachment { uploader: user("bob"), ..one.clone() };
    let standing = Creating::Exists(Box::new(one.clone()));
    assert_eq!(attachments.create(&other).await.unwrap(), standing, "the first one stands");

    let two = begun("alice", UploadMethod::Direct);
    attachments.create(&two).await.unwrap();
    let unknown = begun("alice", UploadMethod::Direct).id;
    let mut found = attachments.find_all(&[two.id, unknown, one.id, two.id]).await.unwrap();
    found.sort_by_key(|found| found.uploader != one.uploader);
    assert_eq!(found, [one, two]);
    assert_eq!(attachments.find_all(&[]).await.unwrap(), []);
}

async fn is_found_whole(attachments: &dyn AttachmentRepository) {
    let parts = PartPlan { upload: UploadId::new("an/upload+id=="), part_bytes: 8 << 20 };
    for method in [UploadMethod::Form, UploadMethod::Direct, UploadMethod::Parts(parts)] {
        let mut begun = begun("alice", method);
        begun.file.sha256 = Some(Sha256Digest::from_bytes([7; 32]));
        attachments.create(&begun).await.unwrap();
        assert_eq!(attachments.find(begun.id).await.unwrap(), Some(begun));
    }
    let size = Dimensions { width: 6000, height: 4000 };
    let media = [
        None,
        Some(MediaFacts::default()),
        Some(MediaFacts {
            dimensions: Some(size),
            duration_ms: Some(61_000),
            blurhash: Some("LEHV6nWB2yk8pyo0adR*.7kCMdnj".to_owned()),
            waveform: Some(vec![0, 128, 255]),
            thumbnail: Some(Dimensions { width: 320, height: 213 }),
        }),
    ];
    let states = [
        AttachmentState::Scanning(Scan { since: NOW, tag: ObjectTag::parse("\"abc-2\""), attempts: 3 }),
        AttachmentState::Clean { since: NOW },
        AttachmentState::Removed { since: NOW },
    ];
    let refused = Reason::ALL.map(|reason| AttachmentState::Refused { since: NOW, reason });
    let states = states.into_iter().chain(refused);
    let mut row = begun("alice", UploadMethod::Form);
    attachments.create(&row).await.unwrap();
    let message = MessageId::new(conversation_id(), seq(412));
    for state in states {
        for media in &media {
            for message in [None, Some(message)] {
                let expires_at = if message.is_none() { row.expires_at.or(Some(NOW)) } else { None };
                let version = row.version + 1;
                let (state, media) = (state.clone(), media.clone());
                row = Attachment { state, media, message, expires_at, version, ..row };
                assert_eq!(attachments.replace(&row).await.unwrap(), Replacing::Replaced);
                assert_eq!(attachments.find(row.id).await.unwrap().as_ref(), Some(&row));
            }
        }
    }
}

async fn changes_are_decided(attachments: &dyn AttachmentRepository) {
    let begun = begun("alice", UploadMethod::Form);
    let arrived = begun.clone().arrived(ObjectTag::parse("one"), NOW).unwrap();
    assert_eq!(attachments.replace(&arrived).await.unwrap(), Replacing::Outdated, "nothing to replace");
    assert_eq!(attachments.find(begun.id).await.unwrap(), None);
    attachments.create(&begun).await.unwrap();
    let outcomes = join_all((0..4).map(|_| attachments.replace(&arrived))).await;
    let replaced = outcomes.into_iter().filter(|outcome| matches!(outcome, Ok(Replacing::Replaced))).count();
    assert_eq!(replaced, 1, "of changes at once one stands");

    assert_eq!(attachments.delete(&begun).await.unwrap(), Replacing::Outdated, "it has changed since");
    assert_eq!(attachments.find(begun.id).await.unwrap(), Some(arrived.clone()));
    assert_eq!(attachments.delete(&arrived).await.unwrap(), Replacing::Replaced);
    assert_eq!(attachments.delete(&arrived).await.unwrap(), Replacing::Replaced, "it is gone already");
    assert_eq!(attachments.find(begun.id).await.unwrap(), None);
}
