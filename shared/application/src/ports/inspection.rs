//! Looking into files before they are handed out.

use async_trait::async_trait;
use parlance_domain::{
    attachment::{ContentType, FileSize, MediaFacts, ObjectTag, Reason, Sha256Digest},
    ids::AttachmentId,
};

use super::PortError;

/// The function `inspect-file`, which is asked and waited for.
#[async_trait]
pub trait Inspector: Send + Sync {
    /// Looks into a file that lies in quarantine. Done again, it finds the same.
    async fn inspect(&self, file: &UninspectedFile) -> Result<Inspected, PortError>;
}

/// A file in quarantine in which no scanner found anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UninspectedFile {
    /// Its id.
    pub id: AttachmentId,
    /// Which bytes.
    pub tag: ObjectTag,
    /// What they are said to be.
    pub content_type: ContentType,
}

/// What became of a look into a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inspected {
    /// Other bytes lie there by now, or none.
    Changed,
    /// Whoever looked did not survive it. It may be asked again.
    Unfinished,
    /// It is not to be handed out.
    Refused(Reason),
    /// It may be handed out.
    Passed(Passed),
}

/// What is handed out of a file, and what was found in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Passed {
    /// The object under `inspected/`, where what is handed out is not what was uploaded.
    pub rewritten: Option<Rewritten>,
    /// What is kept beside it.
    pub media: Option<MediaFacts>,
    /// A small picture of it.
    pub thumbnail: Option<Thumbnail>,
}

/// An object that was written in the place of what was uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// Which bytes.
    pub tag: ObjectTag,
    /// How many.
    pub size: FileSize,
    /// Their digest.
    pub sha256: Sha256Digest,
}

/// A small picture, ready to be stored: drawn anew from pixels alone, so nothing of the file's own bytes is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbnail {
    /// `image/jpeg`, or `image/png` where something shines through.
    pub content_type: ContentType,
    /// The encoded picture.
    pub bytes: Vec<u8>,
}

/// The decoders. It is the one place where bytes of strangers are decoded, and is given nothing but these bytes.
///
/// Whatever they are, it answers within its deadline and within its memory: size and pixels are checked before anything is decoded. A picture, a
/// recording or a PDF that passes is that and nothing else, and a picture holds nothing but the picture.
#[async_trait]
pub trait Examiner: Send + Sync {
    /// Looks at a file of at most [`ContentType::MAX_INSPECTED_BYTES`] that claims this type.
    async fn examine(&self, content_type: &ContentType, bytes: Vec<u8>) -> Result<Examined, PortError>;
}

/// What the decoders say of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Examined {
    /// It is not to be handed out.
    Refused(Reason),
    /// It may be handed out.
    Passed(Examination),
}

/// A file that may be handed out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Examination {
    /// What is to be handed out, where it is not what was uploaded.
    pub bytes: Option<Vec<u8>>,
    /// What was found in it, of a picture or recording in a form that is known.
    pub media: Option<MediaFacts>,
    /// A small picture of it.
    pub thumbnail: Option<Thumbnail>,
}
