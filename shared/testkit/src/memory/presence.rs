//! The memory twins of presence: what people chose, what watchers were told, when people go, and the timer.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use parlance_application::ports::{
    PortError,
    connections::{AnnouncementTimer, Unannounced},
    presence::{Departures, DirectPeers, PresenceBoard, PresenceRepository, PresenceTimer},
};
use parlance_domain::{
    connection::Connection,
    conversation::ConversationKind,
    ids::{ConnectionId, ConversationId, UserId},
    presence::{ChosenStatus, PresenceChoice, PresenceRecord},
    signal::Presence,
    time::Timestamp,
};

use super::{cloud::MemoryCloud, gate::Outside, redis::MemoryRedis};

/// What people chose. Its clones are the same table.
#[derive(Clone, Default)]
pub struct MemoryPresence {
    records: Arc<Mutex<BTreeMap<UserId, PresenceRecord>>>,
}

#[async_trait]
impl PresenceRepository for MemoryPresence {
    async fn records(&self, users: &[UserId]) -> Result<Vec<PresenceRecord>, PortError> {
        let records = self.records.lock().unwrap();
        Ok(users.iter().map(|user| records.get(user).cloned().unwrap_or_default()).collect())
    }

    async fn choose(&self, user: &UserId, choice: &PresenceChoice, now: Timestamp) -> Result<(), PortError> {
        let mut records = self.records.lock().unwrap();
        let record = records.entry(user.clone()).or_default();
        if choice.status == ChosenStatus::Invisible && record.is_visible() {
            record.last_seen_at = Some(now);
        }
        record.choice = choice.clone();
        Ok(())
    }

    async fn leave(&self, user: &UserId, at: Timestamp) -> Result<(), PortError> {
        let mut records = self.records.lock().unwrap();
        let record = records.entry(user.clone()).or_default();
        if record.is_visible() && record.last_seen_at < Some(at) {
            record.last_seen_at = Some(at);
        }
        Ok(())
    }
}

#[async_trait]
impl PresenceBoard for MemoryRedis {
    async fn shown(&self, users: &[UserId]) -> Option<Vec<Option<Presence>>> {
        self.call(|keys| users.iter().map(|user| keys.presence.get(user).cloned()).collect()).await
    }

    async fn show(&self, user: &UserId, presence: &Presence) -> Option<Option<Presence>> {
        self.call(|keys| keys.presence.insert(user.clone(), presence.clone())).await
    }

    async fn note(&self, found: &[(UserId, Presence)]) {
        self.call(|keys| {
            for (user, presence) in found {
                keys.presence.entry(user.clone()).or_insert_with(|| presence.clone());
            }
        })
        .await;
    }

    async fn watchers(&self, user: &UserId, now: Timestamp) -> Vec<Connection> {
        let watchers = self.call(|keys| keys.watchers.get(user).cloned().unwrap_or_default()).await;
        let watchers = watchers.unwrap_or_default().into_values();
        watchers.filter(|watcher| watcher.ends_at() > now).collect()
    }

    async fn watch(&self, watcher: &Connection, users: &[UserId]) -> bool {
        let noted = self.call(|keys| {
            for watchers in keys.watchers.values_mut() {
                watchers.remove(&watcher.id);
            }
            for user in users {
                let watchers = keys.watchers.entry(user.clone()).or_default();
                watchers.insert(watcher.id.clone(), watcher.clone());
            }
        });
        noted.await.is_some()
    }

    async fn unwatch(&self, watcher: &ConnectionId) {
        self.call(|keys| {
            for watchers in keys.watchers.values_mut() {
                watchers.remove(watcher);
            }
        })
        .await;
    }
}

#[async_trait]
impl Departures for MemoryRedis {
    async fn expect(&self, user: &UserId, until: Timestamp) {
        self.call(|keys| {
            let known = keys.departures.entry(user.clone()).or_insert(until);
            *known = until.max(*known);
        })
        .await;
    }

    async fn leave(&self, user: &UserId, at: Timestamp) {
        self.call(|keys| keys.departures.insert(user.clone(), at)).await;
    }

    async fn forget(&self, user: &UserId) {
        self.call(|keys| keys.departures.remove(user)).await;
    }

    async fn of(&self, user: &UserId) -> Option<Timestamp> {
        self.call(|keys| keys.departures.get(user).copied()).await.flatten()
    }

    async fn overdue(&self, before: Timestamp) -> Vec<(UserId, Timestamp)> {
        let overdue = self.call(|keys| {
            let departures = keys.departures.iter();
            let overdue = departures.filter(|(_, at)| **at < before);
            overdue.take(50).map(|(user, at)| (user.clone(), *at)).collect()
        });
        overdue.await.unwrap_or_default()
    }
}

/// A look that was asked for: at whom, when he left, and after which delay.
pub type Look = (UserId, Option<Timestamp>, Duration);

/// Keeps what was asked for until a test takes it. Its clones are the same queue.
#[derive(Clone, Default)]
pub struct MemoryPresenceTimer {
    looks: Arc<Mutex<Vec<Look>>>,
    announcements: Arc<Mutex<Vec<(Unannounced, Duration)>>>,
}

impl MemoryPresenceTimer {
    /// The looks that were asked for since the last call.
    pub fn take_looks(&self) -> Vec<Look> {
        std::mem::take(&mut *self.looks.lock().unwrap())
    }

    /// The sockets that are to be announced, and after which delay, since the last call.
    pub fn take_announcements(&self) -> Vec<(Unannounced, Duration)> {
        std::mem::take(&mut *self.announcements.lock().unwrap())
    }
}

#[async_trait]
impl PresenceTimer for MemoryPresenceTimer {
    async fn look_later(
        &self,
        user: &UserId,
        left_at: Option<Timestamp>,
        after: Duration,
    ) -> Result<(), PortError> {
        self.looks.lock().unwrap().push((user.clone(), left_at, after));
        Ok(())
    }
}

#[async_trait]
impl AnnouncementTimer for MemoryPresenceTimer {
    async fn announce_later(&self, socket: &Unannounced, after: Duration) -> Result<(), PortError> {
        self.announcements.lock().unwrap().push((socket.clone(), after));
        Ok(())
    }
}

#[async_trait]
impl DirectPeers for MemoryCloud {
    async fn direct_peers(&self, user: &UserId) -> Result<Vec<(ConversationId, UserId)>, PortError> {
        self.gate.pass(Outside::TableRead).await;
        let state = self.state();
        let direct = state.conversations.values().filter(|one| one.kind == ConversationKind::Direct);
        let ids: Vec<ConversationId> = direct
            .map(|conversation| conversation.id)
            .filter(|id| state.memberships.contains_key(&(user.clone(), *id)))
            .collect();
        let other = |id: &ConversationId| {
            let mut people = state.rosters.keys().filter(|(conversation, _)| conversation == id);
            people.find(|(_, other)| other != user).map(|(id, other)| (*id, other.clone()))
        };
        Ok(ids.iter().filter_map(other).collect())
    }
}
