//! A file as the message shows it that owns it.

use super::{Attachment, AttachmentState, FileDescription, MediaFacts, Reason};
use crate::{ids::AttachmentId, time::Timestamp};

/// A file as the message shows it that owns it: what was known of it when the message was last written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedFile {
    /// Its id.
    pub id: AttachmentId,
    /// What its uploader said that it is; of a clean file, the size and the digest of what is handed out.
    pub file: FileDescription,
    /// When its upload began.
    pub created_at: Timestamp,
    /// How far it had come.
    pub stage: Stage,
    /// Why it is never handed out, if so.
    pub reason: Option<Reason>,
    /// What was found in it.
    pub media: Option<MediaFacts>,
}

/// The name of an attachment's state, without what goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Its bytes are still expected.
    Uploading,
    /// They wait for their verdict.
    Scanning,
    /// It may be downloaded.
    Clean,
    /// It was deleted since something bad was found in it.
    Infected,
    /// It was deleted since nobody could look into it.
    Unscannable,
    /// Its bytes did not come.
    Expired,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 6] =
        [Self::Uploading, Self::Scanning, Self::Clean, Self::Infected, Self::Unscannable, Self::Expired];

    /// The name on the wire and in the tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Uploading => "uploading",
            Self::Scanning => "scanning",
            Self::Clean => "clean",
            Self::Infected => "infected",
            Self::Unscannable => "unscannable",
            Self::Expired => "expired",
        }
    }

    /// Reads a name back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == name)
    }
}

impl From<&AttachmentState> for Stage {
    fn from(state: &AttachmentState) -> Self {
        match state {
            AttachmentState::Uploading(_) => Self::Uploading,
            AttachmentState::Scanning(_) => Self::Scanning,
            AttachmentState::Clean { .. } => Self::Clean,
            AttachmentState::Refused { reason, .. } => reason.stage(),
            // What was removed has no message that could show it.
            AttachmentState::Removed { .. } => Self::Expired,
        }
    }
}

impl Attachment {
    /// As a message shows it.
    pub fn attached(&self) -> AttachedFile {
        AttachedFile {
            id: self.id,
            file: self.file.clone(),
            created_at: self.created_at,
            stage: Stage::from(&self.state),
            reason: self.state.reason(),
            media: self.media.clone(),
        }
    }
}
