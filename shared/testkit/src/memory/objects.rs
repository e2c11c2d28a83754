//! A memory twin of the store of bytes, which holds clients to what was signed as the real one does.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use async_trait::async_trait;
use parlance_application::ports::{
    PortError,
    attachments::{
        Completing, Copying, FormUpload, MultipartUploads, NewMultipart, ObjectStore, PartAddress, PartPage,
        PartUpload, Presentation, StoredObject, UploadForm, UploadSigner, UploadedPart,
    },
};
use parlance_domain::{
    attachment::{ObjectKey, ObjectTag, Sha256Digest, UploadId},
    time::Timestamp,
};

/// The least that the store takes as a part that is not the last.
const MIN_PART_BYTES: u64 = 5 * 1024 * 1024;

/// A bucket, in memory. Its clones are the same bucket.
#[derive(Clone, Default)]
pub struct MemoryObjects {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<ObjectKey, MemoryObject>,
    uploads: BTreeMap<String, MemoryUpload>,
    drawn: u64,
}

/// An object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryObject {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What the store was told that they are.
    pub content_type: Option<String>,
    /// How a browser is to treat them.
    pub disposition: Option<String>,
}

struct MemoryUpload {
    key: ObjectKey,
    new: NewMultipart,
    parts: BTreeMap<u32, Vec<u8>>,
}

impl MemoryObjects {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// An object as it lies there.
    pub fn object(&self, key: &ObjectKey) -> Option<MemoryObject> {
        self.state().objects.get(key).cloned()
    }

    /// How many uploads in parts have begun and not ended.
    pub fn open_uploads(&self) -> usize {
        self.state().uploads.len()
    }

    /// Posts a form as a browser does: the status that the store answers.
    pub fn post(&self, form: &UploadForm, content_type: &str, bytes: Vec<u8>) -> u16 {
        let field = |name: &str| form.fields.get(name).map(String::as_str);
        let Some(key) = field("key").and_then(ObjectKey::parse) else { return 403 };
        if field("key") != field("signed-key") || field("Content-Type") != Some(content_type) {
            return 403;
        }
        if field("size").and_then(|size| size.parse().ok()) != Some(bytes.len()) {
            return 400;
        }
        if field("sha256").is_some_and(|digest| digest != Sha256Digest::of(&bytes).to_string()) {
            return 400;
        }
        let content_type = Some(content_type.to_owned());
        self.state().objects.insert(key, MemoryObject { bytes, content_type, disposition: None });
        204
    }

    /// Puts a part where it is to go: the status that the store answers.
    pub fn put_part(&self, address: &PartAddress, bytes: Vec<u8>) -> u16 {
        let Some((upload, number)) =
            address.url.strip_prefix("memory:").and_then(|rest| rest.split_once('/'))
        else {
            return 403;
        };
        let Ok(number) = number.parse() else { return 403 };
        let header = |name: &str| address.headers.get(name).map(String::as_str);
        if header("content-length") != Some(bytes.len().to_string().as_str()) {
            return 403;
        }
        if header("x-amz-checksum-sha256")
            .is_some_and(|digest| digest != Sha256Digest::of(&bytes).to_string())
        {
            return 400;
        }
        let mut state = self.state();
        let Some(upload) = state.uploads.get_mut(upload) else { return 404 };
        if upload.new.has_digests && header("x-amz-checksum-sha256").is_none() {
            return 400;
        }
        upload.parts.insert(number, bytes);
        200
    }
}

fn tag_of(bytes: &[u8]) -> ObjectTag {
    ObjectTag::parse(&Sha256Digest::of(bytes).to_string()[..32])
}

impl MemoryObject {
    fn tag(&self) -> ObjectTag {
        tag_of(&self.bytes)
    }
}

#[async_trait]
impl ObjectStore for MemoryObjects {
    async fn put(
        &self,
        key: &ObjectKey,
        bytes: Vec<u8>,
        presented: &Presentation,
    ) -> Result<ObjectTag, PortError> {
        let object = MemoryObject {
            bytes,
            content_type: Some(presented.content_type.as_str().to_owned()),
            disposition: presented.disposition.clone(),
        };
        let tag = object.tag();
        self.state().objects.insert(*key, object);
        Ok(tag)
    }

    async fn head(&self, key: &ObjectKey) -> Result<Option<StoredObject>, PortError> {
        Ok(self.state().objects.get(key).map(|object| StoredObject {
            tag: object.tag(),
            bytes: object.bytes.len() as u64,
            content_type: object.content_type.clone(),
        }))
    }

    async fn read(
        &self,
        key: &ObjectKey,
        tag: &ObjectTag,
        max_bytes: u64,
    ) -> Result<Option<Vec<u8>>, PortError> {
        let state = self.state();
        let object = state.objects.get(key).filter(|object| object.tag() == *tag);
        let object = object.filter(|object| object.bytes.len() as u64 <= max_bytes);
        Ok(object.map(|object| object.bytes.clone()))
    }

    async fn copy(
        &self,
        from: &ObjectKey,
        tag: &ObjectTag,
        to: &ObjectKey,
        presented: &Presentation,
    ) -> Result<Copying, PortError> {
        let mut state = self.state();
        let Some(object) = state.objects.get(from).filter(|object| object.tag() == *tag) else {
            return Ok(Copying::Changed);
        };
        let copy = MemoryObject {
            bytes: object.bytes.clone(),
            content_type: Some(presented.content_type.as_str().to_owned()),
            disposition: presented.disposition.clone(),
        };
        state.objects.insert(*to, copy);
        Ok(Copying::Copied)
    }

    async fn delete(&self, keys: &[ObjectKey]) -> Result<(), PortError> {
        let mut state = self.state();
        for key in keys {
            state.objects.remove(key);
        }
        Ok(())
    }
}

#[async_trait]
impl MultipartUploads for MemoryObjects {
    async fn begin(&self, key: &ObjectKey, new: &NewMultipart) -> Result<UploadId, PortError> {
        let mut state = self.state();
        state.drawn += 1;
        let id = format!("u{}", state.drawn);
        state
            .uploads
            .insert(id.clone(), MemoryUpload { key: *key, new: new.clone(), parts: BTreeMap::new() });
        Ok(UploadId::new(&id))
    }

    async fn parts(
        &self,
        _key: &ObjectKey,
        upload: &UploadId,
        after: u32,
        limit: u32,
    ) -> Result<Option<PartPage>, PortError> {
        let state = self.state();
        let Some(upload) = state.uploads.get(upload.as_str()) else { return Ok(None) };
        let mut parts: Vec<_> = upload
            .parts
            .range(after + 1..)
            .take(limit as usize + 1)
            .map(|(number, bytes)| UploadedPart {
                number: *number,
                bytes: bytes.len() as u64,
                tag: tag_of(bytes),
                sha256: upload.new.has_digests.then(|| Sha256Digest::of(bytes)),
            })
            .collect();
        let has_more = parts.len() > limit as usize;
        parts.truncate(limit as usize);
        Ok(Some(PartPage { parts, has_more }))
    }

    async fn complete(
        &self,
        _key: &ObjectKey,
        upload: &UploadId,
        parts: &[UploadedPart],
    ) -> Result<Completing, PortError> {
        let mut state = self.state();
        let Some(known) = state.uploads.get(upload.as_str()) else { return Ok(Completing::Gone) };
        let mut bytes = Vec::new();
        for (place, part) in parts.iter().enumerate() {
            let is_last = place + 1 == parts.len();
            match known.parts.get(&part.number) {
                Some(found)
                    if tag_of(found) == part.tag && (is_last || found.len() as u64 >= MIN_PART_BYTES) =>
                {
                    bytes.extend_from_slice(found);
                }
                _ => return Ok(Completing::Refused),
            }
        }
        let (key, content_type) = (known.key, known.new.content_type.as_str().to_owned());
        let object = MemoryObject { bytes, content_type: Some(content_type), disposition: None };
        let tag = object.tag();
        state.objects.insert(key, object);
        state.uploads.remove(upload.as_str());
        Ok(Completing::Completed(tag))
    }

    async fn abort(&self, _key: &ObjectKey, upload: &UploadId) -> Result<(), PortError> {
        self.state().uploads.remove(upload.as_str());
        Ok(())
    }
}

#[async_trait]
impl UploadSigner for MemoryObjects {
    async fn form(&self, upload: &FormUpload, _until: Timestamp) -> Result<UploadForm, PortError> {
        let mut fields = BTreeMap::from([
            ("key".to_owned(), upload.key.to_string()),
            ("signed-key".to_owned(), upload.key.to_string()),
            ("Content-Type".to_owned(), upload.content_type.as_str().to_owned()),
            ("size".to_owned(), upload.size.bytes().to_string()),
        ]);
        if let Some(digest) = upload.sha256 {
            fields.insert("sha256".to_owned(), digest.to_string());
        }
        Ok(UploadForm { url: "memory:".to_owned(), fields })
    }

    async fn part(&self, part: &PartUpload, _until: Timestamp) -> Result<PartAddress, PortError> {
        let mut headers = BTreeMap::from([("content-length".to_owned(), part.bytes.to_string())]);
        if let Some(digest) = part.sha256 {
            headers.insert("x-amz-checksum-sha256".to_owned(), digest.to_string());
        }
        Ok(PartAddress { url: format!("memory:{}/{}", part.upload.as_str(), part.number), headers })
    }
}
