//! A user's conversations, most recent activity first, in pages that do not move while messages arrive.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use futures::{StreamExt, TryStreamExt, stream};
use parlance_domain::{
    conversation::{Conversation, ConversationKind},
    ids::{ConversationId, UserId},
    time::Timestamp,
};

use super::{
    standing::{Standing, Standings},
    summary::{Summaries, Summary},
};
use crate::ports::{
    PortError,
    conversations::Membership,
    environment::Clock,
    log::{Consistency, LogRange, MessageLog, Order},
    rows::ConversationRows,
};

/// How many reads are under way at once.
const CONCURRENT_READS: usize = 16;

/// How many conversations' own data are read at once where a filter asks for it.
const CONVERSATIONS_PER_READ: usize = 100;

/// How many entries are looked through at once for the newest one of a past moment.
const ENTRIES_PER_READ: usize = 50;

/// Lists a user's conversations.
#[derive(Clone)]
pub struct ListConversations {
    log: Arc<dyn MessageLog>,
    rows: Arc<dyn ConversationRows>,
    clock: Arc<dyn Clock>,
    standings: Standings,
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
    standing: Standing,
    activity: Timestamp,
}

impl Candidate {
    fn place(&self) -> (Timestamp, ConversationId) {
        (self.activity, self.id())
    }

    fn id(&self) -> ConversationId {
        self.standing.membership.conversation
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
        rows: Arc<dyn ConversationRows>,
        clock: Arc<dyn Clock>,
        standings: Standings,
        summaries: Summaries,
    ) -> Self {
        Self { log, rows, clock, standings, summaries }
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
        let is_asked = |one: &Membership| {
            one.is_archived == filter.archived && !filter.except.contains(&one.conversation)
        };
        let standing = self.standings.of(user, is_asked).await?;
        let moment = position.map_or_else(
            || standing.iter().map(|one| one.head.at).fold(self.clock.now(), Timestamp::max),
            |position| position.moment,
        );
        let mut ordered: Vec<Candidate> = stream::iter(standing)
            .map(|standing| Candidate { activity: standing.head.at, standing })
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
        let page = page.into_iter().map(|candidate| candidate.standing).collect();
        let items = self.summaries.of(user, page).await?;
        Ok(ConversationList { items, next, previous })
    }

    /// The candidate with its last activity up to a moment; `None` where it did not exist then.
    async fn at_moment(
        &self,
        mut candidate: Candidate,
        moment: Timestamp,
    ) -> Result<Option<Candidate>, PortError> {
        let mut up_to = Some(candidate.standing.head.seq);
        while candidate.activity > moment {
            let range = LogRange {
                after: 0,
                up_to,
                order: Order::Descending,
                limit: ENTRIES_PER_READ,
                consistency: Consistency::Eventual,
            };
            let page = self.log.page(candidate.id(), range).await?;
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
        mut candidates: Vec<Candidate>,
        filter: &ListFilter,
        limit: usize,
    ) -> Result<(Vec<Candidate>, bool), PortError> {
        candidates.retain(|candidate| {
            filter.unread.is_none_or(|unread| unread == (candidate.standing.unread() > 0))
        });
        if filter.needs_conversation() {
            let mut passing = Vec::new();
            let mut rest = candidates.into_iter().peekable();
            while passing.len() <= limit && rest.peek().is_some() {
                let some: Vec<Candidate> = rest.by_ref().take(CONVERSATIONS_PER_READ).collect();
                let accepted = self.accepted(&some, filter).await?;
                let chosen = some.into_iter().filter(|candidate| accepted.contains_key(&candidate.id()));
                passing.extend(chosen);
            }
            candidates = passing;
        }
        let has_more = candidates.len() > limit;
        candidates.truncate(limit);
        Ok((candidates, has_more))
    }

    async fn accepted(
        &self,
        candidates: &[Candidate],
        filter: &ListFilter,
    ) -> Result<HashMap<ConversationId, Conversation>, PortError> {
        let ids: Vec<ConversationId> = candidates.iter().map(Candidate::id).collect();
        let found = self.rows.conversations(&ids).await?;
        let accepted = found.into_iter().filter(|conversation| filter.accepts(conversation));
        Ok(accepted.map(|conversation| (conversation.id, conversation)).collect())
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
