//! Uploaded files: the rows that know them, the store that holds their bytes, and the signed addresses at which clients reach it.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use parlance_domain::{
    attachment::{Attachment, ContentType, FileName, FileSize, ObjectKey, ObjectTag, Sha256Digest, UploadId},
    ids::AttachmentId,
    time::Timestamp,
};

use super::{PortError, Replacing};

/// Keeps attachments. Each change names the version that it was made from, so that of two at once one stands.
#[async_trait]
pub trait AttachmentRepository: Send + Sync {
    /// Keeps a new one, unless one of that id is there.
    async fn create(&self, attachment: &Attachment) -> Result<Creating, PortError>;

    /// One of them, read strongly.
    async fn find(&self, id: AttachmentId) -> Result<Option<Attachment>, PortError>;

    /// Those of these that are there, read strongly, in any order.
    async fn find_all(&self, ids: &[AttachmentId]) -> Result<Vec<Attachment>, PortError>;

    /// Replaces the version before this one.
    async fn replace(&self, attachment: &Attachment) -> Result<Replacing, PortError>;

    /// Deletes this version; one that is gone is `Replaced` too.
    async fn delete(&self, attachment: &Attachment) -> Result<Replacing, PortError>;
}

/// What became of a new attachment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Creating {
    /// It stands.
    Created,
    /// This one was there before.
    Exists(Box<Attachment>),
}

/// Holds bytes. What is under `quarantine/` is never handed to anybody.
#[async_trait]
pub trait ObjectStore: Send + Sync {
    /// Keeps bytes, instead of those that may be there.
    async fn put(
        &self,
        key: &ObjectKey,
        bytes: Vec<u8>,
        presented: &Presentation,
    ) -> Result<ObjectTag, PortError>;

    /// What is known of an object without reading it; `None` where there is none.
    async fn head(&self, key: &ObjectKey) -> Result<Option<StoredObject>, PortError>;

    /// The bytes that have this tag, if they are no more than so many; `None` where there are none, others, or more.
    async fn read(
        &self,
        key: &ObjectKey,
        tag: &ObjectTag,
        max_bytes: u64,
    ) -> Result<Option<Vec<u8>>, PortError>;

    /// Copies the bytes that have this tag, and no others that may lie there by now. Done again, it does no harm.
    async fn copy(
        &self,
        from: &ObjectKey,
        tag: &ObjectTag,
        to: &ObjectKey,
        presented: &Presentation,
    ) -> Result<Copying, PortError>;

    /// Deletes objects; those that are not there are no error.
    async fn delete(&self, keys: &[ObjectKey]) -> Result<(), PortError>;
}

/// What a browser is told of an object's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presentation {
    /// `Content-Type`.
    pub content_type: ContentType,
    /// `Content-Disposition`.
    pub disposition: Option<String>,
}

/// An object as the store knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// What tells these bytes from others.
    pub tag: ObjectTag,
    /// How many there are.
    pub bytes: u64,
    /// What the store was told that they are.
    pub content_type: Option<String>,
}

/// What became of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copying {
    /// It is there.
    Copied,
    /// Other bytes lie there, or none.
    Changed,
}

/// Takes large files in parts.
#[async_trait]
pub trait MultipartUploads: Send + Sync {
    /// Begins an upload. One that is never completed is deleted by the store after some days.
    async fn begin(&self, key: &ObjectKey, new: &NewMultipart) -> Result<UploadId, PortError>;

    /// The parts that are there, by number, after this one; `None` where there is no such upload: it was completed or aborted.
    async fn parts(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        after: u32,
        limit: u32,
    ) -> Result<Option<PartPage>, PortError>;

    /// Puts an upload together from these parts.
    async fn complete(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        parts: &[UploadedPart],
    ) -> Result<Completing, PortError>;

    /// Throws an upload and its parts away; one that is not there is no error.
    async fn abort(&self, key: &ObjectKey, upload: &UploadId) -> Result<(), PortError>;
}

/// An upload in parts as it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMultipart {
    /// What it holds.
    pub content_type: ContentType,
    /// Whether each part comes with its SHA-256, which the store then checks.
    pub has_digests: bool,
}

/// A part that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadedPart {
    /// Its number, from 1.
    pub number: u32,
    /// Its size.
    pub bytes: u64,
    /// What tells its bytes from others.
    pub tag: ObjectTag,
    /// Its digest, where it came with one.
    pub sha256: Option<Sha256Digest>,
}

/// Some of the parts that are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartPage {
    /// The parts, by number.
    pub parts: Vec<UploadedPart>,
    /// Whether there are more behind them.
    pub has_more: bool,
}

/// What became of the completion of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completing {
    /// The object is there.
    Completed(ObjectTag),
    /// There is no such upload: it was completed before, or aborted.
    Gone,
    /// A part is not what was named, or too small.
    Refused,
}

/// Signs the addresses at which clients put bytes into the store. The store itself holds them to what is signed.
#[async_trait]
pub trait UploadSigner: Send + Sync {
    /// A form for a whole file of exactly this key, size and type, and this digest where there is one.
    async fn form(&self, upload: &FormUpload, until: Timestamp) -> Result<UploadForm, PortError>;

    /// The address of one part of exactly this size, and this digest where there is one.
    async fn part(&self, part: &PartUpload, until: Timestamp) -> Result<PartAddress, PortError>;
}

/// A whole file that is to come by a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormUpload {
    /// Where it goes.
    pub key: ObjectKey,
    /// What it holds.
    pub content_type: ContentType,
    /// How large it is.
    pub size: FileSize,
    /// The digest that it has to have.
    pub sha256: Option<Sha256Digest>,
}

/// A form as a browser posts it: the fields first, the file as the last one, named `file`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadForm {
    /// Where to.
    pub url: String,
    /// The fields.
    pub fields: BTreeMap<String, String>,
}

/// A part that is to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartUpload {
    /// Where the file goes.
    pub key: ObjectKey,
    /// The upload that it is a part of.
    pub upload: UploadId,
    /// Its number, from 1.
    pub number: u32,
    /// How large it is.
    pub bytes: u64,
    /// The digest that it has to have.
    pub sha256: Option<Sha256Digest>,
}

/// Where a part is to be put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartAddress {
    /// Where to.
    pub url: String,
    /// The headers that have to come with it.
    pub headers: BTreeMap<String, String>,
}

/// Signs the addresses at which clean files are handed out. Whoever has one may fetch until it expires, so it is made for those alone who may.
pub trait MediaUrls: Send + Sync {
    /// An address below this origin that is good until then.
    fn signed(&self, origin: &Origin, media: &Media, until: Timestamp) -> Result<String, PortError>;
}

/// Where clients reach the system: scheme, host, and the port where it is not the scheme's own.
///
/// It comes with each request, since the functions do not know under which names they are reached. Whoever makes one up gets an address that is
/// good nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(Box<str>);

impl Origin {
    /// Checks an origin.
    pub fn parse(text: &str) -> Option<Self> {
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
        let is_valid = (1..=255).contains(&host.len()) && host.bytes().all(is_host);
        is_valid.then(|| Self(text.into()))
    }

    /// The origin, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Media {
    /// The file itself, under its name.
    File(AttachmentId, FileName),
    /// The small picture of it.
    Preview(AttachmentId),
}

/// The timer queue of attachments.
#[async_trait]
pub trait AttachmentTimer: Send + Sync {
    /// Asks for another look at an attachment after the delay (at most 15 minutes), at least once.
    async fn look_again(&self, id: AttachmentId, after: Duration) -> Result<(), PortError>;
}
