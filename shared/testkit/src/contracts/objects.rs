//! What an [`ObjectStore`] owes: bytes come back as they were put, and a copy takes those that were named or none. And what clients are held to
//! who bring bytes by a form or in parts: exactly what was signed.

use parlance_application::ports::attachments::{
    Completing, Copying, FormUpload, MultipartUploads, NewMultipart, ObjectStore, PartAddress, PartUpload,
    Presentation, UploadForm, UploadSigner,
};
use parlance_domain::{
    attachment::{ContentType, FileName, FileSize, ObjectArea, ObjectKey, ObjectTag, Sha256Digest, UploadId},
    ids::AttachmentId,
    time::Timestamp,
};

/// The first part of an upload: the least that the store takes.
const PART_BYTES: usize = 5 * 1024 * 1024;

/// A key of its own in quarantine.
pub fn key() -> ObjectKey {
    ObjectKey { area: ObjectArea::Quarantine, id: AttachmentId::from_bytes(rand::random()) }
}

/// A text that is to come by a form.
pub fn form_upload(bytes: &[u8]) -> FormUpload {
    let size = FileSize::new(bytes.len() as u64).unwrap();
    FormUpload { key: key(), content_type: kind("text/plain"), size, sha256: None }
}

fn kind(text: &str) -> ContentType {
    ContentType::parse(text).unwrap()
}

/// Checks every promise of the store.
pub async fn hold(store: &dyn ObjectStore) {
    let (from, to) = (key(), key());
    let to = ObjectKey { area: ObjectArea::Clean, ..to };
    let presented = Presentation { content_type: kind("text/plain"), disposition: None };
    assert_eq!(store.head(&from).await.unwrap(), None);
    assert_eq!(store.read(&from, &ObjectTag::parse("abc"), 100).await.unwrap(), None);
    store.delete(&[from, to]).await.unwrap();

    let first = store.put(&from, b"first".to_vec(), &presented).await.unwrap();
    let head = store.head(&from).await.unwrap().unwrap();
    assert_eq!((head.tag, head.bytes, head.content_type.as_deref()), (first.clone(), 5, Some("text/plain")));
    assert_eq!(store.read(&from, &first, 5).await.unwrap(), Some(b"first".to_vec()));
    assert_eq!(store.read(&from, &first, 4).await.unwrap(), None, "larger than is wanted");

    let second = store.put(&from, b"second".to_vec(), &presented).await.unwrap();
    assert_ne!(first, second);
    assert_eq!(store.read(&from, &first, 100).await.unwrap(), None, "other bytes than are wanted");
    let shown = Presentation {
        content_type: kind("application/octet-stream"),
        disposition: Some(FileName::parse("Ärger.txt").unwrap().disposition()),
    };
    assert_eq!(store.copy(&from, &first, &to, &shown).await.unwrap(), Copying::Changed);
    assert_eq!(store.head(&to).await.unwrap(), None, "other bytes are not copied");
    for _ in 0..2 {
        assert_eq!(store.copy(&from, &second, &to, &shown).await.unwrap(), Copying::Copied);
        let copied = store.head(&to).await.unwrap().unwrap();
        assert_eq!(copied.content_type.as_deref(), Some("application/octet-stream"));
        assert_eq!(store.read(&to, &copied.tag, 100).await.unwrap(), Some(b"second".to_vec()));
    }

    store.delete(&[from, to]).await.unwrap();
    assert_eq!(store.head(&to).await.unwrap(), None);
    assert_eq!(store.copy(&from, &second, &to, &shown).await.unwrap(), Copying::Changed, "nothing to copy");
}

/// Checks what becomes of uploads in parts, signed until then; `put` puts a part and says with which status the store answered.
pub async fn come_in_parts(
    store: &dyn ObjectStore,
    uploads: &dyn MultipartUploads,
    signer: &dyn UploadSigner,
    until: Timestamp,
    put: impl AsyncFn(&PartAddress, Vec<u8>) -> u16,
) {
    for has_digests in [false, true] {
        let key = key();
        let new = NewMultipart { content_type: kind("video/mp4"), has_digests };
        let upload = uploads.begin(&key, &new).await.unwrap();
        let empty = uploads.parts(&key, &upload, 0, 10).await.unwrap().unwrap();
        assert_eq!((empty.parts.len(), empty.has_more), (0, false));

        let contents = [vec![1; PART_BYTES], vec![2; 3]];
        for (number, bytes) in (1..).zip(&contents) {
            let part = PartUpload {
                key,
                upload: upload.clone(),
                number,
                bytes: bytes.len() as u64,
                sha256: has_digests.then(|| Sha256Digest::of(bytes)),
            };
            let address = signer.part(&part, until).await.unwrap();
            let (one_more, other) = ([bytes.as_slice(), b"x"].concat(), vec![9; bytes.len()]);
            assert!(put(&address, one_more).await >= 400, "another size than was signed");
            if has_digests {
                assert!(put(&address, other).await >= 400, "other bytes than were signed");
            }
            assert_eq!(put(&address, bytes.clone()).await, 200);
            assert_eq!(put(&address, bytes.clone()).await, 200, "once more");
        }

        let first = uploads.parts(&key, &upload, 0, 1).await.unwrap().unwrap();
        let rest = uploads.parts(&key, &upload, 1, 10).await.unwrap().unwrap();
        assert_eq!((first.has_more, rest.has_more), (true, false));
        let parts = [first.parts, rest.parts].concat();
        let sizes: Vec<(u32, u64)> = parts.iter().map(|part| (part.number, part.bytes)).collect();
        assert_eq!(sizes, [(1, PART_BYTES as u64), (2, 3)]);

        let mut other = parts.clone();
        other[0].tag = ObjectTag::parse("0123456789abcdef0123456789abcdef");
        assert_eq!(uploads.complete(&key, &upload, &other).await.unwrap(), Completing::Refused);
        assert_eq!(store.head(&key).await.unwrap(), None);
        let completed = uploads.complete(&key, &upload, &parts).await.unwrap();
        let head = store.head(&key).await.unwrap().unwrap();
        assert_eq!(completed, Completing::Completed(head.tag));
        assert_eq!((head.bytes, head.content_type.as_deref()), (PART_BYTES as u64 + 3, Some("video/mp4")));
        assert_eq!(uploads.parts(&key, &upload, 0, 10).await.unwrap(), None, "it has ended");
        uploads.abort(&key, &upload).await.unwrap();
        assert!(store.head(&key).await.unwrap().is_some(), "what was completed is not aborted");
    }

    let key = key();
    let new = NewMultipart { content_type: kind("video/mp4"), has_digests: false };
    let upload = uploads.begin(&key, &new).await.unwrap();
    for _ in 0..2 {
        uploads.abort(&key, &upload).await.unwrap();
        assert_eq!(uploads.parts(&key, &upload, 0, 10).await.unwrap(), None);
    }
    assert_eq!(uploads.complete(&key, &upload, &[]).await.unwrap(), Completing::Gone);
    assert_eq!(uploads.parts(&key, &UploadId::new("unknown"), 0, 10).await.unwrap(), None);
}

/// Checks what becomes of forms, signed until then; `post` posts one with a file of this type and says with which status the store answered.
pub async fn come_by_form(
    store: &dyn ObjectStore,
    signer: &dyn UploadSigner,
    until: Timestamp,
    post: impl AsyncFn(&UploadForm, &str, Vec<u8>) -> u16,
) {
    for sha256 in [None, Some(Sha256Digest::of(b"hello"))] {
        let upload = FormUpload { sha256, ..form_upload(b"hello") };
        let key = upload.key;
        let form = signer.form(&upload, until).await.unwrap();
        for wrong in [b"hell".to_vec(), b"hello!".to_vec(), Vec::new()] {
            assert!(post(&form, "text/plain", wrong).await >= 400, "another size than was signed");
        }
        assert!(post(&form, "text/html", b"hello".to_vec()).await >= 400, "another type than was signed");
        if sha256.is_some() {
            assert!(
                post(&form, "text/plain", b"jello".to_vec()).await >= 400,
                "other bytes than were signed"
            );
        }
        let mut elsewhere = form.clone();
        elsewhere.fields.insert("key".to_owned(), format!("clean/{}", key.id));
        if post(&elsewhere, "text/plain", b"hello".to_vec()).await < 300 {
            let clean = ObjectKey { area: ObjectArea::Clean, ..key };
            assert_eq!(store.head(&clean).await.unwrap(), None, "another key than was signed");
        }
        assert_eq!(store.head(&key).await.unwrap(), None);
        assert!((200..300).contains(&post(&form, "text/plain", b"hello".to_vec()).await));
        let head = store.head(&key).await.unwrap().unwrap();
        assert_eq!((head.bytes, head.content_type.as_deref()), (5, Some("text/plain")));
    }
}
