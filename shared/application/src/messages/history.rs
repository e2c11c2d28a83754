//! Pages of a conversation's messages, newest first.

use std::sync::Arc;

use parlance_domain::{
    authority::Caller,
    head::Seq,
    ids::{ConversationId, UserId},
    log::Entry,
    message::PlacedMessage,
};

use crate::{
    conversations::reader::Reader,
    ports::{
        PortError,
        conversations::ConversationRepository,
        log::{Consistency, LogRange, MessageLog, Order},
    },
};

/// How many reads one page may cost when the log is full of entries that are no messages.
const MAX_READS: usize = 4;

/// How many bytes of text fill a page, so that an answer stays far below a function's 6 MB.
const MAX_TEXT_BYTES: usize = 768 * 1024;

/// Reads pages of messages.
#[derive(Clone)]
pub struct ReadHistory {
    log: Arc<dyn MessageLog>,
    conversations: Arc<dyn ConversationRepository>,
}

/// Which messages of a conversation a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// The newest ones.
    Newest,
    /// Those directly before a position.
    Before(Seq),
    /// Those directly after a position; 0 for the oldest ones.
    After(u64),
    /// Those before and after a position, itself included.
    Around(Seq),
}

/// A page of messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryPage {
    /// The messages, newest first.
    pub messages: Vec<PlacedMessage>,
    /// Where the next page begins, [`Window::Before`] this, unless nothing older is left.
    pub older: Option<Seq>,
    /// Where the previous page begins, [`Window::After`] this, unless nothing newer was there.
    pub newer: Option<Seq>,
}

/// Why a history is not shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadHistoryError {
    /// There is no such conversation for this user.
    #[error("no such conversation")]
    NotFound,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Messages found in one direction, in the order of reading, and the last position that was looked at if more may lie beyond it.
struct Stretch {
    messages: Vec<PlacedMessage>,
    rest: Option<Seq>,
}

impl ReadHistory {
    /// The most messages on a page.
    pub const MAX_LIMIT: usize = 200;

    /// Takes the ports.
    pub fn new(log: Arc<dyn MessageLog>, conversations: Arc<dyn ConversationRepository>) -> Self {
        Self { log, conversations }
    }

    /// One page. Only the newest one is read strongly; it may be short while `older` still leads on.
    pub async fn execute<'a>(
        &self,
        caller: impl Into<Caller<'a>>,
        conversation: ConversationId,
        window: Window,
        limit: usize,
    ) -> Result<HistoryPage, ReadHistoryError> {
        let limit = limit.clamp(1, Self::MAX_LIMIT);
        let caller = caller.into();
        let reader = Reader::of(self.conversations.as_ref(), caller, conversation)
            .await?
            .ok_or(ReadHistoryError::NotFound)?;
        let pages = Pages { log: self.log.as_ref(), conversation, user: caller.user, reader: &reader };
        let page = match window {
            Window::Newest => {
                let stretch = pages.older(None, limit, Consistency::Strong).await?;
                HistoryPage { messages: stretch.messages, older: stretch.rest, newer: None }
            }
            Window::Before(seq) => {
                let stretch = pages.older(Some(seq), limit, Consistency::Eventual).await?;
                HistoryPage { messages: stretch.messages, older: stretch.rest, newer: seq.previous() }
            }
            Window::After(seq) => {
                let stretch = pages.newer(seq, limit).await?;
                let older = Seq::new(seq.saturating_add(1)).filter(|_| seq >= reader.first.get());
                HistoryPage { messages: reversed(stretch.messages), older, newer: stretch.rest }
            }
            Window::Around(seq) => {
                let upper = limit / 2;
                let (newer, older) = futures::try_join!(
                    pages.newer(seq.get(), upper),
                    pages.older(Some(seq.next()), limit - upper, Consistency::Eventual),
                )?;
                let mut messages = reversed(newer.messages);
                messages.extend(older.messages);
                HistoryPage { messages, older: older.rest, newer: newer.rest }
            }
        };
        Ok(page)
    }
}

/// The visible part of one log.
struct Pages<'a> {
    log: &'a dyn MessageLog,
    conversation: ConversationId,
    user: &'a UserId,
    reader: &'a Reader,
}

impl Pages<'_> {
    async fn older(
        &self,
        below: Option<Seq>,
        limit: usize,
        consistency: Consistency,
    ) -> Result<Stretch, PortError> {
        let floor = self.reader.first.get() - 1;
        let mut up_to = match below.map(Seq::previous) {
            Some(None) => return Ok(Stretch { messages: Vec::new(), rest: None }),
            Some(highest) => highest,
            None => None,
        };
        let mut found = Found::new(limit);
        for _ in 0..MAX_READS {
            let range = LogRange {
                after: floor,
                up_to,
                order: Order::Descending,
                limit: found.missing(),
                consistency,
            };
            let page = self.log.page(self.conversation, range).await?;
            let lowest = page.entries.last().map(|entry| entry.seq);
            self.take(&mut found, &page.entries);
            let rest = if page.is_last { None } else { lowest };
            let rest = rest.filter(|seq| *seq > self.reader.first);
            if rest.is_none() || found.is_full() {
                return Ok(Stretch { messages: found.messages, rest });
            }
            up_to = rest.and_then(Seq::previous);
        }
        Ok(Stretch { messages: found.messages, rest: up_to.map(Seq::next) })
    }

    async fn newer(&self, above: u64, limit: usize) -> Result<Stretch, PortError> {
        let mut after = above.max(self.reader.first.get() - 1);
        let mut found = Found::new(limit);
        for _ in 0..MAX_READS {
            if found.is_full() {
                break;
            }
            let range = LogRange {
                after,
                up_to: None,
                order: Order::Ascending,
                limit: found.missing(),
                consistency: Consistency::Eventual,
            };
            let page = self.log.page(self.conversation, range).await?;
            self.take(&mut found, &page.entries);
            after = page.entries.last().map_or(after, |entry| entry.seq.get());
            if page.is_last {
                return Ok(Stretch { messages: found.messages, rest: None });
            }
        }
        Ok(Stretch { messages: found.messages, rest: Seq::new(after) })
    }

    /// Takes what the reader may see.
    fn take(&self, found: &mut Found, entries: &[Entry]) {
        found.take(entries, self.conversation, self.reader.first);
        if let Some(left) = self.reader.left_at(self.user, entries) {
            found.messages.retain(|message| message.id.seq <= left);
        }
    }
}

/// The messages of a page while it fills.
struct Found {
    messages: Vec<PlacedMessage>,
    limit: usize,
    text_bytes: usize,
}

impl Found {
    const fn new(limit: usize) -> Self {
        Self { messages: Vec::new(), limit, text_bytes: 0 }
    }

    const fn missing(&self) -> usize {
        self.limit - self.messages.len()
    }

    const fn is_full(&self) -> bool {
        self.missing() == 0 || self.text_bytes >= MAX_TEXT_BYTES
    }

    fn take(&mut self, entries: &[Entry], conversation: ConversationId, first: Seq) {
        for entry in entries {
            if let Some(mut message) = entry.message(conversation) {
                message.hide_before(first);
                self.text_bytes += message.message.body.text_bytes();
                self.messages.push(message);
            }
        }
    }
}

fn reversed(mut messages: Vec<PlacedMessage>) -> Vec<PlacedMessage> {
    messages.reverse();
    messages
}
