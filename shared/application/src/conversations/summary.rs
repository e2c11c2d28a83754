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
        conversations::{ConversationRepository, Membership, ReadCursor},
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
        let places: Vec<Place> =
            standings.iter().map(|one| (one.membership.conversation, one.head)).collect();
        let found = standings.into_iter().zip(self.at(&places).await?);
        Ok(found.filter_map(|(standing, whole)| Some(for_reader(user, &standing, whole?))).collect())
    }

    /// The conversation at this head, whole, for somebody who oversees it without being in it.
    pub async fn whole(&self, id: ConversationId, head: Head) -> Result<Option<Summary>, PortError> {
        Ok(self.at(&[(id, head)]).await?.into_iter().next().flatten())
    }

    /// The conversations at these heads, each whole, in their order.
    async fn at(&self, places: &[Place]) -> Result<Vec<Option<Summary>>, PortError> {
        let ids: Vec<ConversationId> = places.iter().map(|(id, _)| *id).collect();
        let last_message = |(id, head): &Place| head.last_message.map(|seq| MessageId::new(*id, seq));
        let last: Vec<MessageId> = places.iter().filter_map(last_message).collect();
        let (found, entries, rosters) = futures::try_join!(
            self.rows.conversations(&ids),
            self.rows.entries(&last),
            self.rosters_at(places),
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
        let summaries = places.iter().zip(rosters).map(|((id, head), roster)| {
            let view = ConversationView {
                conversation: found.remove(id)?,
                head_seq: head.seq,
                head_n: head.n,
                writable: !head.is_closed() && !roster.is_blocked(),
                roster: Arc::unwrap_or_clone(roster),
                last_message: messages.remove(id),
            };
            Some(Summary { view, cursors: cursors.remove(id).unwrap_or_default(), own: None })
        });
        Ok(summaries.collect())
    }

    /// Rosters that the cache knows at the head's version, and the others from the table.
    async fn rosters_at(&self, places: &[Place]) -> Result<Vec<Arc<Roster>>, PortError> {
        let ids: Vec<ConversationId> = places.iter().map(|(id, _)| *id).collect();
        let known = self.cache.rosters(&ids).await.into_iter().chain(std::iter::repeat(None));
        let wanted: Vec<_> = places.iter().copied().zip(known).collect();
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

/// A conversation, and the head at which it is shown.
type Place = (ConversationId, Head);

/// The conversation as a member sees it who stands so in it.
fn for_reader(user: &UserId, standing: &Standing, whole: Summary) -> Summary {
    let Standing { membership, own, head } = standing;
    let Summary { mut view, mut cursors, .. } = whole;
    let own = own.or_else(|| view.last_message.as_ref().and_then(|message| own_position(user, message)));
    let first = first_visible(view.conversation.history, membership.joined);
    view.last_message = view.last_message.filter(|message| message.id.seq >= first).map(|mut message| {
        message.hide_before(first);
        message
    });
    let read = later(membership.cursor, own);
    if let Some(shown) = cursors.get_mut(user) {
        *shown = read;
    }
    let Membership { is_muted, is_archived, .. } = *membership;
    let unread = head.n.saturating_sub(read.n);
    Summary { view, cursors, own: Some(OwnSummary { read, unread, is_muted, is_archived }) }
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
