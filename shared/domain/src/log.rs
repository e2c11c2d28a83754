//! The log of a conversation: a gapless sequence of entries, each of which says everything about the log up to itself.

use crate::{
    conversation::{Conversation, Title},
    head::{Head, Seq},
    ids::{ClientMessageId, ConversationId, MessageId, UserId},
    message::{Message, PlacedMessage},
    permissions::Role,
    roster::RosterSum,
    time::Timestamp,
};

/// One entry of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its position.
    pub seq: Seq,
    /// How many entries up to this one a person would count.
    pub n: u64,
    /// The newest entry up to this one that changed members, roles or blocks, or closed the conversation.
    pub roster_version: Seq,
    /// The sum over the roster's rows as that entry left them.
    pub roster_sum: RosterSum,
    /// When it was written, by the writer's clock.
    pub at: Timestamp,
    /// Who did it.
    pub actor: UserId,
    /// The newest message up to this entry, itself included.
    pub last_message: Option<Seq>,
    /// By what a repeated attempt at the same message is recognised; an entry of another kind has none.
    pub key: Option<MessageKey>,
    /// What happened.
    pub body: EntryBody,
}

/// By what an attempt to send a message is recognised as the same message, within its sender and conversation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum MessageKey {
    /// The client's own id: all retries carry it.
    Client(ClientMessageId),
    /// Drawn for one invocation, where the client gave none: only that invocation's own attempts carry it.
    Invocation([u8; 16]),
}

impl MessageKey {
    /// The client's own id, where it gave one.
    pub const fn client_id(&self) -> Option<&ClientMessageId> {
        match self {
            Self::Client(id) => Some(id),
            Self::Invocation(_) => None,
        }
    }
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryBody {
    /// A message, as it stands now.
    MessageSent(Message),
    /// The message at `target` got another text, or more is known of its files. All of it stands with the message, so that a deletion leaves
    /// nothing behind.
    MessageEdited {
        /// The message.
        target: Seq,
        /// Its version since.
        version: u64,
    },
    /// The message at `target` was deleted.
    MessageDeleted {
        /// The message.
        target: Seq,
    },
    /// The conversation began, with these people in it.
    ConversationCreated {
        /// The conversation as it was created.
        conversation: Box<Conversation>,
        /// The first participants.
        participants: Vec<Joining>,
    },
    /// The title changed.
    ConversationRetitled {
        /// The new title.
        title: Title,
    },
    /// The conversation ended: nobody appends after this.
    ConversationDeleted,
    /// People came.
    ParticipantsAdded {
        /// Who, and as what.
        participants: Vec<Joining>,
    },
    /// Somebody was removed, or left when he himself is the actor.
    ParticipantRemoved {
        /// Who.
        user: UserId,
    },
    /// One of the two people of a direct conversation blocks the other one, or does not any more.
    BlockChanged {
        /// Who.
        user: UserId,
        /// Whether he does since.
        is_blocking: bool,
    },
    /// Somebody has another role.
    ParticipantUpdated {
        /// Who.
        user: UserId,
        /// His role since.
        role: Role,
    },
}

/// Somebody who comes into a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joining {
    /// Who.
    pub user: UserId,
    /// As what.
    pub role: Role,
}

impl EntryBody {
    /// Whether a person would count this entry as something to read.
    pub const fn counts(&self) -> bool {
        matches!(self, Self::MessageSent(_))
    }
}

impl Entry {
    /// What this entry says about the log up to itself.
    pub const fn head(&self) -> Head {
        Head {
            seq: self.seq,
            n: self.n,
            roster_version: self.roster_version,
            roster_sum: self.roster_sum,
            last_message: self.last_message,
            at: self.at,
        }
    }

    /// Whether this is the message that `sender` recognises by `key`.
    pub fn is_message_of(&self, sender: &UserId, key: &MessageKey) -> bool {
        self.body.counts() && self.actor == *sender && self.key.as_ref() == Some(key)
    }

    /// The message that this entry is, if it is one, as clients are shown it.
    pub fn message(&self, conversation: ConversationId) -> Option<PlacedMessage> {
        let EntryBody::MessageSent(message) = &self.body else { return None };
        Some(PlacedMessage {
            id: MessageId::new(conversation, self.seq),
            n: self.n,
            sender: self.actor.clone(),
            client_id: self.key.as_ref().and_then(MessageKey::client_id).cloned(),
            created_at: self.at,
            message: message.clone(),
        })
    }
}

impl Head {
    /// The entry that would follow this head, leaving the roster as it is.
    pub fn followed_by(
        &self,
        actor: UserId,
        at: Timestamp,
        key: Option<MessageKey>,
        body: EntryBody,
    ) -> Entry {
        let seq = self.seq.next();
        Entry {
            seq,
            n: self.n + u64::from(body.counts()),
            roster_version: self.roster_version,
            roster_sum: self.roster_sum,
            at,
            actor,
            last_message: if body.counts() { Some(seq) } else { self.last_message },
            key,
            body,
        }
    }
}
