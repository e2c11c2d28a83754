//! Presence: what is kept of it, what watchers were told and who they are, when people go, and the timer that looks again after the grace.

use std::time::Duration;

use async_trait::async_trait;
use parlance_domain::{
    connection::Connection,
    ids::{ConnectionId, ConversationId, UserId},
    presence::{PresenceChoice, PresenceRecord},
    signal::Presence,
    time::Timestamp,
};

use super::PortError;

/// Keeps what people chose to be shown as, and when they were last seen.
#[async_trait]
pub trait PresenceRepository: Send + Sync {
    /// The records of these users, in their order, read strongly: what somebody chose holds from then on. Who has none has the default.
    async fn records(&self, users: &[UserId]) -> Result<Vec<PresenceRecord>, PortError>;

    /// Keeps a choice. To become invisible is to go: who was visible was last seen now.
    async fn choose(&self, user: &UserId, choice: &PresenceChoice, now: Timestamp) -> Result<(), PortError>;

    /// Keeps that a visible user went, unless he was seen later.
    async fn leave(&self, user: &UserId, at: Timestamp) -> Result<(), PortError>;
}

/// What watchers were last told of each user, and who they are. `None` and `false` say that nothing can be known or kept now: presence
/// pauses. What is forgotten is told once more.
#[async_trait]
pub trait PresenceBoard: Send + Sync {
    /// What watchers were last told of these users, in their order; an inner `None` where nothing is known.
    async fn shown(&self, users: &[UserId]) -> Option<Vec<Option<Presence>>>;

    /// Remembers what watchers are told now and answers what they were told before. Of two calls at once one comes first, and the other
    /// is answered what that one said.
    async fn show(&self, user: &UserId, presence: &Presence) -> Option<Option<Presence>>;

    /// Remembers what was found of users of whom nothing was known; of whom something is known meanwhile, that stays.
    async fn note(&self, found: &[(UserId, Presence)]);

    /// Who watches the user; those whose time has ended are left out.
    async fn watchers(&self, user: &UserId, now: Timestamp) -> Vec<Connection>;

    /// Lets a socket watch these users, and from now on no others. `false`: it watches whomever it watched.
    async fn watch(&self, watcher: &Connection, users: &[UserId]) -> bool;

    /// Lets a socket that is closed or gone watch nobody.
    async fn unwatch(&self, watcher: &ConnectionId);
}

/// Remembers of everybody who is there by when somebody has to look whether he still is: at the end of his sockets, or after the last of
/// them closed. It makes good the timers that were lost and the sockets whose end nobody told.
#[async_trait]
pub trait Departures: Send + Sync {
    /// The user is there until then at the latest; what is known to be later stays.
    async fn expect(&self, user: &UserId, until: Timestamp);

    /// The user's last socket closed then.
    async fn leave(&self, user: &UserId, at: Timestamp);

    /// The user is known to be gone.
    async fn forget(&self, user: &UserId);

    /// Until when the user is there at the latest, or when he left.
    async fn of(&self, user: &UserId) -> Option<Timestamp>;

    /// Some of the users whose time was before `before`, with their time: at least one if there is one.
    async fn overdue(&self, before: Timestamp) -> Vec<(UserId, Timestamp)>;
}

/// The queue that comes back to a user after a while.
#[async_trait]
pub trait PresenceTimer: Send + Sync {
    /// Asks for a look at the user after the delay. `left_at` is when his last socket closed, if that is why.
    async fn look_later(
        &self,
        user: &UserId,
        left_at: Option<Timestamp>,
        after: Duration,
    ) -> Result<(), PortError>;
}

/// Knows with whom somebody has a direct conversation.
#[async_trait]
pub trait DirectPeers: Send + Sync {
    /// The user's direct conversations, and the other one of each.
    async fn direct_peers(&self, user: &UserId) -> Result<Vec<(ConversationId, UserId)>, PortError>;
}
