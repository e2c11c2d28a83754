//! Positions in a conversation's log, and what its newest entry says about the whole.

use std::{fmt, num::NonZeroU64};

use crate::{roster::RosterSum, time::Timestamp};

/// The position of an entry in the log of its conversation: 1, 2, 3, … without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(NonZeroU64);

impl Seq {
    /// The entry that creates a conversation.
    pub const FIRST: Self = Self(NonZeroU64::MIN);
    /// The last position that fits the 12 digits of a sort key.
    pub const MAX: Self = Self(NonZeroU64::new(999_999_999_999).unwrap());

    /// A position, unless it is 0 or past [`Seq::MAX`].
    pub const fn new(value: u64) -> Option<Self> {
        match NonZeroU64::new(value) {
            Some(value) if value.get() <= Self::MAX.0.get() => Some(Self(value)),
            _ => None,
        }
    }

    /// The position as a number.
    pub const fn get(self) -> u64 {
        self.0.get()
    }

    /// The position before this one, unless it is the first.
    pub const fn previous(self) -> Option<Self> {
        Self::new(self.0.get() - 1)
    }

    /// The position after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What the newest entry of a log says about the whole log. A copy in a cache is a hint, never the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Head {
    /// The position of the newest entry.
    pub seq: Seq,
    /// How many entries up to here a person would count.
    pub n: u64,
    /// The newest entry that changed members, roles or blocks, or closed the conversation.
    pub roster_version: Seq,
    /// The sum over the roster's rows as that entry left them.
    pub roster_sum: RosterSum,
    /// The newest message, deleted ones included.
    pub last_message: Option<Seq>,
    /// When the newest entry was written.
    pub at: Timestamp,
}

impl Head {
    /// Whether the conversation was closed, or everybody has left: nobody appends any more.
    pub fn is_closed(&self) -> bool {
        self.roster_sum == RosterSum::NOBODY
    }
}
