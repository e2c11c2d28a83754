//! The log of every conversation: the truth.

use async_trait::async_trait;
use parlance_domain::{
    attachment::Attachment,
    conversation::Title,
    head::{Head, Seq},
    ids::{AttachmentId, ConversationId, UserId},
    log::Entry,
    message::Message,
    roster::Participant,
};

use super::PortError;

/// Keeps the logs. Position `seq` of a conversation is written at most once, by whoever comes first.
#[async_trait]
pub trait MessageLog: Send + Sync {
    /// The newest entry's head, read strongly: every entry that was acknowledged before the call is seen.
    /// `None` where the conversation does not exist.
    async fn tail(&self, conversation: ConversationId) -> Result<Option<Head>, PortError>;

    /// Entries of a range, in its order. A page may be shorter than its limit and still not be the last.
    async fn page(&self, conversation: ConversationId, range: LogRange) -> Result<LogPage, PortError>;

    /// The entries at these positions (at most 100), in any order, read strongly; positions that do not exist are left out.
    async fn entries_at(&self, conversation: ConversationId, seqs: &[Seq]) -> Result<Vec<Entry>, PortError>;

    /// Writes the entry if its position is free: one write unit for an entry of up to 1 KB. After a [`PortError`] it may or may not stand there.
    ///
    /// A call that repeats itself, since it got no answer, knows its own entry again: it is stored then. Of several calls with the same message
    /// one stores it.
    async fn append(&self, conversation: ConversationId, entry: &Entry) -> Result<Append, PortError>;

    /// Writes the entry if its position is free, and what goes beside it: all or nothing.
    async fn append_once(
        &self,
        conversation: ConversationId,
        entry: &Entry,
        beside: &Beside,
    ) -> Result<AppendOnce, PortError>;

    /// Writes the entry if its position is free and applies every change if its condition holds: all or nothing, at most 100 writes.
    ///
    /// A reader may see part of it while it is being applied; the roster's sum tells him.
    async fn commit(
        &self,
        conversation: ConversationId,
        entry: &Entry,
        changes: &[RowChange],
    ) -> Result<Commit, PortError>;
}

/// Which part of a log to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogRange {
    /// Only positions above this one; 0 for the beginning.
    pub after: u64,
    /// Only positions up to this one.
    pub up_to: Option<Seq>,
    /// In which order.
    pub order: Order,
    /// At most this many.
    pub limit: usize,
    /// Whether acknowledged entries must be seen (twice the price) or may be a moment late.
    pub consistency: Consistency,
}

/// The order of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// From the lowest position up.
    Ascending,
    /// From the highest position down.
    Descending,
}

/// How fresh a read must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consistency {
    /// Everything acknowledged before is seen.
    Strong,
    /// The last moments may be missing.
    Eventual,
}

/// A part of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPage {
    /// The entries, in the range's order.
    pub entries: Vec<Entry>,
    /// Whether nothing of the range is left beyond them.
    pub is_last: bool,
}

/// What became of an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Append {
    /// The entry stands at its position.
    Stored,
    /// Another entry, or another call's attempt at this one, stands there.
    Taken(Box<Entry>),
    /// A transaction was writing there at that moment; nothing was stored.
    Contended,
}

/// What is written together with a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    /// Whether its client's key is remembered for 24 hours, unless it is known already.
    pub remembers_key: bool,
    /// The files that it takes.
    pub claims: Vec<Claim>,
}

/// A file that a message takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The file as it is from now on, if the version before stands.
    Take(Box<Attachment>),
    /// A file that is not there, or is not to be had: it stands in the way of the append, and nothing is written.
    Refused(AttachmentId),
}

/// What became of an append with what goes beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppendOnce {
    /// The entry stands at its position, its key at its row.
    Stored,
    /// This key was already sent: as the entry at this position.
    AlreadySent(Seq),
    /// The position is free, the key unknown, and a claim does not hold; nothing was stored.
    Unclaimed,
    /// Another entry stands at the position, or a transaction was writing there; nothing was stored.
    Contended,
}

/// One conditional change beside an entry. Its condition is the row's version as the caller saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowChange {
    /// Somebody joins: his roster row and his membership, whose read cursor stands at the entry (its seq and n).
    Join {
        /// Who.
        user: UserId,
        /// The new row; he must have none.
        participant: Participant,
    },
    /// Somebody goes: both rows are deleted.
    Leave {
        /// Who.
        user: UserId,
        /// The version of the row that is to be deleted.
        since: Seq,
    },
    /// Somebody gets another role.
    SetRole {
        /// Who.
        user: UserId,
        /// The new row, whose `since` is the entry.
        participant: Participant,
        /// The version that is to be replaced.
        since: Seq,
    },
    /// One of the two people of a direct conversation blocks the other one, or does not any more: his roster row, and his own list of those
    /// whom he blocks.
    SetBlock {
        /// Who.
        user: UserId,
        /// Whom.
        other: UserId,
        /// Whether he does from now on.
        is_blocking: bool,
        /// The new row, whose `since` is the entry.
        participant: Participant,
        /// The version that is to be replaced.
        since: Seq,
    },
    /// The message at `target` is edited or deleted.
    SetMessage {
        /// Its entry.
        target: Seq,
        /// The message from now on, whose `since` is the new entry.
        message: Box<Message>,
        /// The version that is to be replaced.
        since: Seq,
    },
    /// A file goes with the message that owns it; one that is gone is no obstacle.
    RemoveAttachment {
        /// The file.
        id: AttachmentId,
    },
    /// The conversation's title changes.
    SetTitle {
        /// The new title.
        title: Title,
        /// The version of the conversation's row that is to be replaced.
        since: Seq,
    },
    /// The conversation's row is marked as closed.
    Close {
        /// The version of the conversation's row that is to be replaced.
        since: Seq,
    },
}

/// What became of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commit {
    /// All of it stands.
    Committed,
    /// The position was taken, a condition failed, or another transaction was writing there; nothing was stored. Read again.
    Refused,
}
