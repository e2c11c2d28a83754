//! The objects that hold an attachment's bytes: their keys name the attachment and nothing that a user wrote.

use std::{fmt, str::FromStr};

use crate::ids::AttachmentId;

/// Where an object lies: what is under `quarantine/` was not scanned, and nobody is ever handed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ObjectArea {
    /// As it was uploaded.
    Quarantine,
    /// What is left of a picture that was looked into, until it is released.
    Inspected,
    /// Found clean.
    Clean,
    /// A small picture of what is clean, made by us.
    Preview,
}

impl ObjectArea {
    /// Every area.
    pub const ALL: [Self; 4] = [Self::Quarantine, Self::Inspected, Self::Clean, Self::Preview];

    /// The first part of the keys in it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quarantine => "quarantine",
            Self::Inspected => "inspected",
            Self::Clean => "clean",
            Self::Preview => "preview",
        }
    }
}

/// The key of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey {
    /// Where it lies.
    pub area: ObjectArea,
    /// Whose bytes it holds.
    pub id: AttachmentId,
}

impl ObjectKey {
    /// Reads a key back; `None` for objects that are not ours.
    pub fn parse(text: &str) -> Option<Self> {
        let (area, id) = text.split_once('/')?;
        let area = ObjectArea::ALL.into_iter().find(|known| known.as_str() == area)?;
        Some(Self { area, id: AttachmentId::from_str(id).ok()? })
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.area.as_str(), self.id)
    }
}

/// What tells an object's bytes from those that lay there before or after: its `ETag`, without the quotes that some of its bearers put around it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectTag(Box<str>);

impl ObjectTag {
    /// Takes the store's spelling, with or without quotes.
    pub fn parse(text: &str) -> Self {
        Self(text.trim_matches('"').into())
    }

    /// The tag without quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag as a header has it.
    pub fn quoted(&self) -> String {
        format!("\"{}\"", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_nothing_else_does() {
        let id = AttachmentId::from_bytes([5; 16]);
        for area in ObjectArea::ALL {
            let key = ObjectKey { area, id };
            assert_eq!(ObjectKey::parse(&key.to_string()), Some(key));
        }
        for other in ["quarantine/", "quarantine/../x", "elsewhere/a_1", "clean", "", "clean//"] {
            assert_eq!(ObjectKey::parse(other), None, "{other}");
        }
        assert_eq!(ObjectKey::parse(&format!("quarantine/{id}/x")), None);
    }

    #[test]
    fn a_tag_is_the_same_with_quotes_and_without() {
        assert_eq!(ObjectTag::parse("\"abc-2\""), ObjectTag::parse("abc-2"));
        assert_eq!(ObjectTag::parse("abc").quoted(), "\"abc\"");
    }
}
