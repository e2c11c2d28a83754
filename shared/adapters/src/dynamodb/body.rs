//! The one binary attribute of a log entry: CBOR maps with integer keys, so that fields can be added without touching what is stored.

mod conversation;
mod file;
mod message;

use minicbor::{Decode, Encode};
use parlance_domain::{
    conversation::Title,
    head::Seq,
    ids::UserId,
    log::{EntryBody, Joining},
    permissions::Role,
};

use self::{conversation::StoredConversation, message::StoredMessage};

/// A body that cannot be written or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body of an entry cannot be read")]
pub struct MalformedBody;

/// Encodes what an entry says. A message's `since` is not part of it: it is an attribute, since conditions need it.
pub fn encode(body: &EntryBody) -> Result<Vec<u8>, MalformedBody> {
    minicbor::to_vec(StoredBody::of(body)).map_err(|_| MalformedBody)
}

/// Decodes what an entry says; `since` is the entry's attribute of that name.
pub fn decode(bytes: &[u8], since: Seq) -> Result<EntryBody, MalformedBody> {
    let stored: StoredBody<'_> = minicbor::decode(bytes).map_err(|_| MalformedBody)?;
    stored.restore(since).ok_or(MalformedBody)
}

#[derive(Encode, Decode)]
enum StoredBody<'b> {
    #[n(0)]
    #[cbor(map)]
    MessageSent(#[b(0)] StoredMessage<'b>),
    #[n(1)]
    #[cbor(map)]
    MessageEdited {
        #[n(0)]
        target: u64,
        #[n(1)]
        version: u64,
    },
    #[n(2)]
    #[cbor(map)]
    MessageDeleted {
        #[n(0)]
        target: u64,
    },
    #[n(3)]
    #[cbor(map)]
    ConversationCreated {
        #[b(0)]
        conversation: Box<StoredConversation<'b>>,
        #[b(1)]
        participants: Vec<StoredJoining<'b>>,
    },
    #[n(4)]
    #[cbor(map)]
    ConversationRetitled {
        #[b(0)]
        title: &'b str,
    },
    #[n(5)]
    ConversationDeleted,
    #[n(6)]
    #[cbor(map)]
    ParticipantsAdded {
        #[b(0)]
        participants: Vec<StoredJoining<'b>>,
    },
    #[n(7)]
    #[cbor(map)]
    ParticipantRemoved {
        #[b(0)]
        user: &'b str,
    },
    #[n(8)]
    #[cbor(map)]
    ParticipantUpdated {
        #[b(0)]
        user: &'b str,
        #[n(1)]
        role: u8,
    },
    #[n(9)]
    #[cbor(map)]
    BlockChanged {
        #[b(0)]
        user: &'b str,
        #[n(1)]
        is_blocking: bool,
    },
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct StoredJoining<'b> {
    #[b(0)]
    user: &'b str,
    #[n(1)]
    role: u8,
}

impl<'b> StoredBody<'b> {
    fn of(body: &'b EntryBody) -> Self {
        match body {
            EntryBody::MessageSent(message) => Self::MessageSent(StoredMessage::of(message)),
            EntryBody::MessageEdited { target, version } => {
                Self::MessageEdited { target: target.get(), version: *version }
            }
            EntryBody::MessageDeleted { target } => Self::MessageDeleted { target: target.get() },
            EntryBody::ConversationCreated { conversation, participants } => Self::ConversationCreated {
                conversation: Box::new(StoredConversation::of(conversation)),
                participants: participants.iter().map(StoredJoining::of).collect(),
            },
            EntryBody::ConversationRetitled { title } => Self::ConversationRetitled { title: title.as_str() },
            EntryBody::ConversationDeleted => Self::ConversationDeleted,
            EntryBody::ParticipantsAdded { participants } => {
                Self::ParticipantsAdded { participants: participants.iter().map(StoredJoining::of).collect() }
            }
            EntryBody::ParticipantRemoved { user } => Self::ParticipantRemoved { user: user.as_str() },
            EntryBody::ParticipantUpdated { user, role } => {
                Self::ParticipantUpdated { user: user.as_str(), role: role.rank() }
            }
            EntryBody::BlockChanged { user, is_blocking } => {
                Self::BlockChanged { user: user.as_str(), is_blocking: *is_blocking }
            }
        }
    }

    fn restore(self, since: Seq) -> Option<EntryBody> {
        Some(match self {
            Self::MessageSent(message) => EntryBody::MessageSent(message.restore(since)?),
            Self::MessageEdited { target, version } => {
                EntryBody::MessageEdited { target: Seq::new(target)?, version }
            }
            Self::MessageDeleted { target } => EntryBody::MessageDeleted { target: Seq::new(target)? },
            Self::ConversationCreated { conversation, participants } => EntryBody::ConversationCreated {
                conversation: Box::new(conversation.restore()?),
                participants: restore_all(&participants)?,
            },
            Self::ConversationRetitled { title } => {
                EntryBody::ConversationRetitled { title: Title::from_stored(title.to_owned()) }
            }
            Self::ConversationDeleted => EntryBody::ConversationDeleted,
            Self::ParticipantsAdded { participants } => {
                EntryBody::ParticipantsAdded { participants: restore_all(&participants)? }
            }
            Self::ParticipantRemoved { user } => {
                EntryBody::ParticipantRemoved { user: UserId::parse(user).ok()? }
            }
            Self::ParticipantUpdated { user, role } => {
                EntryBody::ParticipantUpdated { user: UserId::parse(user).ok()?, role: role_of_rank(role)? }
            }
            Self::BlockChanged { user, is_blocking } => {
                EntryBody::BlockChanged { user: UserId::parse(user).ok()?, is_blocking }
            }
        })
    }
}

impl<'b> StoredJoining<'b> {
    fn of(joining: &'b Joining) -> Self {
        Self { user: joining.user.as_str(), role: joining.role.rank() }
    }

    fn restore(&self) -> Option<Joining> {
        Some(Joining { user: UserId::parse(self.user).ok()?, role: role_of_rank(self.role)? })
    }
}

fn restore_all(participants: &[StoredJoining<'_>]) -> Option<Vec<Joining>> {
    participants.iter().map(StoredJoining::restore).collect()
}

fn role_of_rank(rank: u8) -> Option<Role> {
    [Role::Guest, Role::Member, Role::Admin, Role::Owner].into_iter().find(|role| role.rank() == rank)
}
