//! What the table's stream makes good: entries that nobody delivered, hints that lie behind, and read cursors of senders.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use parlance_domain::{
    event::EventEncoder,
    head::Seq,
    ids::{ConversationId, UserId},
    log::{Entry, EntryBody},
};

use super::{audiences::Audiences, broadcaster::Broadcaster, companions::Companions};
use crate::{
    log::{events::EventResolver, rosters::RosterReader},
    ports::{
        PortError,
        cache::ConversationCache,
        conversations::{ConversationRepository, ReadCursor},
        delivery::{Broadcast, EntryLook, EntryTimer, RelayBus},
        environment::Clock,
        log::MessageLog,
    },
};

/// How long the writer of an entry has to deliver it himself.
pub const GRACE: Duration = Duration::from_secs(2);

/// The longest pause before a head is tried again: as long as a queue delays. The pauses grow with the entry's age.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);

/// After that long a head is left to the conversation's next entry. Until then it was tried fewer than the sixteen times after which Lambda
/// takes a function and its queue for an endless loop.
const HEAD_GIVEN_UP_AFTER: Duration = Duration::from_hours(1);

/// Looks after entries once they stand.
#[derive(Clone)]
pub struct RepairEntries {
    log: Arc<dyn MessageLog>,
    conversations: Arc<dyn ConversationRepository>,
    cache: Arc<dyn ConversationCache>,
    relays: Arc<dyn RelayBus>,
    timer: Arc<dyn EntryTimer>,
    rosters: RosterReader,
    events: EventResolver,
    audiences: Audiences,
    broadcaster: Broadcaster,
    companions: Companions,
    encoder: Arc<dyn EventEncoder>,
    clock: Arc<dyn Clock>,
}

/// What [`RepairEntries`] works over.
pub struct RepairPorts {
    /// The truth.
    pub log: Arc<dyn MessageLog>,
    /// Conversations and cursors.
    pub conversations: Arc<dyn ConversationRepository>,
    /// The hints.
    pub cache: Arc<dyn ConversationCache>,
    /// The marks.
    pub relays: Arc<dyn RelayBus>,
    /// The timer queue.
    pub timer: Arc<dyn EntryTimer>,
    /// Rosters.
    pub rosters: RosterReader,
    /// What entries refer to.
    pub events: EventResolver,
    /// The fan-out.
    pub broadcaster: Broadcaster,
    /// What goes beside entries.
    pub companions: Companions,
    /// The spelling of events.
    pub encoder: Arc<dyn EventEncoder>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// An entry of a conversation as the stream brings it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamedEntry {
    /// The conversation.
    pub conversation: ConversationId,
    /// The entry as it was written.
    pub entry: Entry,
}

impl RepairEntries {
    /// Repairs over these ports.
    pub fn new(ports: RepairPorts) -> Self {
        let RepairPorts {
            log,
            conversations,
            cache,
            relays,
            timer,
            rosters,
            events,
            broadcaster,
            companions,
            encoder,
            clock,
        } = ports;
        let audiences = Audiences::new(Arc::clone(&conversations));
        Self {
            log,
            conversations,
            cache,
            relays,
            timer,
            rosters,
            events,
            audiences,
            broadcaster,
            companions,
            encoder,
            clock,
        }
    }

    /// Takes a batch of the stream, in any order and perhaps for the second time. For each entry: `Ok`, or why it has to come again.
    pub async fn on_stream(&self, entries: &[StreamedEntry]) -> Vec<Result<(), PortError>> {
        let places: Vec<_> =
            entries.iter().map(|streamed| (streamed.conversation, streamed.entry.seq)).collect();
        let (sent, low, cursors) = futures::join!(
            self.relays.are_sent(&places),
            self.raise_heads(entries),
            self.advance_senders(entries)
        );
        let low = &low;
        let looks = entries.iter().zip(sent).map(|(streamed, is_sent)| async move {
            let StreamedEntry { conversation, entry } = streamed;
            if low.contains(&(*conversation, entry.seq)) {
                self.raise_later(*conversation, entry).await?;
            }
            if is_sent {
                return Ok(());
            }
            if self.clock.now().since(entry.at) < GRACE {
                return self.timer.look_again(*conversation, entry.seq, EntryLook::Delivery, GRACE).await;
            }
            self.deliver(*conversation, entry).await
        });
        let looked = futures::future::join_all(looks).await;
        looked.into_iter().zip(cursors).map(|(looked, cursor)| looked.and(cursor)).collect()
    }

    /// Takes a second look at an entry, after the timer.
    pub async fn on_timer(
        &self,
        conversation: ConversationId,
        seq: Seq,
        look: EntryLook,
    ) -> Result<(), PortError> {
        match look {
            EntryLook::Delivery => self.deliver_unmarked(conversation, seq).await,
            EntryLook::Head => self.raise_again(conversation, seq).await,
        }
    }

    /// Delivers it whatever its age, unless it is marked by now.
    async fn deliver_unmarked(&self, conversation: ConversationId, seq: Seq) -> Result<(), PortError> {
        if self.relays.are_sent(&[(conversation, seq)]).await.first().copied().unwrap_or_default() {
            return Ok(());
        }
        let Some(entry) = self.log.entries_at(conversation, &[seq]).await?.into_iter().next() else {
            return Ok(());
        };
        self.deliver(conversation, &entry).await
    }

    /// Tells everybody, the sender too: his answer may have been lost with the function that wrote the entry.
    async fn deliver(&self, conversation: ConversationId, entry: &Entry) -> Result<(), PortError> {
        let Some(roster) = self.rosters.at_version(conversation, entry.roster_version).await? else {
            return Ok(());
        };
        self.companions.tell(conversation, entry, &roster).await?;
        let events = self.events.resolve(conversation, std::slice::from_ref(entry), Seq::FIRST).await?;
        for event in &events {
            let audiences = self.audiences.of(event, &roster).await?;
            let shapes: Vec<Broadcast> = audiences
                .into_iter()
                .map(|(hearing, event)| Broadcast {
                    conversation,
                    seq: Some(entry.seq),
                    roster_version: entry.roster_version,
                    hearing,
                    subjects: subjects(entry),
                    except: None,
                    frame: self.encoder.event(&event),
                })
                .collect();
            // Not through a relay: that nobody heard it there may be why the entry is here.
            self.broadcaster.broadcast_shapes(&shapes, &roster, false).await?;
        }
        Ok(())
    }

    /// A writer that died before it recorded its head would leave readers with an old one. Returns the entries whose heads nobody could be
    /// told of just now.
    async fn raise_heads(&self, entries: &[StreamedEntry]) -> BTreeSet<(ConversationId, Seq)> {
        let mut newest: BTreeMap<ConversationId, &Entry> = BTreeMap::new();
        for streamed in entries {
            let entry = newest.entry(streamed.conversation).or_insert(&streamed.entry);
            if entry.seq < streamed.entry.seq {
                *entry = &streamed.entry;
            }
        }
        let raises = newest.into_iter().map(|(conversation, entry)| async move {
            let is_raised = self.cache.record_head(conversation, &entry.head()).await;
            (!is_raised).then_some((conversation, entry.seq))
        });
        futures::future::join_all(raises).await.into_iter().flatten().collect()
    }

    /// An old head that outlives an outage would be taken for the newest: lists and counts of unread messages rest on it.
    async fn raise_later(&self, conversation: ConversationId, entry: &Entry) -> Result<(), PortError> {
        let age = self.clock.now().since(entry.at);
        if age >= HEAD_GIVEN_UP_AFTER {
            tracing::warn!(conversation.id = %conversation, "a head is left to the conversation's next entry");
            return Ok(());
        }
        let pause = age.clamp(GRACE, LONGEST_PAUSE);
        self.timer.look_again(conversation, entry.seq, EntryLook::Head, pause).await
    }

    async fn raise_again(&self, conversation: ConversationId, seq: Seq) -> Result<(), PortError> {
        let Some(entry) = self.log.entries_at(conversation, &[seq]).await?.into_iter().next() else {
            return Ok(());
        };
        if self.cache.record_head(conversation, &entry.head()).await {
            return Ok(());
        }
        self.raise_later(conversation, &entry).await
    }

    /// Sending reads: once per sender and batch, durably.
    async fn advance_senders(&self, entries: &[StreamedEntry]) -> Vec<Result<(), PortError>> {
        let mut newest: BTreeMap<(&UserId, ConversationId), usize> = BTreeMap::new();
        for (place, streamed) in entries.iter().enumerate() {
            if !streamed.entry.body.counts() {
                continue;
            }
            let best = newest.entry((&streamed.entry.actor, streamed.conversation)).or_insert(place);
            if entries.get(*best).is_none_or(|other| other.entry.seq < streamed.entry.seq) {
                *best = place;
            }
        }
        let mut outcomes: Vec<Result<(), PortError>> = entries.iter().map(|_| Ok(())).collect();
        let moves = newest.into_iter().filter_map(|((sender, conversation), place)| {
            let entry = &entries.get(place)?.entry;
            let cursor = ReadCursor { seq: entry.seq, n: entry.n, at: entry.at };
            Some(async move {
                (place, self.conversations.advance_cursor(sender, conversation, cursor).await.map(|_| ()))
            })
        });
        for (place, outcome) in futures::future::join_all(moves).await {
            if let Some(slot) = outcomes.get_mut(place) {
                *slot = outcome;
            }
        }
        outcomes
    }
}

/// Who hears an entry although the roster after it does not name him.
pub fn subjects(entry: &Entry) -> Vec<UserId> {
    match &entry.body {
        EntryBody::ParticipantRemoved { user } => vec![user.clone()],
        _ => Vec::new(),
    }
}
