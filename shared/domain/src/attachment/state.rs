//! How far an attachment has come, from its upload to the verdict.

use super::{object::ObjectTag, upload::Upload};
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
    /// Something bad was found, and it was deleted.
    Infected {
        /// Since when.
        since: Timestamp,
    },
    /// No scanner could read it: it is never handed out.
    Unscannable {
        /// Since when.
        since: Timestamp,
    },
    /// Its bytes did not come in time, or were not what was announced.
    Expired {
        /// Since when.
        since: Timestamp,
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

/// What a scan has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing bad.
    Clean,
    /// Something bad.
    Infected,
    /// It could not be read.
    Unscannable,
}

impl AttachmentState {
    /// The names of those that are shown.
    pub const NAMES: [&'static str; 6] =
        ["uploading", "scanning", "clean", "infected", "unscannable", "expired"];

    /// The name on the wire and in the tables.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Uploading(_) => "uploading",
            Self::Scanning(_) => "scanning",
            Self::Clean { .. } => "clean",
            Self::Infected { .. } => "infected",
            Self::Unscannable { .. } => "unscannable",
            Self::Expired { .. } => "expired",
            Self::Removed { .. } => "removed",
        }
    }

    /// Whether it may be downloaded.
    pub const fn is_clean(&self) -> bool {
        matches!(self, Self::Clean { .. })
    }
}
