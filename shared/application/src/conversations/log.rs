//! Reading a conversation's log in order, as events: how a client closes a gap, however old.

use std::sync::Arc;

use parlance_domain::{
    authority::Caller,
    event::{Event, EventBody},
    head::Seq,
    ids::ConversationId,
};

use crate::{
    conversations::reader::Reader,
    log::events::EventResolver,
    ports::{
        PortError,
        conversations::ConversationRepository,
        log::{Consistency, LogRange, MessageLog, Order},
    },
};

/// How many bytes of text fill an answer, so that it stays far below a function's 6 MB.
const MAX_TEXT_BYTES: usize = 768 * 1024;

/// Reads the entries after a position.
#[derive(Clone)]
pub struct ReadLog {
    log: Arc<dyn MessageLog>,
    conversations: Arc<dyn ConversationRepository>,
    events: EventResolver,
}

/// A stretch of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogStretch {
    /// The entries in order, without a gap, from the position that was asked for (or from `first_seq`) on.
    pub events: Vec<Event>,
    /// The newest entry's position, read strongly after the membership.
    pub head_seq: Seq,
    /// Below it nothing is missing: everything there is hidden from this reader.
    pub first_seq: Option<Seq>,
}

/// Why a log is not shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadLogError {
    /// There is no such conversation for this user.
    #[error("no such conversation")]
    NotFound,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl ReadLog {
    /// The most entries that one call answers.
    pub const MAX_LIMIT: usize = 200;

    /// Takes the ports.
    pub fn new(log: Arc<dyn MessageLog>, conversations: Arc<dyn ConversationRepository>) -> Self {
        let events = EventResolver::new(Arc::clone(&log), Arc::clone(&conversations));
        Self { log, conversations, events }
    }

    /// The events after position `after` (0 for the beginning), at most `limit`; fewer do not mean that there are no more: `head_seq` does.
    pub async fn execute<'a>(
        &self,
        caller: impl Into<Caller<'a>>,
        conversation: ConversationId,
        after: u64,
        limit: usize,
    ) -> Result<LogStretch, ReadLogError> {
        let caller = caller.into();
        let reader = Reader::of(self.conversations.as_ref(), caller, conversation)
            .await?
            .ok_or(ReadLogError::NotFound)?;
        let range = LogRange {
            after: after.max(reader.first.get() - 1),
            up_to: None,
            order: Order::Ascending,
            limit: limit.clamp(1, Self::MAX_LIMIT),
            consistency: Consistency::Strong,
        };
        let (tail, mut page) =
            futures::try_join!(self.log.tail(conversation), self.log.page(conversation, range))?;
        let head = tail.ok_or(ReadLogError::NotFound)?;
        let mut newest = page.entries.last().map_or(head.seq, |entry| entry.seq.max(head.seq));
        if let Some(left) = reader.left_at(caller.user, &page.entries) {
            page.entries.retain(|entry| entry.seq <= left);
            newest = left;
        }
        let mut events = self.events.resolve(conversation, &page.entries, reader.first).await?;
        events.truncate(fitting(&events));
        Ok(LogStretch { events, head_seq: newest, first_seq: reader.hidden_before() })
    }
}

/// How many of the events fit into one answer: at least the first.
fn fitting(events: &[Event]) -> usize {
    let mut text_bytes = 0;
    let fits = |event: &&Event| {
        text_bytes += match &event.body {
            EventBody::MessageCreated(message)
            | EventBody::MessageUpdated(message)
            | EventBody::MessageDeleted(message) => message.message.body.text_bytes(),
            _ => 0,
        };
        text_bytes <= MAX_TEXT_BYTES
    };
    events.iter().take_while(fits).count().max(1)
}
