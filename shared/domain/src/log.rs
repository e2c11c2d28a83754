//! The log of a conversation: a gapless sequence of entries, each of which says everything about the log up to itself.

use crate::{
    conversation::{Conversation, Title},
    head::{Head, Seq},
    ids::{ClientMessageId, UserId},
    message::Message,
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
    /// The actor's own id of a message; an entry of another kind has none.
    pub client_id: Option<ClientMessageId>,
    /// What happened.
    pub body: EntryBody,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryBody {
    /// A message, as it stands now.
    MessageSent(Message),
    /// The message at `target` got another text. The text itself stands with the message, so that a deletion leaves none behind.
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
        Head { seq: self.seq, n: self.n, roster_version: self.roster_version, roster_sum: self.roster_sum }
    }

    /// Whether this is the message that `sender` calls `client_id`.
    pub fn is_message_of(&self, sender: &UserId, client_id: &ClientMessageId) -> bool {
        self.body.counts() && self.actor == *sender && self.client_id.as_ref() == Some(client_id)
    }
}

impl Head {
    /// The entry that `actor` would write next to this head, leaving the roster as it is.
    pub fn followed_by(
        self,
        actor: UserId,
        at: Timestamp,
        client_id: Option<ClientMessageId>,
        body: EntryBody,
    ) -> Entry {
        Entry {
            seq: self.seq.next(),
            n: self.n + u64::from(body.counts()),
            roster_version: self.roster_version,
            roster_sum: self.roster_sum,
            at,
            actor,
            client_id,
            body,
        }
    }
}
