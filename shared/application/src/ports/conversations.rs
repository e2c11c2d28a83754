//! Conversations apart from their logs: what they are, who is in them, and how far everybody has read.

use async_trait::async_trait;
use parlance_domain::{
    conversation::Conversation,
    head::Seq,
    ids::{ConversationId, UserId},
    log::Entry,
    roster::{Participant, Roster},
    time::Timestamp,
};

use super::PortError;

/// Keeps conversations, rosters and memberships. Changes of a roster are entries of the log: [`super::log::MessageLog::commit`].
#[async_trait]
pub trait ConversationRepository: Send + Sync {
    /// Creates the conversation with its first entry, its roster (at most 45 people) and their memberships, all or nothing,
    /// unless a conversation of this id exists, or it is the direct one of two people of whom one blocks the other.
    async fn create(&self, creation: &Creation) -> Result<Creating, PortError>;

    /// The conversation's own data, read strongly.
    async fn find(&self, id: ConversationId) -> Result<Option<Conversation>, PortError>;

    /// The roster, read strongly, all pages. It may straddle a change that is just being applied:
    /// only a roster whose sum is the one that the log's entry carries counts.
    async fn roster(&self, id: ConversationId) -> Result<Roster, PortError>;

    /// One user's membership, read strongly.
    async fn membership(&self, user: &UserId, id: ConversationId) -> Result<Option<Membership>, PortError>;

    /// All memberships of a user, by conversation id.
    async fn memberships(&self, user: &UserId) -> Result<Vec<Membership>, PortError>;

    /// Moves a read cursor forward: one write. A cursor that is already there or further stays; without a membership nothing is written.
    async fn advance_cursor(
        &self,
        user: &UserId,
        id: ConversationId,
        cursor: ReadCursor,
    ) -> Result<Advance, PortError>;
}

/// Reads how far the people of a conversation have read, a page at a time, so that nobody has to hold all of them.
#[async_trait]
pub trait ReadReceipts: Send + Sync {
    /// The members beside a place in the order of the table, nearest first, at most `limit` (up to 100) of them, perhaps a moment late.
    async fn page(
        &self,
        conversation: ConversationId,
        place: ReceiptPlace<'_>,
        limit: usize,
    ) -> Result<ReceiptPage, PortError>;
}

/// Where a page of receipts lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptPlace<'a> {
    /// At the first member.
    First,
    /// After this one.
    After(&'a UserId),
    /// Before this one, in reverse order.
    Before(&'a UserId),
}

/// Some of the members of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptPage {
    /// The members, in the direction of the place.
    pub receipts: Vec<Receipt>,
    /// The last member that was looked at, unless nobody is left beyond him.
    pub rest: Option<UserId>,
}

/// How far one member has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Who.
    pub user: UserId,
    /// The entry by which he joined.
    pub joined: Seq,
    /// His stored cursor.
    pub cursor: ReadCursor,
}

/// Reads who is in a conversation, some at a time.
#[async_trait]
pub trait RosterPages: Send + Sync {
    /// The people from a place on, by the order of their keys, perhaps a moment late.
    async fn page(
        &self,
        conversation: ConversationId,
        place: &RosterPlace,
        limit: usize,
    ) -> Result<RosterPage, PortError>;
}

/// Where a page of people lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RosterPlace {
    /// At the beginning.
    First,
    /// Directly after somebody, who need not be there any more.
    After(UserId),
    /// Directly before somebody.
    Before(UserId),
}

/// Some of the people of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterPage {
    /// They, in order; of a page before somebody, too.
    pub rows: Vec<(UserId, Participant)>,
    /// Whether more lie beyond them, in the direction of the page.
    pub has_more: bool,
}

/// Keeps what members decided for themselves.
#[async_trait]
pub trait MembershipSettings: Send + Sync {
    /// Switches a setting by one write, whatever it was; `false` where there is no membership.
    async fn switch(
        &self,
        user: &UserId,
        conversation: ConversationId,
        setting: MembershipSetting,
        is_on: bool,
    ) -> Result<bool, PortError>;
}

/// What a member decides for himself about a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MembershipSetting {
    /// Not to be disturbed by it.
    Muted,
    /// Not to see it among the others.
    Archived,
}

/// A conversation to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creation {
    /// Its own data.
    pub conversation: Conversation,
    /// Who is in it from the start.
    pub roster: Roster,
    /// Entry 1.
    pub entry: Entry,
}

/// What became of a creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Creating {
    /// It exists now, by this call.
    Created,
    /// It existed already; nothing was written.
    Exists,
    /// One of its two people blocks the other one; nothing was written.
    Blocked,
}

/// What one user has of one conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The conversation.
    pub conversation: ConversationId,
    /// The entry by which he joined.
    pub joined: Seq,
    /// How far he has read on purpose; his own messages read as well.
    pub cursor: ReadCursor,
    /// Whether he does not want to be disturbed by it.
    pub is_muted: bool,
    /// Whether he does not want to see it among the others.
    pub is_archived: bool,
}

impl Membership {
    /// The membership of somebody who has just come.
    pub const fn new(conversation: ConversationId, joined: Seq, cursor: ReadCursor) -> Self {
        Self { conversation, joined, cursor, is_muted: false, is_archived: false }
    }

    /// Switches a setting.
    pub const fn switch(&mut self, setting: MembershipSetting, is_on: bool) {
        match setting {
            MembershipSetting::Muted => self.is_muted = is_on,
            MembershipSetting::Archived => self.is_archived = is_on,
        }
    }
}

/// How far somebody has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadCursor {
    /// Up to this entry.
    pub seq: Seq,
    /// Its ordinal: unread = head's n − this.
    pub n: u64,
    /// When the cursor got there.
    pub at: Timestamp,
}

/// What became of a cursor's move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advance {
    /// It stands where it was sent.
    Moved,
    /// It stood there or further already: here.
    Unmoved(ReadCursor),
    /// There is no membership.
    NotAMember,
}
