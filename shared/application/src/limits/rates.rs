//! The limits themselves, and which requests count against which.

use crate::ports::rates::Counter;

/// How many frames of one socket may be refused within ten seconds before it is closed.
pub const MAX_REFUSALS: u64 = 50;

/// What sort of request it is. Each user has one allowance of each sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RateClass {
    /// Messages.
    Sends,
    /// Everything else that changes something.
    Writes,
    /// What only asks.
    Reads,
    /// Sockets that are opened.
    Handshakes,
    /// Typing and presence, which nobody keeps.
    Signals,
    /// Files that are announced, each of which may cost much to keep.
    Uploads,
}

impl RateClass {
    /// Its name, in headers and in keys.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sends => "sends",
            Self::Writes => "writes",
            Self::Reads => "reads",
            Self::Handshakes => "handshakes",
            Self::Signals => "signals",
            Self::Uploads => "uploads",
        }
    }
}

/// How many a second; `None` for as many as one likes.
pub type PerSecond = Option<u32>;

/// The rates in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Messages of a user.
    pub sends: PerSecond,
    /// Other changes of a user.
    pub writes: PerSecond,
    /// Questions of a user.
    pub reads: PerSecond,
    /// Handshakes of a user.
    pub handshakes: PerSecond,
    /// Signals of a user.
    pub signals: PerSecond,
    /// Files that a user begins to upload.
    pub uploads: PerSecond,
    /// Messages into a conversation.
    pub conversation_sends: PerSecond,
}

impl RateLimits {
    /// What the template says where nobody says otherwise.
    pub const DEFAULT: Self = Self {
        sends: Some(20),
        writes: Some(10),
        reads: Some(50),
        handshakes: Some(5),
        signals: Some(20),
        uploads: Some(5),
        conversation_sends: Some(100),
    };

    /// No limit at all.
    pub const NONE: Self = Self {
        sends: None,
        writes: None,
        reads: None,
        handshakes: None,
        signals: None,
        uploads: None,
        conversation_sends: None,
    };

    /// How much a counter may count in one of its windows.
    pub fn of(&self, counter: &Counter) -> Option<u64> {
        let per_second = match counter {
            Counter::User(_, class) => match class {
                RateClass::Sends => self.sends,
                RateClass::Writes => self.writes,
                RateClass::Reads => self.reads,
                RateClass::Handshakes => self.handshakes,
                RateClass::Signals => self.signals,
                RateClass::Uploads => self.uploads,
            },
            Counter::Conversation(_) => self.conversation_sends,
            Counter::Refusals(_) => return Some(MAX_REFUSALS),
        };
        per_second.map(u64::from)
    }
}

impl Default for RateLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The name of a limit, in headers.
pub(super) const fn policy_of(counter: &Counter) -> &'static str {
    match counter {
        Counter::User(_, class) => class.as_str(),
        Counter::Conversation(_) => "conversation-sends",
        Counter::Refusals(_) => "refusals",
    }
}
