//! A user's conversations, most recent activity first, in pages that do not move while messages arrive.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use futures::{StreamExt, TryStreamExt, stream};
use parlance_domain::{
    conversation::{Conversation, ConversationKind},
    head::Head,
    ids::{ConversationId, UserId},
    time::Timestamp,
};

use super::summary::{Summaries, Summary, is_current, later};
use crate::ports::{
    PortError,
    cache::ConversationCache,
    conversations::{ConversationRepository, Membership, ReadCursor, ReadReceipts},
    environment::Clock,
    log::{Consistency, LogRange, MessageLog, Order},
};

/// How many reads are under way at once.
const CONCURRENT_READS: usize = 16;

/// How many entries are looked through at once for the newest one of a past moment.
const ENTRIES_PER_READ: usize = 50;

/// Lists a user's conversations.
#[derive(Clone)]
pub struct ListConversations {
    log: Arc<dyn MessageLog>,
    conversations: Arc<dyn ConversationRepository>,
    cache: Arc<dyn ConversationCache>,
    clock: Arc<dyn Clock>,
    summaries: Summaries,
}

/// Which conversations are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// Only of this kind.
    pub kind: Option<ConversationKind>,
    /// Only with unread messages, or only without.
    pub unread: Option<bool>,
    /// Only about this type of thing.
    pub reference_type: Option<String>,
    /// Only about the thing of this id.
    pub reference_id: Option<String>,
    /// None of these.
    pub except: BTreeSet<ConversationId>,
    /// The archived ones instead of the others.
    pub archived: bool,
}

/// A place between two conversations of a list, in the order of one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListPosition {
    /// The moment whose order the pages follow.
    pub moment: Timestamp,
    /// The last activity, by then, of the conversation beside the place.
    pub activity: Timestamp,
    /// That conversation.
    pub conversation: ConversationId,
    /// Whether the page lies after it or before it.
    pub direction: Direction,
}

/// On which side of a position a page lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The next page: less recent.
    Next,
    /// The previous page: more recent.
    Previous,
}

/// A page of conversations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationList {
    /// Most recent activity first.
    pub items: Vec<Summary>,
    /// Where the next page begins.
    pub next: Option<ListPosition>,
    /// Where the previous page ends.
    pub previous: Option<ListPosition>,
}

/// A conversation in the order of the list.
#[derive(Clone)]
struct Candidate {
    membership: Membership,
    own: Option<ReadCursor>,
    head: Head,
    activity: Timestamp,
}

impl Candidate {
    fn place(&self) -> (Timestamp, ConversationId) {
        (self.activity, self.membership.conversation)
    }

    fn has_unread(&self) -> bool {
        self.head.n > later(self.membership.cursor, self.own).n
    }

    fn position(&self, moment: Timestamp, direction: Direction) -> ListPosition {
        let (activity, conversation) = self.place();
        ListPosition { moment, activity, conversation, direction }
    }
}

impl ListConversations {
    /// The most conversations on a page.
    pub const MAX_LIMIT: usize = 200;

    /// Takes the ports.
    pub fn new(
        log: Arc<dyn MessageLog>,
        conversations: Arc<dyn ConversationRepository>,
        receipts: Arc<dyn ReadReceipts>,
        cache: Arc<dyn ConversationCache>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let summaries = Summaries::new(Arc::clone(&log), Arc::clone(&conversations), receipts);
        Self { log, conversations, cache, clock, summaries }
    }

    /// The page at `position`, the first one without.
    pub async fn execute(
        &self,
        user: &UserId,
        filter: &ListFilter,
        position: Option<ListPosition>,
        limit: usize,
    ) -> Result<ConversationList, PortError> {
        let limit = limit.clamp(1, Self::MAX_LIMIT);
        let standing = self.standing(user, &filter.except).await?;
        let moment = position.map_or_else(
            || standing.iter().map(|one| one.head.at).fold(self.clock.now(), Timestamp::max),
            |position| position.moment,
        );
        let mut ordered: Vec<Candidate> = stream::iter(standing)
            .map(|candidate| self.at_moment(candidate, moment))
            .buffer_unordered(CONCURRENT_READS)
            .try_filter_map(|candidate| async { Ok(candidate) })
            .try_collect()
            .await?;
        ordered.sort_by_key(|candidate| std::cmp::Reverse(candidate.place()));

        let direction = position.map_or(Direction::Next, |position| position.direction);
        if let Some(position) = position {
            let place = (position.activity, position.conversation);
            ordered.retain(|candidate| match direction {
                Direction::Next => candidate.place() < place,
                Direction::Previous => candidate.place() > place,
            });
        }
        if direction == Direction::Previous {
            ordered.reverse();
        }
        let (mut page, has_more) = self.matching(ordered, filter, limit).await?;
        if direction == Direction::Previous {
            page.reverse();
        }

        let next_exists = if direction == Direction::Next { has_more } else { true };
        let previous_exists = if direction == Direction::Next { position.is_some() } else { has_more };
        let next = page.last().filter(|_| next_exists).map(|last| last.position(moment, Direction::Next));
        let previous =
            page.first().filter(|_| previous_exists).map(|first| first.position(moment, Direction::Previous));
        let items = stream::iter(page)
            .map(|one| async move { self.summaries.of(user, &one.membership, one.own, &one.head).await })
            .buffered(CONCURRENT_READS)
            .try_filter_map(|summary| async { Ok(summary) })
            .try_collect()
            .await?;
        Ok(ConversationList { items, next, previous })
    }

    /// The user's conversations with their heads: remembered ones where they can be believed.
    async fn standing(
        &self,
        user: &UserId,
        except: &BTreeSet<ConversationId>,
    ) -> Result<Vec<Candidate>, PortError> {
        let own = async { Ok(self.cache.own_positions(user, None).await) };
        let (mut memberships, own) = futures::try_join!(self.conversations.memberships(user), own)?;
        memberships.retain(|membership| !except.contains(&membership.conversation));
        let own: HashMap<ConversationId, ReadCursor> = own.into_iter().collect();
        let ids: Vec<ConversationId> = memberships.iter().map(|one| one.conversation).collect();
        let hints = self.cache.heads(&ids).await.into_iter().chain(std::iter::repeat(None));
        stream::iter(memberships.into_iter().zip(hints))
            .map(|(membership, hint)| {
                let own = own.get(&membership.conversation).copied();
                async move {
                    let read = later(membership.cursor, own);
                    let head = match hint.filter(|head| is_current(head, read.seq)) {
                        Some(head) => Some(head),
                        None => self.log.tail(membership.conversation).await?,
                    };
                    Ok(head.map(|head| Candidate { membership, own, activity: head.at, head }))
                }
            })
            .buffer_unordered(CONCURRENT_READS)
            .try_filter_map(|candidate| async { Ok(candidate) })
            .try_collect()
            .await
    }

    /// The candidate with its last activity up to a moment; `None` where it did not exist then.
    async fn at_moment(
        &self,
        mut candidate: Candidate,
        moment: Timestamp,
    ) -> Result<Option<Candidate>, PortError> {
        let mut up_to = Some(candidate.head.seq);
        while candidate.activity > moment {
            let range = LogRange {
                after: 0,
                up_to,
                order: Order::Descending,
                limit: ENTRIES_PER_READ,
                consistency: Consistency::Eventual,
            };
            let page = self.log.page(candidate.membership.conversation, range).await?;
            if let Some(entry) = page.entries.iter().find(|entry| entry.at <= moment) {
                candidate.activity = entry.at;
                break;
            }
            up_to = page.entries.last().and_then(|entry| entry.seq.previous());
            if page.is_last || up_to.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(candidate))
    }

    /// The first `limit` candidates that pass the filter, and whether another one would.
    async fn matching(
        &self,
        candidates: Vec<Candidate>,
        filter: &ListFilter,
        limit: usize,
    ) -> Result<(Vec<Candidate>, bool), PortError> {
        let mut passing = stream::iter(candidates)
            .map(|candidate| async move {
                let passes = self.passes(&candidate, filter).await?;
                Ok::<_, PortError>(passes.then_some(candidate))
            })
            .buffered(if filter.needs_conversation() { CONCURRENT_READS } else { 1 })
            .try_filter_map(|candidate| async { Ok(candidate) })
            .take(limit + 1)
            .try_collect::<Vec<_>>()
            .await?;
        let has_more = passing.len() > limit;
        passing.truncate(limit);
        Ok((passing, has_more))
    }

    async fn passes(&self, candidate: &Candidate, filter: &ListFilter) -> Result<bool, PortError> {
        if candidate.membership.is_archived != filter.archived || candidate.head.is_closed() {
            return Ok(false);
        }
        if filter.unread.is_some_and(|unread| unread != candidate.has_unread()) {
            return Ok(false);
        }
        if !filter.needs_conversation() {
            return Ok(true);
        }
        let found = self.conversations.find(candidate.membership.conversation).await?;
        Ok(found.is_some_and(|conversation| filter.accepts(&conversation)))
    }
}

impl ListFilter {
    const fn needs_conversation(&self) -> bool {
        self.kind.is_some() || self.reference_type.is_some() || self.reference_id.is_some()
    }

    fn accepts(&self, conversation: &Conversation) -> bool {
        let reference = conversation.reference.as_ref();
        let is = |wanted: Option<&String>, part: Option<&str>| {
            wanted.is_none_or(|wanted| part == Some(wanted.as_str()))
        };
        self.kind.is_none_or(|kind| kind == conversation.kind)
            && is(self.reference_type.as_ref(), reference.map(|reference| reference.kind.as_ref()))
            && is(self.reference_id.as_ref(), reference.map(|reference| reference.id.as_ref()))
    }
}
