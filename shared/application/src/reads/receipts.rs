//! Who has read how far, and who has seen one message: page by page, however many people there are.

use std::sync::Arc;

use parlance_domain::{
    authority::Caller,
    head::Seq,
    ids::{ConversationId, MessageId, UserId},
};

use crate::{
    conversations::reader::Reader,
    ports::{
        PortError,
        conversations::{ConversationRepository, ReadReceipts, Receipt, ReceiptPlace},
        log::MessageLog,
    },
};

/// How many members are looked at in one read.
const MEMBERS_PER_READ: usize = 100;

/// How many reads one page may cost when few have read as far as is asked.
const MAX_READS: usize = 10;

/// Lists receipts.
#[derive(Clone)]
pub struct ListReceipts {
    log: Arc<dyn MessageLog>,
    conversations: Arc<dyn ConversationRepository>,
    receipts: Arc<dyn ReadReceipts>,
}

/// Whose receipts are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Everybody's.
    All,
    /// Of those who have read up to this entry, or further.
    UpTo(Seq),
    /// Of those who have seen this message: its sender, and who came after it, are not among them.
    Of(MessageId),
}

/// A place between two members, and the side of it on which the page lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReceiptPosition {
    /// The page after this member.
    After(UserId),
    /// The page before this member.
    Before(UserId),
}

/// A page of receipts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipts {
    /// The receipts; there may be fewer than asked for, and more beyond.
    pub receipts: Vec<Receipt>,
    /// Where the next page begins.
    pub next: Option<ReceiptPosition>,
    /// Where the previous page ends.
    pub previous: Option<ReceiptPosition>,
}

/// Why receipts are not shown.
#[derive(Debug, thiserror::Error)]
pub enum ListReceiptsError {
    /// There is no such conversation, or no such message in it, for this user.
    #[error("no such conversation or message")]
    NotFound,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Who is left out of a list.
#[derive(Debug, Clone, Default)]
struct Condition {
    read: Option<Seq>,
    joined_by: Option<Seq>,
    except: Option<UserId>,
}

impl Condition {
    fn admits(&self, receipt: &Receipt) -> bool {
        self.read.is_none_or(|seq| receipt.cursor.seq >= seq)
            && self.joined_by.is_none_or(|seq| receipt.joined <= seq)
            && self.except.as_ref() != Some(&receipt.user)
    }
}

impl ListReceipts {
    /// The most receipts on a page.
    pub const MAX_LIMIT: usize = 200;

    /// Takes the ports.
    pub fn new(
        log: Arc<dyn MessageLog>,
        conversations: Arc<dyn ConversationRepository>,
        receipts: Arc<dyn ReadReceipts>,
    ) -> Self {
        Self { log, conversations, receipts }
    }

    /// The page at `position`, the first one without.
    pub async fn execute(
        &self,
        caller: Caller<'_>,
        conversation: ConversationId,
        readers: Readers,
        position: Option<ReceiptPosition>,
        limit: usize,
    ) -> Result<Receipts, ListReceiptsError> {
        let limit = limit.clamp(1, Self::MAX_LIMIT);
        let reader = Reader::of(self.conversations.as_ref(), caller, conversation)
            .await?
            .ok_or(ListReceiptsError::NotFound)?;
        let condition = match readers {
            Readers::All => Condition::default(),
            Readers::UpTo(seq) => Condition { read: Some(seq), ..Condition::default() },
            Readers::Of(id) => self.seen(conversation, id, reader.first).await?,
        };
        let is_backwards = matches!(position, Some(ReceiptPosition::Before(_)));
        let from = match &position {
            Some(ReceiptPosition::After(user) | ReceiptPosition::Before(user)) => Some(user.clone()),
            None => None,
        };
        let (mut receipts, rest) = self.gather(conversation, &condition, from, is_backwards, limit).await?;
        if is_backwards {
            receipts.reverse();
        }
        let ends = |place: fn(&[Receipt]) -> Option<&Receipt>| place(&receipts).map(|end| end.user.clone());
        let (next, previous) = match position {
            Some(ReceiptPosition::Before(before)) => {
                let last = ends(<[Receipt]>::last);
                (last.or(Some(before)).map(ReceiptPosition::After), rest.map(ReceiptPosition::Before))
            }
            Some(ReceiptPosition::After(after)) => {
                let first = ends(<[Receipt]>::first).unwrap_or(after);
                (rest.map(ReceiptPosition::After), Some(ReceiptPosition::Before(first)))
            }
            None => (rest.map(ReceiptPosition::After), None),
        };
        Ok(Receipts { receipts, next, previous })
    }

    /// Who counts as having seen a message, if it is there for the one who asks.
    async fn seen(
        &self,
        conversation: ConversationId,
        id: MessageId,
        first: Seq,
    ) -> Result<Condition, ListReceiptsError> {
        if id.conversation != conversation || id.seq < first {
            return Err(ListReceiptsError::NotFound);
        }
        let entries = self.log.entries_at(conversation, &[id.seq]).await?;
        let message = entries.into_iter().find(|entry| entry.body.counts());
        let sender = message.ok_or(ListReceiptsError::NotFound)?.actor;
        Ok(Condition { read: Some(id.seq), joined_by: Some(id.seq), except: Some(sender) })
    }

    /// Up to `limit` receipts in one direction, and the last member that was looked at if more may lie beyond him.
    async fn gather(
        &self,
        conversation: ConversationId,
        condition: &Condition,
        mut from: Option<UserId>,
        is_backwards: bool,
        limit: usize,
    ) -> Result<(Vec<Receipt>, Option<UserId>), PortError> {
        let mut gathered: Vec<Receipt> = Vec::new();
        for _ in 0..MAX_READS {
            let place = match &from {
                None => ReceiptPlace::First,
                Some(user) if is_backwards => ReceiptPlace::Before(user),
                Some(user) => ReceiptPlace::After(user),
            };
            let missing = (limit - gathered.len()).min(MEMBERS_PER_READ);
            let wanted = if condition.read.is_some() { MEMBERS_PER_READ } else { missing };
            let page = self.receipts.page(conversation, place, wanted).await?;
            for receipt in page.receipts {
                if gathered.len() == limit {
                    let last = gathered.last().map(|last| last.user.clone());
                    return Ok((gathered, last));
                }
                if condition.admits(&receipt) {
                    gathered.push(receipt);
                }
            }
            from = page.rest;
            if from.is_none() || gathered.len() == limit {
                break;
            }
        }
        Ok((gathered, from))
    }
}
