//! What clients are told for the moment: it stands in no log, may be lost, and is put right by what is asked for later.

use crate::{
    event::ConversationView,
    head::Seq,
    ids::{AttachmentId, ConversationId, MessageId, UserId},
    time::Timestamp,
};

/// Something ephemeral, told to those whom it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// The conversation that it is about; presence is about none.
    pub conversation: Option<ConversationId>,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub body: SignalBody,
}

/// What a signal says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignalBody {
    /// Who is typing now: the whole set, which replaces what was told before.
    Typing {
        /// Everybody who is typing.
        users: Vec<TypingUser>,
    },
    /// Somebody has read further.
    Read {
        /// Who.
        user: UserId,
        /// Up to this entry.
        seq: Seq,
        /// When he got there.
        at: Timestamp,
    },
    /// Somebody came, went, or says something else of himself.
    Presence {
        /// Who.
        user: UserId,
        /// How he is.
        presence: Presence,
    },
    /// Something is for one user, whatever he has open.
    Notification(Notification),
    /// A conversation is the user's from now on: for those whom its entry brings.
    ConversationJoined(Box<ConversationView>),
    /// A conversation is not the user's any more: for those whom its entry takes.
    ConversationLeft {
        /// By whom: himself when he left.
        by: UserId,
        /// The entry that took him: the last of this log that is his.
        last: Seq,
    },
}

/// Somebody who is typing, unless nothing more is heard of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TypingUser {
    /// Who.
    pub user: UserId,
    /// Until when, unless he goes on.
    pub expires_at: Timestamp,
}

/// How somebody is, as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// Whether he is there.
    pub status: PresenceStatus,
    /// What he says of it.
    pub text: Option<String>,
    /// When his last socket closed, of somebody who is offline.
    pub last_seen_at: Option<Timestamp>,
}

/// Whether somebody is there, as others see it. Who chose to be invisible is shown as offline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PresenceStatus {
    /// There.
    Online,
    /// There, and not looking.
    Away,
    /// There, and not to be disturbed.
    Busy,
    /// Not there.
    Offline,
}

impl PresenceStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Online, Self::Away, Self::Busy, Self::Offline];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Away => "away",
            Self::Busy => "busy",
            Self::Offline => "offline",
        }
    }

    /// Reads a name back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// What a user is to notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notification {
    /// A message names him.
    Mention {
        /// The message.
        message: MessageId,
        /// Its sender.
        by: UserId,
    },
    /// Somebody added him to a conversation.
    Invitation {
        /// Who.
        by: UserId,
    },
    /// A file that he uploaded was refused, and is gone.
    FileRemoved {
        /// The file.
        attachment: AttachmentId,
        /// The message that shows so.
        message: Option<MessageId>,
        /// He himself.
        uploader: UserId,
    },
}

impl Notification {
    /// The names of all kinds on the wire.
    pub const KINDS: [&'static str; 3] = ["mention", "invitation", "file_removed"];

    /// The name of its kind on the wire.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Mention { .. } => "mention",
            Self::Invitation { .. } => "invitation",
            Self::FileRemoved { .. } => "file_removed",
        }
    }
}
