//! The ways by which an event leaves: a post to a socket, a relay, the function `fan-out`, and the stream's timer.

use std::time::Duration;

use async_trait::async_trait;
use parlance_domain::{
    connection::Connection,
    head::Seq,
    ids::{ConnectionId, ConversationId, UserId},
};

use super::PortError;

/// Posts frames to sockets: API Gateway's connection management.
#[async_trait]
pub trait ConnectionPoster: Send + Sync {
    /// Posts one frame. Returns within the adapter's deadline and never retries: the lane decides.
    async fn post(&self, connection: &ConnectionId, frame: &[u8]) -> Posted;

    /// Closes a socket; one that is gone is no error. After an error it may still be open.
    async fn close(&self, connection: &ConnectionId) -> Result<(), PortError>;
}

/// What became of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    /// API Gateway took the frame.
    Delivered,
    /// There is no such connection (any more, or yet).
    Gone,
    /// Too fast for the account or for this client: later.
    Throttled,
    /// It failed or timed out; it may have been delivered.
    Failed,
    /// The frame or the caller was refused: no retry will help.
    Refused,
}

/// One event on its way to everybody who is to hear it. It travels encoded, so that a relay need not know the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broadcast {
    /// The conversation.
    pub conversation: ConversationId,
    /// The entry, where the event is one; an ephemeral event has none.
    pub seq: Option<Seq>,
    /// The roster's version at the entry: recipients are read at this version or later.
    pub roster_version: Seq,
    /// Who of them hears it, and on which sockets.
    pub hearing: Hearing,
    /// Users who hear it although the roster no longer, or not yet, names them.
    pub subjects: Vec<UserId>,
    /// The socket that asked: it gets the answer instead.
    pub except: Option<ConnectionId>,
    /// The encoded event.
    pub frame: Vec<u8>,
}

impl Broadcast {
    /// Whether it is dropped rather than tried again where posts are throttled or fail.
    pub fn is_droppable(&self) -> bool {
        self.hearing == Hearing::Typing
    }
}

/// Whom something is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hearing {
    /// The members and the subjects, on sockets that follow the conversation.
    Log,
    /// Of the members only those who joined after one position and up to another, on the same sockets: others are told more, or less.
    LogOfJoined {
        /// Who joined up to here does not hear it; 0 for everybody from the beginning.
        after: u64,
        /// Who joined later than here does not hear it.
        up_to: Seq,
    },
    /// The members, on sockets that hear who is typing.
    Typing,
    /// The subjects alone, on sockets that hear what is for their user.
    Personal,
    /// The subjects alone, on sockets that follow the conversation.
    Subjects,
}

/// Redis pub/sub between the functions and the relays, and the marks that say what was handed over.
#[async_trait]
pub trait RelayBus: Send + Sync {
    /// Publishes to the relays; `false` when it did not leave. Who listens is not known.
    async fn publish(&self, broadcast: &Broadcast) -> bool;

    /// Remembers for 60 s that an entry was delivered or handed over.
    async fn mark_sent(&self, conversation: ConversationId, seq: Seq);

    /// Which of these entries are marked, in their order, in one round trip; `false` where it cannot be known.
    async fn are_sent(&self, entries: &[(ConversationId, Seq)]) -> Vec<bool>;
}

/// The function `fan-out`, invoked without waiting for it.
#[async_trait]
pub trait FanOutInvoker: Send + Sync {
    /// Hands over a frame for these sockets (at most 250).
    async fn hand_over(&self, order: &FanOutOrder) -> Result<(), PortError>;
}

/// What `fan-out` is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FanOutOrder {
    /// The encoded event.
    pub frame: Vec<u8>,
    /// Whether it is dropped rather than tried again where posts are throttled or fail.
    pub is_droppable: bool,
    /// To whom.
    pub connections: Vec<Connection>,
}

/// What an entry is looked at again for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryLook {
    /// Whether it was delivered.
    Delivery,
    /// To have its head remembered, which could not be done before.
    Head,
}

/// The timer queue of `on-log-entry`.
#[async_trait]
pub trait EntryTimer: Send + Sync {
    /// Asks for another look at an entry after the delay.
    async fn look_again(
        &self,
        conversation: ConversationId,
        seq: Seq,
        look: EntryLook,
        after: Duration,
    ) -> Result<(), PortError>;
}
