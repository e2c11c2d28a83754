//! What clients are told: an entry of the log with everything that a reader needs to understand it.

use crate::{
    conversation::Conversation,
    head::Seq,
    ids::{ConversationId, EventId, MessageId, UserId},
    log::Joining,
    message::PlacedMessage,
    permissions::Role,
    roster::Roster,
    signal::Signal,
    time::Timestamp,
};

/// A durable event: entry `seq` of the conversation's log, told to its members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The conversation.
    pub conversation: ConversationId,
    /// The entry's position.
    pub seq: Seq,
    /// When it was written.
    pub at: Timestamp,
    /// What happened.
    pub body: EventBody,
}

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventBody {
    /// A message was sent; as it stands now.
    MessageCreated(Box<PlacedMessage>),
    /// A message was changed; as it stands now.
    MessageUpdated(Box<PlacedMessage>),
    /// A message was removed: the tombstone.
    MessageDeleted(Box<PlacedMessage>),
    /// An entry about a message that this reader may not see.
    Hidden {
        /// The event's type for readers who may see it.
        of: HiddenEvent,
        /// The message.
        id: MessageId,
    },
    /// The conversation began.
    ConversationCreated(Box<ConversationView>),
    /// Its own data changed.
    ConversationUpdated(Box<ConversationView>),
    /// It ended.
    ConversationDeleted {
        /// By whom.
        by: UserId,
    },
    /// People came.
    ParticipantAdded {
        /// Who, and as what.
        participants: Vec<Joining>,
        /// By whom.
        by: UserId,
    },
    /// Somebody went.
    ParticipantRemoved {
        /// Who.
        user: UserId,
        /// By whom: himself when he left.
        by: UserId,
    },
    /// Somebody has another role.
    ParticipantUpdated {
        /// Who.
        user: UserId,
        /// His role since.
        role: Role,
        /// By whom.
        by: UserId,
    },
}

/// The type of a durable event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// A message was sent.
    MessageCreated,
    /// A message was changed.
    MessageUpdated,
    /// A message was removed.
    MessageDeleted,
    /// A conversation began.
    ConversationCreated,
    /// A conversation's own data changed.
    ConversationUpdated,
    /// A conversation ended.
    ConversationDeleted,
    /// People came.
    ParticipantAdded,
    /// Somebody went.
    ParticipantRemoved,
    /// Somebody has another role.
    ParticipantUpdated,
}

impl EventKind {
    /// Every type.
    pub const ALL: [Self; 9] = [
        Self::MessageCreated,
        Self::MessageUpdated,
        Self::MessageDeleted,
        Self::ConversationCreated,
        Self::ConversationUpdated,
        Self::ConversationDeleted,
        Self::ParticipantAdded,
        Self::ParticipantRemoved,
        Self::ParticipantUpdated,
    ];

    /// The name on the wire, on the event bus and in the tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MessageCreated => "message.created",
            Self::MessageUpdated => "message.updated",
            Self::MessageDeleted => "message.deleted",
            Self::ConversationCreated => "conversation.created",
            Self::ConversationUpdated => "conversation.updated",
            Self::ConversationDeleted => "conversation.deleted",
            Self::ParticipantAdded => "participant.added",
            Self::ParticipantRemoved => "participant.removed",
            Self::ParticipantUpdated => "participant.updated",
        }
    }

    /// Reads a name back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl EventBody {
    /// Its type.
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::MessageCreated(_) => EventKind::MessageCreated,
            Self::MessageUpdated(_) | Self::Hidden { of: HiddenEvent::Updated, .. } => {
                EventKind::MessageUpdated
            }
            Self::MessageDeleted(_) | Self::Hidden { of: HiddenEvent::Deleted, .. } => {
                EventKind::MessageDeleted
            }
            Self::ConversationCreated(_) => EventKind::ConversationCreated,
            Self::ConversationUpdated(_) => EventKind::ConversationUpdated,
            Self::ConversationDeleted { .. } => EventKind::ConversationDeleted,
            Self::ParticipantAdded { .. } => EventKind::ParticipantAdded,
            Self::ParticipantRemoved { .. } => EventKind::ParticipantRemoved,
            Self::ParticipantUpdated { .. } => EventKind::ParticipantUpdated,
        }
    }
}

/// Which event is hidden from a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HiddenEvent {
    /// `message.updated`.
    Updated,
    /// `message.deleted`.
    Deleted,
}

/// A conversation as every member sees it, without what is a reader's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationView {
    /// Its own data.
    pub conversation: Conversation,
    /// Who is in it.
    pub roster: Roster,
    /// The newest entry's position.
    pub head_seq: Seq,
    /// How many entries a person would count.
    pub head_n: u64,
    /// Whether a message can still be sent to it.
    pub writable: bool,
    /// The newest message, where one was read.
    pub last_message: Option<PlacedMessage>,
}

/// An event as other systems take it from the event bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedEvent {
    /// By what a repetition is known.
    pub id: EventId,
    /// Its type.
    pub kind: EventKind,
    /// When it happened.
    pub at: Timestamp,
    /// The event as clients see it, with its id and who caused it: JSON.
    pub detail: String,
}

/// How events are spelled on the wire. Pure: the same event always gives the same bytes.
pub trait EventEncoder: Send + Sync {
    /// One event as a frame of its own.
    fn event(&self, event: &Event) -> Vec<u8>;

    /// One event for other systems, caused by `actor`.
    fn published(&self, event: &Event, actor: &UserId) -> PublishedEvent;

    /// One signal as a frame of its own.
    fn signal(&self, signal: &Signal) -> Vec<u8>;

    /// Several encoded frames as one.
    fn batch(&self, frames: &[&[u8]]) -> Vec<u8>;

    /// How many bytes [`EventEncoder::batch`] adds around `frames` frames.
    fn batch_overhead(&self, frames: usize) -> usize;

    /// The frame that tells a client why its socket is about to be closed.
    fn closing(&self, closing: &Closing) -> Vec<u8>;
}

/// Why the server closes a socket, and what the client should do then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// The token that opened the socket has expired: reconnect with a new one.
    TokenExpired,
    /// The user was deactivated: do not come back.
    Deactivated,
    /// Too many frames were refused by the rate limit: come back after a pause.
    RateLimited,
    /// The user may no longer see the one conversation that this socket is for.
    NoLongerMember,
    /// Senders could not be told of the socket for a while: come back, and ask for what was missed.
    MissedEvents,
}
