//! Coming back: of each conversation that a client names with the last entry it knows, everything since, or where to begin again.

use std::{collections::BTreeMap, sync::Arc};

use futures::{StreamExt, TryStreamExt, stream};
use parlance_domain::{
    event::EventEncoder,
    head::{Head, Seq},
    ids::{ConversationId, UserId},
};

use super::{
    list::{ListConversations, ListFilter},
    reader::Reader,
    summary::{Summary, later},
};
use crate::{
    log::events::EventResolver,
    ports::{
        PortError,
        cache::ConversationCache,
        conversations::{ConversationRepository, Membership, ReadCursor},
        log::{Consistency, LogRange, MessageLog, Order},
    },
};

/// How many reads are under way at once.
const CONCURRENT_READS: usize = 32;

/// How much a sync replays; whoever is further behind reads the log, where there is no limit of age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncLimits {
    /// Entries of one conversation.
    pub entries: u64,
    /// Encoded bytes of one conversation.
    pub bytes: usize,
    /// Entries of all conversations together; those that are less behind come first.
    pub total_entries: u64,
    /// Encoded bytes of all conversations together.
    pub total_bytes: usize,
    /// Conversations that the client did not name.
    pub new: usize,
}

impl SyncLimits {
    /// The limits of this system.
    pub const CURRENT: Self =
        Self { entries: 300, bytes: 240_000, total_entries: 2_000, total_bytes: 1_000_000, new: 50 };
}

/// Brings a client up to date.
#[derive(Clone)]
pub struct SyncConversations {
    log: Arc<dyn MessageLog>,
    conversations: Arc<dyn ConversationRepository>,
    cache: Arc<dyn ConversationCache>,
    events: EventResolver,
    list: ListConversations,
    encoder: Arc<dyn EventEncoder>,
    limits: SyncLimits,
}

/// Where a client stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The last entry that it knows of each conversation; 0 where it knows none.
    pub cursors: BTreeMap<ConversationId, u64>,
    /// Whether it wants to hear of conversations that it does not name.
    pub wants_new: bool,
}

/// What a client missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Synced {
    /// What became of each conversation that it named.
    pub conversations: BTreeMap<ConversationId, SyncedConversation>,
    /// The user's most recent conversations that it did not name.
    pub new: Vec<Summary>,
}

/// What became of one conversation. Never something partial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyncedConversation {
    /// The user is no longer in it, or it never was.
    Gone,
    /// He is.
    Present(Present),
}

/// A conversation as it stands for the user who came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// The newest entry, read strongly after the request came in.
    pub head: Head,
    /// How far the user has read.
    pub read: ReadCursor,
    /// Below it nothing is missing: everything there is hidden from this reader.
    pub first_seq: Option<Seq>,
    /// What he missed.
    pub missed: Missed,
}

impl Present {
    /// How many messages stand after what he has read.
    pub const fn unread(&self) -> u64 {
        self.head.n.saturating_sub(self.read.n)
    }
}

/// What somebody missed of one conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missed {
    /// Every entry after his cursor up to the head, in order, encoded.
    Recovered(Vec<Vec<u8>>),
    /// Too much, or his cursor lies beyond the log: he reads the log.
    Reset,
}

/// One named conversation while it is looked at.
struct Behind {
    membership: Membership,
    head: Head,
    /// The last position that needs no replay.
    after: u64,
    first: Seq,
}

/// What was found of it.
enum Replay {
    /// Every entry, encoded.
    Whole(Vec<Vec<u8>>),
    /// More than is replayed, or not all that there should be.
    TooMuch,
    /// The user's own removal: he was taken out after his memberships were read.
    Left,
}

impl Behind {
    fn reader(&self) -> Reader {
        Reader { membership: Some(self.membership.clone()), first: self.first }
    }

    const fn entries(&self) -> u64 {
        self.head.seq.get().saturating_sub(self.after)
    }
}

/// What [`SyncConversations`] works over.
pub struct SyncPorts {
    /// The truth.
    pub log: Arc<dyn MessageLog>,
    /// Conversations and memberships.
    pub conversations: Arc<dyn ConversationRepository>,
    /// The hints, which are refreshed.
    pub cache: Arc<dyn ConversationCache>,
    /// What entries refer to.
    pub events: EventResolver,
    /// The conversations that the client does not know.
    pub list: ListConversations,
    /// The spelling of events.
    pub encoder: Arc<dyn EventEncoder>,
}

impl SyncConversations {
    /// Works over these ports.
    pub fn new(ports: SyncPorts) -> Self {
        let SyncPorts { log, conversations, cache, events, list, encoder } = ports;
        Self { log, conversations, cache, events, list, encoder, limits: SyncLimits::CURRENT }
    }

    /// Replays another amount: a test wants a small one.
    #[must_use]
    pub const fn with_limits(mut self, limits: SyncLimits) -> Self {
        self.limits = limits;
        self
    }

    /// What the user missed of each conversation since the entry that he names. All heads are read strongly.
    pub async fn execute(&self, user: &UserId, standing: &Standing) -> Result<Synced, PortError> {
        let Standing { cursors, wants_new } = standing;
        let own = async { Ok(self.cache.own_positions(user, None).await) };
        let (memberships, own) = futures::try_join!(self.conversations.memberships(user), own)?;
        let own: BTreeMap<ConversationId, ReadCursor> = own.into_iter().collect();
        let named: Vec<(Membership, u64)> = memberships
            .into_iter()
            .filter_map(|membership| cursors.get(&membership.conversation).map(|after| (membership, *after)))
            .collect();
        let (behind, new) =
            futures::try_join!(self.look(user, named), self.unnamed(user, cursors, *wants_new))?;
        self.refresh_hints(&behind).await;
        let replayed = self.replay(user, &behind).await?;

        let mut conversations: BTreeMap<ConversationId, SyncedConversation> =
            cursors.keys().map(|id| (*id, SyncedConversation::Gone)).collect();
        for (one, replay) in behind.into_iter().zip(replayed) {
            let id = one.membership.conversation;
            let missed = match replay {
                Replay::Whole(frames) => Missed::Recovered(frames),
                Replay::TooMuch => Missed::Reset,
                Replay::Left => continue,
            };
            let present = Present {
                read: later(one.membership.cursor, own.get(&id).copied()),
                first_seq: (one.first > Seq::FIRST).then_some(one.first),
                head: one.head,
                missed,
            };
            conversations.insert(id, SyncedConversation::Present(present));
        }
        Ok(Synced { conversations, new })
    }

    async fn unnamed(
        &self,
        user: &UserId,
        cursors: &BTreeMap<ConversationId, u64>,
        is_wanted: bool,
    ) -> Result<Vec<Summary>, PortError> {
        if !is_wanted {
            return Ok(Vec::new());
        }
        let filter = ListFilter { except: cursors.keys().copied().collect(), ..ListFilter::default() };
        let listed = self.list.execute(user, &filter, None, self.limits.new).await?.items;
        if self.raise_hints(&listed).await? {
            return Ok(self.list.execute(user, &filter, None, self.limits.new).await?.items);
        }
        Ok(listed)
    }

    /// A client goes on from the head that it is told here, and what came before it is not told again: a list rests on hints, so the heads
    /// are read strongly. Says whether one of the hints lay behind; it does not any more.
    async fn raise_hints(&self, listed: &[Summary]) -> Result<bool, PortError> {
        let looks: Vec<_> = listed
            .iter()
            .map(|summary| async move {
                let id = summary.view.conversation.id;
                let head = self.log.tail(id).await?.filter(|head| head.seq > summary.view.head_seq);
                if let Some(head) = &head {
                    self.cache.record_head(id, head).await;
                }
                Ok::<_, PortError>(head.is_some())
            })
            .collect();
        let lagged: Vec<bool> = stream::iter(looks).buffer_unordered(CONCURRENT_READS).try_collect().await?;
        Ok(lagged.contains(&true))
    }

    /// The heads of the conversations that the user is still in, least behind first.
    async fn look(&self, user: &UserId, named: Vec<(Membership, u64)>) -> Result<Vec<Behind>, PortError> {
        let looks: Vec<_> = named
            .into_iter()
            .map(|(membership, cursor)| async move {
                let id = membership.conversation;
                let (tail, first) =
                    futures::try_join!(self.log.tail(id), self.first_visible(user, &membership))?;
                let (Some(head), Some(first)) = (tail, first) else { return Ok(None) };
                let after = cursor.max(first.get() - 1);
                Ok::<_, PortError>(Some(Behind { membership, head, after, first }))
            })
            .collect();
        let mut behind: Vec<Behind> = stream::iter(looks)
            .buffer_unordered(CONCURRENT_READS)
            .try_filter_map(|one| async { Ok(one) })
            .try_collect()
            .await?;
        behind.sort_by_key(|one| (one.entries(), one.membership.conversation));
        Ok(behind)
    }

    async fn first_visible(&self, user: &UserId, membership: &Membership) -> Result<Option<Seq>, PortError> {
        if membership.joined == Seq::FIRST {
            return Ok(Some(Seq::FIRST));
        }
        let reader = Reader::of(self.conversations.as_ref(), user, membership.conversation).await?;
        Ok(reader.map(|reader| reader.first))
    }

    /// Many come back at once after an outage: what each reads strongly spares the others reads.
    async fn refresh_hints(&self, behind: &[Behind]) {
        let ids: Vec<ConversationId> = behind.iter().map(|one| one.membership.conversation).collect();
        let hints = self.cache.heads(&ids).await;
        let mut records = Vec::new();
        for (one, hint) in behind.iter().zip(hints) {
            if hint.is_none_or(|hint| hint.seq < one.head.seq) {
                records.push(self.cache.record_head(one.membership.conversation, &one.head));
            }
        }
        stream::iter(records).buffer_unordered(CONCURRENT_READS).for_each(|_| async {}).await;
    }

    /// What is replayed of each, in their order, within the limits.
    async fn replay(&self, user: &UserId, behind: &[Behind]) -> Result<Vec<Replay>, PortError> {
        let mut entries_left = self.limits.total_entries;
        let within: Vec<bool> = behind
            .iter()
            .map(|one| {
                let fits = one.after <= one.head.seq.get()
                    && one.entries() <= self.limits.entries
                    && one.entries() <= entries_left;
                entries_left -= if fits { one.entries() } else { 0 };
                fits
            })
            .collect();
        let reads: Vec<_> = behind
            .iter()
            .zip(within)
            .map(|(one, fits)| async move {
                if fits { self.frames(user, one).await } else { Ok(Replay::TooMuch) }
            })
            .collect();
        let mut read: Vec<Replay> = stream::iter(reads).buffered(CONCURRENT_READS).try_collect().await?;
        let mut bytes_left = self.limits.total_bytes;
        for replay in &mut read {
            let Replay::Whole(frames) = replay else { continue };
            let bytes = frames.iter().map(Vec::len).sum::<usize>();
            if bytes > self.limits.bytes || bytes > bytes_left {
                *replay = Replay::TooMuch;
            } else {
                bytes_left -= bytes;
            }
        }
        Ok(read)
    }

    /// The encoded events after the cursor, up to the head.
    async fn frames(&self, user: &UserId, one: &Behind) -> Result<Replay, PortError> {
        let conversation = one.membership.conversation;
        let mut entries = Vec::new();
        let mut after = one.after;
        while after < one.head.seq.get() {
            let range = LogRange {
                after,
                up_to: Some(one.head.seq),
                order: Order::Ascending,
                limit: usize::try_from(one.head.seq.get() - after).unwrap_or(usize::MAX),
                consistency: Consistency::Strong,
            };
            let page = self.log.page(conversation, range).await?;
            after = page.entries.last().map_or(after, |entry| entry.seq.get());
            let is_last = page.is_last;
            entries.extend(page.entries);
            if is_last {
                break;
            }
        }
        if after != one.head.seq.get() {
            return Ok(Replay::TooMuch);
        }
        if one.reader().left_at(user, &entries).is_some() {
            return Ok(Replay::Left);
        }
        let events = self.events.resolve(conversation, &entries, one.first).await?;
        Ok(Replay::Whole(events.iter().map(|event| self.encoder.event(event)).collect()))
    }
}
