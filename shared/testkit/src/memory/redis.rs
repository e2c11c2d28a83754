//! The memory twin of what Redis keeps: hints, marks and the relays' channel; it can forget, roll back, and be out of reach.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard},
};

use async_trait::async_trait;
use parlance_application::ports::{
    cache::{ConversationCache, Opening},
    conversations::ReadCursor,
    delivery::{Broadcast, RelayBus},
    rates::{Count, Counter, Counting, RateCounters},
    reads::{MovedCursors, Noted, ReaderOpening, ReadingCache},
};
use parlance_domain::{
    connection::Connection,
    head::{Head, Seq},
    ids::{ConnectionId, ConversationId, UserId},
    roster::Roster,
    signal::Presence,
    time::Timestamp,
};

use super::gate::{Gate, OpenGate, Outside, Passage};

/// Redis, in memory. Its clones are the same server.
#[derive(Clone)]
pub struct MemoryRedis {
    gate: Arc<dyn Gate>,
    keys: Arc<Mutex<Keys>>,
}

/// Everything that it remembers.
#[derive(Clone, Default)]
pub struct Keys {
    /// Heads.
    pub heads: BTreeMap<ConversationId, Head>,
    /// Rosters under the version that their readers knew.
    pub rosters: BTreeMap<ConversationId, (Seq, Arc<Roster>)>,
    /// Where users' own newest messages stand.
    pub own: BTreeMap<UserId, BTreeMap<ConversationId, ReadCursor>>,
    /// What was delivered or handed over.
    pub sent: BTreeSet<(ConversationId, Seq)>,
    /// Cursors that moved since they were last collected.
    pub moved: BTreeMap<ConversationId, BTreeMap<UserId, ReadCursor>>,
    /// Whether a relay is alive.
    pub has_relay: bool,
    /// What each counter has counted in each of its windows.
    pub rates: HashMap<(Counter, u64), u64>,
    /// What was published and not yet heard.
    pub published: Vec<Broadcast>,
    /// What watchers were last told.
    pub presence: BTreeMap<UserId, Presence>,
    /// Who watches whom: by the one who is watched.
    pub watchers: BTreeMap<UserId, BTreeMap<ConnectionId, Connection>>,
    /// When people go.
    pub departures: BTreeMap<UserId, Timestamp>,
    /// Who is typing where, and until when.
    pub typing: BTreeMap<ConversationId, BTreeMap<UserId, Timestamp>>,
}

impl Keys {
    fn count(&mut self, counting: &Counting) -> Vec<Count> {
        let mut count = |counter: &Counter| {
            let window = counter.window_at(counting.at);
            let previous = (counter.clone(), window.saturating_sub(1));
            let previous = self.rates.get(&previous).copied().unwrap_or_default();
            let current = self.rates.entry((counter.clone(), window)).or_default();
            *current += 1;
            Count { previous, current: *current }
        };
        counting.counters.iter().map(&mut count).collect()
    }
}

impl Default for MemoryRedis {
    fn default() -> Self {
        Self::behind(Arc::new(OpenGate))
    }
}

impl MemoryRedis {
    /// An empty server behind a gate.
    pub fn behind(gate: Arc<dyn Gate>) -> Self {
        Self { gate, keys: Arc::default() }
    }

    /// Everything that it remembers, for a test to look at or to damage.
    pub fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap()
    }

    /// Does something with the keys. `None` when the answer did not come, whether it was done or not.
    pub(super) async fn call<T>(&self, act: impl FnOnce(&mut Keys) -> T) -> Option<T> {
        match self.gate.pass(Outside::Redis).await {
            Passage::Through => Some(act(&mut self.keys())),
            Passage::AnswerLost => {
                act(&mut self.keys());
                None
            }
            Passage::RequestLost | Passage::Late => None,
        }
    }
}

#[async_trait]
impl ConversationCache for MemoryRedis {
    async fn opening(&self, conversation: ConversationId, counting: &Counting) -> Opening {
        let read = self.call(|keys| Opening {
            head: keys.heads.get(&conversation).copied(),
            roster: keys.rosters.get(&conversation).cloned(),
            has_relay: keys.has_relay,
            counts: keys.count(counting),
        });
        read.await.unwrap_or_default()
    }

    async fn record_head(&self, conversation: ConversationId, head: &Head) -> bool {
        let answered = self.call(|keys| {
            let known = keys.heads.entry(conversation).or_insert(*head);
            if known.seq < head.seq {
                *known = *head;
            }
        });
        answered.await.is_some()
    }

    async fn forget_head(&self, conversation: ConversationId) {
        self.call(|keys| keys.heads.remove(&conversation)).await;
    }

    async fn record_roster(&self, conversation: ConversationId, version: Seq, roster: &Roster) {
        let roster = Arc::new(roster.clone());
        self.call(|keys| keys.rosters.insert(conversation, (version, roster))).await;
    }

    async fn heads(&self, conversations: &[ConversationId]) -> Vec<Option<Head>> {
        let read = self.call(|keys| conversations.iter().map(|id| keys.heads.get(id).copied()).collect());
        read.await.unwrap_or_else(|| vec![None; conversations.len()])
    }

    async fn own_positions(
        &self,
        user: &UserId,
        position: Option<(ConversationId, ReadCursor)>,
    ) -> Vec<(ConversationId, ReadCursor)> {
        let read = self.call(|keys| {
            let own = keys.own.entry(user.clone()).or_default();
            if let Some((conversation, cursor)) = position {
                let known = own.entry(conversation).or_insert(cursor);
                if known.seq < cursor.seq {
                    *known = cursor;
                }
            }
            own.iter().map(|(conversation, cursor)| (*conversation, *cursor)).collect()
        });
        read.await.unwrap_or_default()
    }
}

#[async_trait]
impl RelayBus for MemoryRedis {
    async fn publish(&self, broadcast: &Broadcast) -> bool {
        self.call(|keys| keys.published.push(broadcast.clone())).await.is_some()
    }

    async fn mark_sent(&self, conversation: ConversationId, seq: Seq) {
        self.call(|keys| keys.sent.insert((conversation, seq))).await;
    }

    async fn are_sent(&self, entries: &[(ConversationId, Seq)]) -> Vec<bool> {
        let read = self.call(|keys| entries.iter().map(|entry| keys.sent.contains(entry)).collect());
        read.await.unwrap_or_else(|| vec![false; entries.len()])
    }
}

#[async_trait]
impl RateCounters for MemoryRedis {
    async fn count(&self, counting: &Counting) -> Option<Vec<Count>> {
        self.call(|keys| keys.count(counting)).await
    }

    async fn take_back(&self, counting: &Counting) {
        self.call(|keys| {
            for counter in &counting.counters {
                let counted = keys.rates.get_mut(&(counter.clone(), counter.window_at(counting.at)));
                if let Some(counted) = counted {
                    *counted = counted.saturating_sub(1);
                }
            }
        })
        .await;
    }
}

#[async_trait]
impl ReadingCache for MemoryRedis {
    async fn opening_of(
        &self,
        user: &UserId,
        conversation: ConversationId,
        counting: &Counting,
    ) -> ReaderOpening {
        let read = self.call(|keys| ReaderOpening {
            conversation: Opening {
                head: keys.heads.get(&conversation).copied(),
                roster: keys.rosters.get(&conversation).cloned(),
                has_relay: keys.has_relay,
                counts: keys.count(counting),
            },
            own: keys.own.get(user).and_then(|own| own.get(&conversation)).copied(),
        });
        read.await.unwrap_or_default()
    }

    async fn rosters(&self, conversations: &[ConversationId]) -> Vec<Option<(Seq, Arc<Roster>)>> {
        let read = self.call(|keys| conversations.iter().map(|id| keys.rosters.get(id).cloned()).collect());
        read.await.unwrap_or_else(|| vec![None; conversations.len()])
    }
}

#[async_trait]
impl MovedCursors for MemoryRedis {
    async fn note(&self, conversation: ConversationId, user: &UserId, cursor: ReadCursor) -> Noted {
        let noted = self.call(|keys| {
            let moved = keys.moved.entry(conversation).or_default();
            let noted = if moved.is_empty() { Noted::First } else { Noted::Another };
            let known = moved.entry(user.clone()).or_insert(cursor);
            if known.seq < cursor.seq {
                *known = cursor;
            }
            noted
        });
        noted.await.unwrap_or(Noted::Lost)
    }

    async fn collect(&self, conversation: ConversationId) -> Vec<(UserId, ReadCursor)> {
        let moved = self.call(|keys| keys.moved.remove(&conversation).unwrap_or_default());
        moved.await.unwrap_or_default().into_iter().collect()
    }
}
