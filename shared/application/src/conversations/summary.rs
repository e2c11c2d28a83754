//! A conversation as one of its readers sees it: what it is, who is in it, and what he has not read.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use futures::{StreamExt, TryStreamExt, stream};
use parlance_domain::{
    conversation::Conversation,
    event::ConversationView,
    head::{Head, Seq},
    ids::{ConversationId, MessageId, UserId},
    message::PlacedMessage,
    roster::Roster,
};

use super::{reader::first_visible, standing::Standing};
use crate::{
    log::rosters::RosterReader,
    ports::{
        PortError,
        conversations::{ConversationRepository, ReadCursor},
        reads::ReadingCache,
        rows::ConversationRows,
    },
};

/// How many reads are under way at once.
const CONCURRENT_READS: usize = 16;

/// How many participants a conversation is shown with.
pub const SHOWN_PARTICIPANTS: usize = 100;

/// A conversation with what is its reader's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// What every member sees.
    pub view: ConversationView,
    /// How far each of the first [`SHOWN_PARTICIPANTS`] has read.
    pub cursors: BTreeMap<UserId, ReadCursor>,
    /// How far the reader has read: his cursor or his own last message, whichever is later.
    pub read: ReadCursor,
    /// How many messages stand after it.
    pub unread: u64,
}

/// Puts summaries together, all rows of a page at once.
#[derive(Clone)]
pub struct Summaries {
    rows: Arc<dyn ConversationRows>,
    conversations: Arc<dyn ConversationRepository>,
    rosters: RosterReader,
    cache: Arc<dyn ReadingCache>,
}

impl Summaries {
    /// Takes the ports.
    pub fn new(
        rows: Arc<dyn ConversationRows>,
        conversations: Arc<dyn ConversationRepository>,
        rosters: RosterReader,
        cache: Arc<dyn ReadingCache>,
    ) -> Self {
        Self { rows, conversations, rosters, cache }
    }

    /// The conversations in which the user stands so, in their order; one that does not exist is left out.
    pub async fn of(&self, user: &UserId, standings: Vec<Standing>) -> Result<Vec<Summary>, PortError> {
        let ids: Vec<ConversationId> = standings.iter().map(|one| one.membership.conversation).collect();
        let last: Vec<MessageId> = standings.iter().filter_map(last_message).collect();
        let (found, entries, rosters) = futures::try_join!(
            self.rows.conversations(&ids),
            self.rows.entries(&last),
            self.rosters_of(&standings),
        )?;
        let shown: Vec<(ConversationId, UserId)> = ids
            .iter()
            .zip(&rosters)
            .flat_map(|(id, roster)| {
                roster.members().take(SHOWN_PARTICIPANTS).map(|member| (*id, member.user.clone()))
            })
            .collect();
        let mut cursors: HashMap<ConversationId, BTreeMap<UserId, ReadCursor>> = HashMap::new();
        for (id, user, cursor) in self.rows.cursors(&shown).await? {
            cursors.entry(id).or_default().insert(user, cursor);
        }
        let mut found: HashMap<ConversationId, Conversation> =
            found.into_iter().map(|conversation| (conversation.id, conversation)).collect();
        let mut messages: HashMap<ConversationId, PlacedMessage> =
            entries.iter().filter_map(|(id, entry)| Some((*id, entry.message(*id)?))).collect();
        let rows = standings.into_iter().zip(rosters);
        let summaries = rows.filter_map(|(standing, roster)| {
            let id = standing.membership.conversation;
            let cursors = cursors.remove(&id).unwrap_or_default();
            let (conversation, message) = (found.remove(&id)?, messages.remove(&id));
            Some(summary(user, &standing, conversation, Arc::unwrap_or_clone(roster), message, cursors))
        });
        Ok(summaries.collect())
    }

    /// Rosters that the cache knows at the head's version, and the others from the table.
    async fn rosters_of(&self, standings: &[Standing]) -> Result<Vec<Arc<Roster>>, PortError> {
        let ids: Vec<ConversationId> = standings.iter().map(|one| one.membership.conversation).collect();
        let known = self.cache.rosters(&ids).await.into_iter().chain(std::iter::repeat(None));
        let heads = standings.iter().map(|one| (one.membership.conversation, one.head));
        let wanted: Vec<_> = heads.zip(known).collect();
        stream::iter(wanted)
            .map(|((id, head), known)| self.roster_of(id, head, known))
            .buffered(CONCURRENT_READS)
            .try_collect()
            .await
    }

    async fn roster_of(
        &self,
        id: ConversationId,
        head: Head,
        known: Option<(Seq, Arc<Roster>)>,
    ) -> Result<Arc<Roster>, PortError> {
        if let Some((_, roster)) = known.filter(|(version, _)| *version >= head.roster_version) {
            return Ok(roster);
        }
        match self.rosters.at_head(id, &head).await? {
            Some(roster) => Ok(roster),
            // A change is being applied, or the conversation is closed: what can be seen is shown.
            None => self.conversations.roster(id).await.map(Arc::new),
        }
    }
}

fn last_message(standing: &Standing) -> Option<MessageId> {
    standing.head.last_message.map(|seq| MessageId::new(standing.membership.conversation, seq))
}

fn summary(
    user: &UserId,
    standing: &Standing,
    conversation: Conversation,
    roster: Roster,
    last_message: Option<PlacedMessage>,
    mut cursors: BTreeMap<UserId, ReadCursor>,
) -> Summary {
    let Standing { membership, own, head } = standing;
    let own = own.or_else(|| last_message.as_ref().and_then(|message| own_position(user, message)));
    let read = later(membership.cursor, own);
    let first = first_visible(conversation.history, membership.joined);
    let last_message = last_message.filter(|message| message.id.seq >= first).map(|mut message| {
        message.hide_before(first);
        message
    });
    if let Some(shown) = cursors.get_mut(user) {
        *shown = read;
    }
    Summary {
        view: ConversationView {
            conversation,
            roster,
            head_seq: head.seq,
            head_n: head.n,
            writable: !head.is_closed(),
            last_message,
        },
        cursors,
        read,
        unread: head.n.saturating_sub(read.n),
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
