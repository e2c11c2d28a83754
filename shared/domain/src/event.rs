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

impl Event {
    /// The positions of the messages that it shows or refers to, besides its own: who may not see one of them is told less.
    pub fn refers_to(&self) -> Vec<Seq> {
        let replies = |message: &PlacedMessage| {
            let body = &message.message.body;
            body.reply_to.into_iter().chain(body.thread).collect::<Vec<_>>()
        };
        match &self.body {
            EventBody::MessageCreated(message) => replies(message),
            EventBody::MessageUpdated(message) | EventBody::MessageDeleted(message) => {
                let mut positions = replies(message);
                positions.push(message.id.seq);
                positions
            }
            _ => Vec::new(),
        }
    }

    /// The same as a reader is told it whose log begins at `first`.
    #[must_use]
    pub fn seen_from(&self, first: Seq) -> Self {
        let mut event = self.clone();
        let (of, message) = match &mut event.body {
            EventBody::MessageCreated(message) => {
                message.hide_before(first);
                return event;
            }
            EventBody::MessageUpdated(message) => (HiddenEvent::Updated, message),
            EventBody::MessageDeleted(message) => (HiddenEvent::Deleted, message),
            _ => return event,
        };
        if message.id.seq < first {
            event.body = EventBody::Hidden { of, id: message.id };
        } else {
            message.hide_before(first);
        }
        event
    }
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

    /// Several encoded frames as one; of a frame that is such a one itself, its parts.
    fn batch(&self, frames: &[&[u8]]) -> Vec<u8>;

    /// How many bytes [`EventEncoder::batch`] adds at most around `frames` frames.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Message, MessageBody};

    fn seq(value: u64) -> Seq {
        Seq::new(value).unwrap()
    }

    fn message(at: u64, reply_to: u64, thread: u64) -> Box<PlacedMessage> {
        let body =
            MessageBody { reply_to: Seq::new(reply_to), thread: Seq::new(thread), ..MessageBody::default() };
        Box::new(PlacedMessage {
            id: MessageId::new(ConversationId::from_bytes([1; 16]), seq(at)),
            n: at,
            sender: UserId::parse("alice").unwrap(),
            client_id: None,
            created_at: Timestamp::default(),
            message: Message::sent(body, seq(at)),
        })
    }

    fn event(body: EventBody) -> Event {
        Event {
            conversation: ConversationId::from_bytes([1; 16]),
            seq: seq(20),
            at: Timestamp::default(),
            body,
        }
    }

    #[test]
    fn who_came_later_is_told_less_of_what_he_may_not_see() {
        let sent = event(EventBody::MessageCreated(message(20, 7, 3)));
        assert_eq!(sent.refers_to(), [seq(7), seq(3)]);
        assert_eq!(sent.seen_from(seq(3)), sent);
        assert_eq!(sent.seen_from(seq(4)), event(EventBody::MessageCreated(message(20, 7, 0))));
        assert_eq!(sent.seen_from(seq(8)), event(EventBody::MessageCreated(message(20, 0, 0))));

        let edited = event(EventBody::MessageUpdated(message(9, 7, 0)));
        assert_eq!(edited.refers_to(), [seq(7), seq(9)]);
        assert_eq!(edited.seen_from(seq(9)), event(EventBody::MessageUpdated(message(9, 0, 0))));
        let id = message(9, 0, 0).id;
        let hidden = |of| event(EventBody::Hidden { of, id });
        assert_eq!(edited.seen_from(seq(10)), hidden(HiddenEvent::Updated));
        let deleted = event(EventBody::MessageDeleted(message(9, 0, 0)));
        assert_eq!(deleted.seen_from(seq(10)), hidden(HiddenEvent::Deleted));
    }
}
