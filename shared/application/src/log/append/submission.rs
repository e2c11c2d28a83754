//! What is appended, what entitles its sender, and where it stands then.

use std::sync::Arc;

use parlance_domain::{
    attachment::{AttachedFile, Attachment},
    ids::{AttachmentId, ConversationId, MessageId, UserId},
    log::{Entry, MessageKey},
    message::MessageBody,
    roster::Roster,
};

use crate::ports::log::Claim;

/// A message on its way into a log.
#[derive(Debug, Clone)]
pub struct Submission {
    /// Where to.
    pub conversation: ConversationId,
    /// From whom.
    pub sender: UserId,
    /// By what a retry is recognised.
    pub key: MessageKey,
    /// The last position that the client knew when it first queued the message: from there on every position is read.
    pub after: Option<u64>,
    /// What is said.
    pub body: MessageBody,
    /// The files that it would take, in the order in which the body names them.
    pub files: Vec<Candidate>,
    /// What entitles the sender.
    pub entitlement: Entitlement,
}

/// A file that a message would take, as it was read before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Candidate {
    /// It is the sender's and free.
    Free(Box<Attachment>),
    /// It is not there or not to be had: the message is not written, but may stand already, with this file.
    Refused(AttachmentId),
}

/// What entitles somebody to append a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entitlement {
    /// His place in the roster.
    Membership,
    /// The reference that the conversation carries: he is a trusted back end.
    Reference,
}

impl Submission {
    /// Whether the roster lets the sender in.
    pub(super) fn is_entitled_by(&self, roster: &Roster) -> bool {
        self.entitlement == Entitlement::Reference || roster.member(&self.sender).is_some()
    }
}

/// Where the message stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// This call wrote it.
    Stored {
        /// The entry.
        entry: Entry,
        /// The roster by which its sender was authorized: the entry's version or a later one.
        roster: Arc<Roster>,
    },
    /// It stands, and an attempt of this very call may have written it, since its answer was lost: whether it was broadcast is not known.
    StoredUnanswered {
        /// The entry.
        entry: Entry,
        /// The roster by which its sender was authorized.
        roster: Arc<Roster>,
    },
    /// An earlier call wrote it.
    AlreadyStored(Entry),
}

impl Submission {
    /// What is to hold for the files if the message is written as `message`.
    pub(super) fn claims(&self, message: MessageId) -> Vec<Claim> {
        let claim = |candidate: &Candidate| match candidate {
            Candidate::Free(file) => match file.as_ref().clone().claimed_by(message) {
                Some(claimed) => Claim::Take(Box::new(claimed)),
                None => Claim::Refused(file.id),
            },
            Candidate::Refused(id) => Claim::Refused(*id),
        };
        self.files.iter().map(claim).collect()
    }

    /// The files as the message shows them.
    pub fn attached(&self) -> Vec<AttachedFile> {
        let attached = |candidate: &Candidate| match candidate {
            Candidate::Free(file) => Some(file.attached()),
            Candidate::Refused(_) => None,
        };
        self.files.iter().filter_map(attached).collect()
    }
}
