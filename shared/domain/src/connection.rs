//! One open socket: whose it is, what it may hear, and until when.

use std::time::Duration;

use crate::{
    ids::{ConnectionId, ConversationId, UserId},
    time::Timestamp,
};

/// What a socket was opened for, which decides what it hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SocketScope {
    /// `/ws/messaging/`: every event of every conversation of the user.
    Messaging,
    /// `/ws/messaging/conversations/{id}/` and `/ws/chat/{id}/`: the events of one conversation.
    Conversation(ConversationId),
    /// `/ws/typing/{id}/`: who is typing in one conversation.
    Typing(ConversationId),
    /// `/ws/presence/`: presence only.
    Presence,
}

impl SocketScope {
    /// Whether a socket of this scope hears the durable events of `conversation`.
    pub fn hears_log_of(self, conversation: ConversationId) -> bool {
        match self {
            Self::Messaging => true,
            Self::Conversation(only) => only == conversation,
            Self::Typing(_) | Self::Presence => false,
        }
    }

    /// Whether a socket of this scope hears who is typing in `conversation`.
    pub fn hears_typing_in(self, conversation: ConversationId) -> bool {
        match self {
            Self::Messaging => true,
            Self::Conversation(only) | Self::Typing(only) => only == conversation,
            Self::Presence => false,
        }
    }

    /// Whether a socket of this scope hears what is for its user himself: mentions, invitations.
    pub const fn hears_personal(self) -> bool {
        matches!(self, Self::Messaging | Self::Conversation(_))
    }

    /// The one conversation that the socket is for, if it is for one.
    pub const fn conversation(self) -> Option<ConversationId> {
        match self {
            Self::Conversation(only) | Self::Typing(only) => Some(only),
            Self::Messaging | Self::Presence => None,
        }
    }
}

/// An open socket as the registry holds it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Connection {
    /// API Gateway's id of it.
    pub id: ConnectionId,
    /// Whose it is.
    pub user: UserId,
    /// What it hears.
    pub scope: SocketScope,
    /// From when on nothing more is delivered to it: the token's `exp` plus the leeway.
    pub expires_at: Timestamp,
    /// When it was opened.
    pub opened_at: Timestamp,
}

impl Connection {
    /// How many sockets one user may have open.
    pub const MAX_PER_USER: usize = 20;

    /// How long a socket is open at most: API Gateway closes it after two hours, and the rest is for clocks that are apart.
    pub const LONGEST_LIFE: Duration = Duration::from_secs(2 * 60 * 60 + 10 * 60);

    /// When it has ended at the latest, whether anybody told or not.
    pub fn ends_at(&self) -> Timestamp {
        self.opened_at.plus(Self::LONGEST_LIFE).min(self.expires_at)
    }

    /// Whether the token that opened it has expired, leeway included.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.expires_at
    }
}
