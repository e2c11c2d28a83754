//! How somebody wants to be seen, and how that is shown while he is there and while he is not.

use std::fmt;

use crate::{
    signal::{Presence, PresenceStatus},
    time::Timestamp,
};

/// What somebody chose to be shown as while he is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ChosenStatus {
    /// There.
    #[default]
    Online,
    /// There, and not looking.
    Away,
    /// There, and not to be disturbed.
    Busy,
    /// There, and shown as offline.
    Invisible,
}

impl ChosenStatus {
    /// Every status that can be chosen.
    pub const ALL: [Self; 4] = [Self::Online, Self::Away, Self::Busy, Self::Invisible];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Away => "away",
            Self::Busy => "busy",
            Self::Invisible => "invisible",
        }
    }

    /// Reads a name back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// A few words about what somebody is doing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StatusText(Box<str>);

/// A text that says nothing, is too long, or cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidStatusText;

impl fmt::Display for InvalidStatusText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1 to {} characters, not blank, without control characters", StatusText::MAX_CHARS)
    }
}

impl StatusText {
    /// The longest text in characters.
    pub const MAX_CHARS: usize = 140;

    /// Checks the text and takes it as it is.
    pub fn parse(text: &str) -> Result<Self, InvalidStatusText> {
        let is_valid = text.chars().count() <= Self::MAX_CHARS
            && !text.trim().is_empty()
            && !text.chars().any(char::is_control);
        if is_valid { Ok(Self(text.into())) } else { Err(InvalidStatusText) }
    }

    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What somebody chose: the whole of it, which replaces what he chose before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PresenceChoice {
    /// As what.
    pub status: ChosenStatus,
    /// With which words.
    pub text: Option<StatusText>,
}

/// What is kept of somebody's presence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PresenceRecord {
    /// What he chose.
    pub choice: PresenceChoice,
    /// When others last saw him go; to be invisible is to go.
    pub last_seen_at: Option<Timestamp>,
}

impl PresenceRecord {
    /// How others see him, whether he `is_there` or not. What an invisible one says would give him away, so offline nobody says anything.
    pub fn seen(&self, is_there: bool) -> Presence {
        let status = match self.choice.status {
            _ if !is_there => PresenceStatus::Offline,
            ChosenStatus::Online => PresenceStatus::Online,
            ChosenStatus::Away => PresenceStatus::Away,
            ChosenStatus::Busy => PresenceStatus::Busy,
            ChosenStatus::Invisible => PresenceStatus::Offline,
        };
        if status == PresenceStatus::Offline {
            return Presence { status, text: None, last_seen_at: self.last_seen_at };
        }
        let text = self.choice.text.as_ref().map(|text| text.as_str().to_owned());
        Presence { status, text, last_seen_at: None }
    }

    /// Whether going away changes what others see.
    pub fn is_visible(&self) -> bool {
        self.choice.status != ChosenStatus::Invisible
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(status: ChosenStatus) -> PresenceRecord {
        let text = Some(StatusText::parse("at lunch").unwrap());
        let last_seen_at = Some(Timestamp::from_millis(5));
        PresenceRecord { choice: PresenceChoice { status, text }, last_seen_at }
    }

    #[test]
    fn an_invisible_one_looks_exactly_as_if_he_were_not_there() {
        let gone = record(ChosenStatus::Busy).seen(false);
        for is_there in [true, false] {
            assert_eq!(record(ChosenStatus::Invisible).seen(is_there), gone);
        }
        assert_eq!(gone.text, None);
        let busy = record(ChosenStatus::Busy).seen(true);
        assert_eq!((busy.status, busy.text.as_deref()), (PresenceStatus::Busy, Some("at lunch")));
        assert_eq!(busy.last_seen_at, None);
    }

    #[test]
    fn a_text_is_short_and_says_something() {
        for valid in ["a", "🎉 in a meeting", &"ä".repeat(140)] {
            assert_eq!(StatusText::parse(valid).unwrap().as_str(), valid);
        }
        for invalid in ["", "  ", "a\u{0}", "a\nb", &"a".repeat(141)] {
            assert_eq!(StatusText::parse(invalid), Err(InvalidStatusText), "{invalid:?}");
        }
    }
}
