//! A conversation as one of its readers sees it: what it is, who is in it, and what he has not read.

use std::{collections::BTreeMap, sync::Arc};

use parlance_domain::{
    event::ConversationView,
    head::{Head, Seq},
    ids::{ConversationId, UserId},
    message::PlacedMessage,
};

use super::reader::first_visible;
use crate::ports::{
    PortError,
    conversations::{ConversationRepository, Membership, ReadCursor, ReadReceipts},
    log::MessageLog,
};

/// How many participants a conversation is shown with.
pub const SHOWN_PARTICIPANTS: usize = 100;

/// A conversation with what is its reader's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// What every member sees.
    pub view: ConversationView,
    /// How far each of the first [`SHOWN_PARTICIPANTS`] has read.
    pub cursors: BTreeMap<UserId, ReadCursor>,
    /// What is the reader's own; nothing of one who only oversees the conversation.
    pub own: Option<OwnSummary>,
}

/// What of a conversation is its reader's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnSummary {
    /// How far he has read: his cursor or his own last message, whichever is later.
    pub read: ReadCursor,
    /// How many messages stand after it.
    pub unread: u64,
    /// Whether he does not want to be disturbed by it.
    pub is_muted: bool,
    /// Whether he does not want to see it among the others.
    pub is_archived: bool,
}

/// Puts summaries together.
#[derive(Clone)]
pub struct Summaries {
    log: Arc<dyn MessageLog>,
    conversations: Arc<dyn ConversationRepository>,
    receipts: Arc<dyn ReadReceipts>,
}

impl Summaries {
    /// Takes the ports.
    pub fn new(
        log: Arc<dyn MessageLog>,
        conversations: Arc<dyn ConversationRepository>,
        receipts: Arc<dyn ReadReceipts>,
    ) -> Self {
        Self { log, conversations, receipts }
    }

    /// The conversation of a membership at this head; `own` is where the reader's last own message stands, where that is remembered.
    pub async fn of(
        &self,
        user: &UserId,
        membership: &Membership,
        own: Option<ReadCursor>,
        head: &Head,
    ) -> Result<Option<Summary>, PortError> {
        let Some(mut summary) = self.whole(membership.conversation, head).await? else { return Ok(None) };
        let view = &mut summary.view;
        let own = own.or_else(|| view.last_message.as_ref().and_then(|message| own_position(user, message)));
        let first = first_visible(view.conversation.history, membership.joined);
        view.last_message =
            view.last_message.take().filter(|message| message.id.seq >= first).map(|mut message| {
                message.hide_before(first);
                message
            });
        let read = later(membership.cursor, own);
        if let Some(shown) = summary.cursors.get_mut(user) {
            *shown = read;
        }
        let Membership { is_muted, is_archived, .. } = *membership;
        let unread = head.n.saturating_sub(read.n);
        summary.own = Some(OwnSummary { read, unread, is_muted, is_archived });
        Ok(Some(summary))
    }

    /// The conversation at this head, whole, for somebody who oversees it without being in it.
    pub async fn whole(&self, id: ConversationId, head: &Head) -> Result<Option<Summary>, PortError> {
        let (found, roster, last_message) = futures::try_join!(
            self.conversations.find(id),
            self.conversations.roster(id),
            self.last_message(id, head),
        )?;
        let Some(conversation) = found else { return Ok(None) };
        let shown: Vec<UserId> =
            roster.members().take(SHOWN_PARTICIPANTS).map(|member| member.user.clone()).collect();
        let cursors: BTreeMap<UserId, ReadCursor> =
            self.receipts.cursors(id, &shown).await?.into_iter().collect();
        Ok(Some(Summary {
            view: ConversationView {
                conversation,
                head_seq: head.seq,
                head_n: head.n,
                writable: !head.is_closed() && !roster.is_blocked(),
                roster,
                last_message,
            },
            cursors,
            own: None,
        }))
    }

    async fn last_message(
        &self,
        id: ConversationId,
        head: &Head,
    ) -> Result<Option<PlacedMessage>, PortError> {
        let Some(seq) = head.last_message else { return Ok(None) };
        let entries = self.log.entries_at(id, &[seq]).await?;
        Ok(entries.iter().find_map(|entry| entry.message(id)))
    }
}

/// Where the reader stands when the newest message is his own: sending reads, even where nothing remembers it yet.
fn own_position(user: &UserId, message: &PlacedMessage) -> Option<ReadCursor> {
    let PlacedMessage { id, n, created_at, .. } = message;
    (message.sender == *user).then_some(ReadCursor { seq: id.seq, n: *n, at: *created_at })
}

/// The later of the stored cursor and the reader's own last message.
pub fn later(cursor: ReadCursor, own: Option<ReadCursor>) -> ReadCursor {
    own.filter(|own| own.seq > cursor.seq).unwrap_or(cursor)
}

/// Whether a head that a cache remembers may be believed by a reader who knows of `seq`: one that lies behind may not.
pub fn is_current(head: &Head, seq: Seq) -> bool {
    head.seq >= seq
}
