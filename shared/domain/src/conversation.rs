//! A conversation's own data: what it is, what it is about, and how much of its past a newcomer sees.

use crate::{
    head::Seq,
    ids::{ConversationId, UserId},
    message::InvalidValue,
    time::Timestamp,
};

/// What sort of conversation it is, which decides what may be done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConversationKind {
    /// The one conversation of two people: no adding, removing, titling, leaving, deleting.
    Direct,
    /// Any number of people.
    Group,
    /// About one task of another system.
    Task,
    /// About a service.
    Service,
    /// About an application in an applicant tracking system.
    Ats,
    /// A request for help.
    Support,
}

impl ConversationKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Direct, Self::Group, Self::Task, Self::Service, Self::Ats, Self::Support];

    /// The name on the wire and in the tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Group => "group",
            Self::Task => "task",
            Self::Service => "service",
            Self::Ats => "ats",
            Self::Support => "support",
        }
    }

    /// Reads a name back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// How much of the past somebody who joins later sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum History {
    /// Everything.
    #[default]
    All,
    /// What came from his joining on.
    Joined,
}

impl History {
    /// Every choice.
    pub const ALL: [Self; 2] = [Self::All, Self::Joined];

    /// The name on the wire and in the tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Joined => "joined",
        }
    }

    /// Reads a name back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|history| history.as_str() == name)
    }
}

/// A title of 1 to 200 characters that is not blank and has no control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title(Box<str>);

impl Title {
    /// The longest title in characters.
    pub const MAX_CHARS: usize = 200;

    /// Checks the text and takes it as it is.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        if text.chars().count() > Self::MAX_CHARS {
            return Err(InvalidValue::TooLong { limit: Self::MAX_CHARS, unit: "characters" });
        }
        if text.trim().is_empty() {
            return Err(InvalidValue::Refused("must not be blank"));
        }
        if text.chars().any(char::is_control) {
            return Err(InvalidValue::Refused("must not contain control characters"));
        }
        Ok(Self(text.into()))
    }

    /// Takes a title that was checked when it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text.into_boxed_str())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The thing in another system that a conversation belongs to; at most one conversation per pair.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    /// The other system's type of thing: `task`, `order`, …
    pub kind: Box<str>,
    /// The thing's id there.
    pub id: Box<str>,
}

impl Reference {
    /// The longest part in bytes.
    pub const MAX_BYTES: usize = 128;

    /// Checks both parts: 1 to 128 bytes without control characters.
    pub fn parse(kind: &str, id: &str) -> Result<Self, InvalidValue> {
        for part in [kind, id] {
            if part.len() > Self::MAX_BYTES {
                return Err(InvalidValue::TooLong { limit: Self::MAX_BYTES, unit: "bytes" });
            }
            if part.is_empty() || part.chars().any(char::is_control) {
                return Err(InvalidValue::Refused("must be 1 to 128 bytes without control characters"));
            }
        }
        Ok(Self { kind: kind.into(), id: id.into() })
    }
}

/// What a conversation is, apart from its log and its roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Its id: random, or derived from its members or its reference.
    pub id: ConversationId,
    /// What sort of conversation it is.
    pub kind: ConversationKind,
    /// What people call it.
    pub title: Option<Title>,
    /// What it is about.
    pub reference: Option<Reference>,
    /// Who created it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// How much of the past a newcomer sees.
    pub history: History,
    /// The entry that last changed these fields: the row's version.
    pub since: Seq,
}
