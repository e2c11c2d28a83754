//! The state behind the twins of the table's ports: single items, and transactions that others may see half done.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
};

use parlance_application::ports::{
    PortError,
    conversations::{Membership, ReadCursor},
};
use parlance_domain::{
    attachment::Attachment,
    conversation::Conversation,
    head::Seq,
    ids::{AttachmentId, ClientMessageId, ConversationId, UserId},
    log::{Entry, EntryBody},
    message::Message,
    roster::{Participant, Roster},
    time::Timestamp,
};

use super::gate::{Gate, OpenGate};
use crate::simulation::audit::replay;

/// The table, in memory. Its clones are the same table.
#[derive(Clone)]
pub struct MemoryCloud {
    pub(super) gate: Arc<dyn Gate>,
    state: Arc<Mutex<State>>,
}

/// Everything that stands in the table.
#[derive(Default)]
pub struct State {
    /// Logs, by conversation and position.
    pub logs: BTreeMap<ConversationId, BTreeMap<Seq, Entry>>,
    /// Conversations.
    pub conversations: BTreeMap<ConversationId, Conversation>,
    /// Rosters.
    pub rosters: BTreeMap<(ConversationId, UserId), Participant>,
    /// Who blocks the other one of a direct conversation.
    pub blocking: BTreeSet<(ConversationId, UserId)>,
    /// Who blocks whom, and since when.
    pub blocks: BTreeMap<(UserId, UserId), Timestamp>,
    /// Memberships.
    pub memberships: BTreeMap<(UserId, ConversationId), Membership>,
    /// Where messages of a known key stand.
    pub keys: BTreeMap<(UserId, ConversationId, ClientMessageId), Seq>,
    /// Uploaded files.
    pub attachments: BTreeMap<AttachmentId, Attachment>,
    /// Every entry in the order in which it came to stand: the stream.
    pub stream: Vec<(ConversationId, Entry)>,
    locks: BTreeSet<ItemKey>,
    under_way: Vec<Transaction>,
    next_transaction: u64,
    late: Vec<(u64, ConversationId, Entry)>,
}

/// The key of one item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ItemKey {
    Entry(ConversationId, Seq),
    Conversation(ConversationId),
    Roster(ConversationId, UserId),
    Membership(UserId, ConversationId),
    SentKey(UserId, ConversationId, ClientMessageId),
    Block(UserId, UserId),
    Attachment(AttachmentId),
}

/// One item's new value.
#[derive(Debug, Clone)]
pub(super) enum Write {
    Entry(ConversationId, Box<Entry>),
    Message(ConversationId, Seq, Box<Message>),
    Conversation(Box<Conversation>),
    Join(ConversationId, UserId, Participant),
    Leave(ConversationId, UserId),
    Membership(UserId, Box<Membership>),
    NoMembership(UserId, ConversationId),
    SentKey(UserId, ConversationId, ClientMessageId, Seq),
    Blocking(ConversationId, UserId, Participant, bool),
    Block(UserId, UserId, Option<Timestamp>),
    Attachment(Box<Attachment>),
    NoAttachment(AttachmentId),
}

impl Write {
    fn key(&self) -> ItemKey {
        match self {
            Self::Entry(conversation, entry) => ItemKey::Entry(*conversation, entry.seq),
            Self::Message(conversation, seq, _) => ItemKey::Entry(*conversation, *seq),
            Self::Conversation(conversation) => ItemKey::Conversation(conversation.id),
            Self::Join(conversation, user, _)
            | Self::Leave(conversation, user)
            | Self::Blocking(conversation, user, ..) => ItemKey::Roster(*conversation, user.clone()),
            Self::Membership(user, membership) => ItemKey::Membership(user.clone(), membership.conversation),
            Self::NoMembership(user, conversation) => ItemKey::Membership(user.clone(), *conversation),
            Self::SentKey(user, conversation, key, _) => {
                ItemKey::SentKey(user.clone(), *conversation, key.clone())
            }
            Self::Block(user, other, _) => ItemKey::Block(user.clone(), other.clone()),
            Self::Attachment(attachment) => ItemKey::Attachment(attachment.id),
            Self::NoAttachment(id) => ItemKey::Attachment(*id),
        }
    }
}

struct Transaction {
    id: u64,
    left: Vec<Write>,
}

impl Default for MemoryCloud {
    fn default() -> Self {
        Self::behind(Arc::new(OpenGate))
    }
}

impl MemoryCloud {
    /// An empty table behind a gate.
    pub fn behind(gate: Arc<dyn Gate>) -> Self {
        Self { gate, state: Arc::default() }
    }

    /// The same table, behind another gate.
    #[must_use]
    pub fn through(&self, gate: Arc<dyn Gate>) -> Self {
        Self { gate, state: Arc::clone(&self.state) }
    }

    /// Goes back to the moment of an entry: what came later is gone, and the rows are rebuilt from the entries that are left.
    pub fn restore(&self, conversation: ConversationId, cut: Seq) {
        let mut state = self.state();
        let log = state.logs.get_mut(&conversation).unwrap();
        log.retain(|seq, _| *seq <= cut);
        let left: Vec<Entry> = log.values().cloned().collect();
        let mut roster = Roster::default();
        for entry in &left {
            replay(entry, &mut roster);
        }
        let last = left.last().unwrap();
        let cursor = ReadCursor { seq: last.seq, n: last.n, at: last.at };
        state.rosters.clear();
        state.memberships.clear();
        for member in roster.members() {
            let joined = member.participant.joined;
            let membership = Membership::new(conversation, joined, cursor);
            state.rosters.insert((conversation, member.user.clone()), *member.participant);
            state.memberships.insert((member.user.clone(), conversation), membership);
        }
        state.keys.retain(|_, seq| *seq <= cut);
        state.late.clear();
    }

    /// Everything that stands, for a test to look at.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl State {
    /// Whether a transaction holds this item.
    pub(super) fn is_locked(&self, key: &ItemKey) -> bool {
        self.locks.contains(key)
    }

    /// Applies one write.
    pub(super) fn apply(&mut self, write: Write) {
        match write {
            Write::Entry(conversation, entry) => {
                self.stream.push((conversation, (*entry).clone()));
                self.logs.entry(conversation).or_default().insert(entry.seq, *entry);
            }
            Write::Message(conversation, seq, message) => {
                let entry = self.logs.get_mut(&conversation).and_then(|log| log.get_mut(&seq)).unwrap();
                entry.body = EntryBody::MessageSent(*message);
            }
            Write::Conversation(conversation) => {
                self.conversations.insert(conversation.id, *conversation);
            }
            Write::Join(conversation, user, participant) => {
                self.rosters.insert((conversation, user), participant);
            }
            Write::Leave(conversation, user) => {
                self.rosters.remove(&(conversation, user));
            }
            Write::Membership(user, membership) => {
                self.memberships.insert((user, membership.conversation), *membership);
            }
            Write::NoMembership(user, conversation) => {
                self.memberships.remove(&(user, conversation));
            }
            Write::Blocking(conversation, user, participant, is_blocking) => {
                self.rosters.insert((conversation, user.clone()), participant);
                if is_blocking {
                    self.blocking.insert((conversation, user));
                } else {
                    self.blocking.remove(&(conversation, user));
                }
            }
            Write::Block(user, other, Some(since)) => {
                self.blocks.insert((user, other), since);
            }
            Write::Block(user, other, None) => {
                self.blocks.remove(&(user, other));
            }
            Write::SentKey(user, conversation, key, seq) => {
                self.keys.insert((user, conversation, key), seq);
            }
            Write::Attachment(attachment) => {
                self.attachments.insert(attachment.id, *attachment);
            }
            Write::NoAttachment(id) => {
                self.attachments.remove(&id);
            }
        }
    }

    /// Begins a transaction whose conditions hold, or `None` if another holds one of its items.
    pub(super) fn begin(&mut self, writes: Vec<Write>) -> Option<u64> {
        let keys: Vec<ItemKey> = writes.iter().map(Write::key).collect();
        if keys.iter().any(|key| self.is_locked(key)) {
            return None;
        }
        self.locks.extend(keys);
        self.next_transaction += 1;
        self.under_way.push(Transaction { id: self.next_transaction, left: writes });
        Some(self.next_transaction)
    }

    /// Whether any item of these is held by a transaction.
    pub(super) fn is_contended(&self, writes: &[Write]) -> bool {
        writes.iter().any(|write| self.is_locked(&write.key()))
    }

    /// How many transactions are being applied.
    pub fn transactions_under_way(&self) -> usize {
        self.under_way.len()
    }

    /// Whose rows, in a roster, transactions are changing at this moment.
    pub fn users_being_changed(&self) -> Vec<UserId> {
        self.locks
            .iter()
            .filter_map(|key| match key {
                ItemKey::Roster(_, user) => Some(user.clone()),
                _ => None,
            })
            .collect()
    }

    /// Applies one item of one transaction: `place` below [`State::transactions_under_way`], `item` any number.
    pub fn step_transaction(&mut self, place: usize, item: usize) {
        let transaction = &mut self.under_way[place];
        let write = transaction.left.swap_remove(item % transaction.left.len());
        let is_done = transaction.left.is_empty();
        self.locks.remove(&write.key());
        self.apply(write);
        if is_done {
            self.under_way.swap_remove(place);
        }
    }

    /// Whether a transaction has been applied whole.
    pub(super) fn is_finished(&self, id: u64) -> bool {
        self.under_way.iter().all(|transaction| transaction.id != id)
    }

    /// Finishes a transaction at once.
    pub(super) fn finish(&mut self, id: u64) {
        while let Some(place) = self.under_way.iter().position(|transaction| transaction.id == id) {
            self.step_transaction(place, 0);
        }
    }

    /// Remembers a write that was taken for lost.
    pub(super) fn delay(&mut self, after: u64, conversation: ConversationId, entry: Entry) {
        self.late.push((after, conversation, entry));
    }

    /// How many writes that were taken for lost have yet to arrive.
    pub const fn late_writes(&self) -> usize {
        self.late.len()
    }

    /// Lets one unit of time pass for writes that are late, and carries out those that arrive.
    pub fn step_late(&mut self, all: bool) {
        let mut arrived = Vec::new();
        self.late.retain_mut(|(left, conversation, entry)| {
            *left = left.saturating_sub(1);
            if *left == 0 || all {
                arrived.push((*conversation, entry.clone()));
                return false;
            }
            true
        });
        for (conversation, entry) in arrived {
            self.put_if_absent(conversation, &entry);
        }
    }

    /// A conditional put of one entry, at one instant.
    pub(super) fn put_if_absent(&mut self, conversation: ConversationId, entry: &Entry) -> Put {
        if self.is_locked(&ItemKey::Entry(conversation, entry.seq)) {
            return Put::Locked;
        }
        if let Some(standing) = self.logs.get(&conversation).and_then(|log| log.get(&entry.seq)) {
            return Put::Refused(Box::new(standing.clone()));
        }
        self.apply(Write::Entry(conversation, Box::new(entry.clone())));
        Put::Stored
    }
}

/// What became of a conditional put.
pub(super) enum Put {
    Stored,
    Refused(Box<Entry>),
    Locked,
}

/// The failure of a call whose answer never came.
pub(super) fn unanswered(port: &'static str) -> PortError {
    PortError::new(port, "no answer in time")
}
