//! How far an attachment has come, from its upload to the verdict.

use super::{FileSize, MediaFacts, Reason, Sha256Digest, Stage, object::ObjectTag, upload::Upload};
use crate::time::Timestamp;

/// How far an attachment has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttachmentState {
    /// Its bytes are still expected.
    Uploading(Upload),
    /// They are there, and nobody has looked at them yet.
    Scanning(Scan),
    /// Nothing bad was found: it may be downloaded.
    Clean {
        /// Since when.
        since: Timestamp,
    },
    /// It is never handed out, and was deleted: infected, unscannable or expired, as the reason says.
    Refused {
        /// Since when.
        since: Timestamp,
        /// Why.
        reason: Reason,
    },
    /// It was deleted: its row alone is left for a day, so that whoever deletes it again is told so too. Nobody sees it.
    Removed {
        /// Since when.
        since: Timestamp,
    },
}

/// A file that waits for its verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Since when.
    pub since: Timestamp,
    /// Which bytes: a verdict on others says nothing.
    pub tag: ObjectTag,
    /// How often the scan was asked for again.
    pub attempts: u32,
}

/// What the scan, and the look into the file after it, came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing bad: this is handed out.
    Clean(CleanFile),
    /// It is not handed out.
    Refused(Reason),
}

/// What is handed out of a file: not always the very bytes that were uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CleanFile {
    /// Its size and digest, where they are others than the uploader announced.
    pub rewritten: Option<(FileSize, Sha256Digest)>,
    /// What was found in it.
    pub media: Option<MediaFacts>,
}

impl AttachmentState {
    /// The name on the wire and in the tables.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Uploading(_) => Stage::Uploading.as_str(),
            Self::Scanning(_) => Stage::Scanning.as_str(),
            Self::Clean { .. } => Stage::Clean.as_str(),
            Self::Refused { reason, .. } => reason.stage().as_str(),
            Self::Removed { .. } => "removed",
        }
    }

    /// Whether it may be downloaded.
    pub const fn is_clean(&self) -> bool {
        matches!(self, Self::Clean { .. })
    }

    /// Why it is never handed out, if so.
    pub const fn reason(&self) -> Option<Reason> {
        match self {
            Self::Refused { reason, .. } => Some(*reason),
            _ => None,
        }
    }
}
