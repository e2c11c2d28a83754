//! A stack without Redis: nothing is remembered, nothing is published, and the stream alone repairs what was not delivered.

use std::sync::Arc;

use async_trait::async_trait;
use parlance_application::ports::{
    cache::{ConversationCache, Opening},
    conversations::ReadCursor,
    delivery::{Broadcast, RelayBus},
    presence::{Departures, PresenceBoard},
    rates::{Count, Counting, RateCounters},
    reads::{MovedCursors, Noted, ReaderOpening, ReadingCache},
    typing::TypingBoard,
};
use parlance_domain::{
    connection::Connection,
    head::{Head, Seq},
    ids::{ConnectionId, ConversationId, UserId},
    roster::Roster,
    signal::{Presence, TypingUser},
    time::Timestamp,
};

/// Remembers nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoCache;

#[async_trait]
impl ConversationCache for NoCache {
    async fn opening(&self, _conversation: ConversationId, _counting: &Counting) -> Opening {
        Opening::default()
    }

    async fn record_head(&self, _conversation: ConversationId, _head: &Head) -> bool {
        true
    }

    async fn forget_head(&self, _conversation: ConversationId) {}

    async fn record_roster(&self, _conversation: ConversationId, _version: Seq, _roster: &Roster) {}

    async fn heads(&self, conversations: &[ConversationId]) -> Vec<Option<Head>> {
        vec![None; conversations.len()]
    }

    async fn own_positions(
        &self,
        _user: &UserId,
        position: Option<(ConversationId, ReadCursor)>,
    ) -> Vec<(ConversationId, ReadCursor)> {
        position.into_iter().collect()
    }
}

#[async_trait]
impl ReadingCache for NoCache {
    async fn opening_of(
        &self,
        _user: &UserId,
        _conversation: ConversationId,
        _counting: &Counting,
    ) -> ReaderOpening {
        ReaderOpening::default()
    }

    async fn rosters(&self, conversations: &[ConversationId]) -> Vec<Option<(Seq, Arc<Roster>)>> {
        vec![None; conversations.len()]
    }
}

/// Gathers no moves: in groups nobody is told of them.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMovedCursors;

#[async_trait]
impl MovedCursors for NoMovedCursors {
    async fn note(&self, _conversation: ConversationId, _user: &UserId, _cursor: ReadCursor) -> Noted {
        Noted::Lost
    }

    async fn collect(&self, _conversation: ConversationId) -> Vec<(UserId, ReadCursor)> {
        Vec::new()
    }
}

/// Knows no relays and keeps no marks.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoRelays;

#[async_trait]
impl RelayBus for NoRelays {
    async fn publish(&self, _broadcast: &Broadcast) -> bool {
        false
    }

    async fn mark_sent(&self, _conversation: ConversationId, _seq: Seq) {}

    async fn are_sent(&self, entries: &[(ConversationId, Seq)]) -> Vec<bool> {
        vec![false; entries.len()]
    }
}

/// Counts nothing that other processes know of.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoCounters;

#[async_trait]
impl RateCounters for NoCounters {
    async fn count(&self, _counting: &Counting) -> Option<Vec<Count>> {
        None
    }

    async fn take_back(&self, _counting: &Counting) {}

    fn are_shared(&self) -> bool {
        false
    }
}

/// Knows of nobody who is typing: typing pauses.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoTypingBoard;

#[async_trait]
impl TypingBoard for NoTypingBoard {
    async fn typists(&self, _conversation: ConversationId, _now: Timestamp) -> Option<Vec<TypingUser>> {
        None
    }

    async fn note(
        &self,
        _conversation: ConversationId,
        _typist: &TypingUser,
        _now: Timestamp,
    ) -> Option<Vec<TypingUser>> {
        None
    }

    async fn forget(
        &self,
        _conversation: ConversationId,
        _user: &UserId,
        _now: Timestamp,
    ) -> Option<Vec<TypingUser>> {
        None
    }
}

/// Tells nobody of anybody, and forgets who goes: presence pauses.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPresence;

#[async_trait]
impl PresenceBoard for NoPresence {
    async fn shown(&self, _users: &[UserId]) -> Option<Vec<Option<Presence>>> {
        None
    }

    async fn show(&self, _user: &UserId, _presence: &Presence) -> Option<Option<Presence>> {
        None
    }

    async fn note(&self, _found: &[(UserId, Presence)]) {}

    async fn watchers(&self, _user: &UserId, _now: Timestamp) -> Vec<Connection> {
        Vec::new()
    }

    async fn watch(&self, _watcher: &Connection, _users: &[UserId]) -> bool {
        false
    }

    async fn unwatch(&self, _watcher: &ConnectionId) {}
}

#[async_trait]
impl Departures for NoPresence {
    async fn expect(&self, _user: &UserId, _until: Timestamp) {}

    async fn leave(&self, _user: &UserId, _at: Timestamp) {}

    async fn forget(&self, _user: &UserId) {}

    async fn of(&self, _user: &UserId) -> Option<Timestamp> {
        None
    }

    async fn overdue(&self, _before: Timestamp) -> Vec<(UserId, Timestamp)> {
        Vec::new()
    }
}
