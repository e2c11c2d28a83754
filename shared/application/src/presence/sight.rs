//! How people are seen: as watchers were told, else as their sockets and their own choice have it.

use std::{collections::HashSet, sync::Arc};

use parlance_domain::{
    connection::Connection,
    ids::UserId,
    signal::{Presence, PresenceStatus},
};

use crate::ports::{
    PortError,
    connections::ConnectionDirectory,
    environment::Clock,
    presence::{PresenceBoard, PresenceRepository},
};

/// Looks at people.
#[derive(Clone)]
pub struct PresenceSight {
    board: Arc<dyn PresenceBoard>,
    records: Arc<dyn PresenceRepository>,
    directory: Arc<dyn ConnectionDirectory>,
    clock: Arc<dyn Clock>,
}

impl PresenceSight {
    /// Looks through these ports.
    pub fn new(
        board: Arc<dyn PresenceBoard>,
        records: Arc<dyn PresenceRepository>,
        directory: Arc<dyn ConnectionDirectory>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { board, records, directory, clock }
    }

    /// How these users are seen, in their order. What watchers were told goes before what is: who is within the grace is still there.
    pub async fn of(&self, users: &[UserId]) -> Result<Vec<(UserId, Presence)>, PortError> {
        let shown = self.board.shown(users).await.unwrap_or_default();
        let mut seen: Vec<Option<Presence>> = shown;
        seen.resize(users.len(), None);
        let unknown: Vec<UserId> = users
            .iter()
            .zip(&seen)
            .filter(|(_, shown)| shown.is_none())
            .map(|(user, _)| user.clone())
            .collect();
        let mut found = self.find(&unknown).await?.into_iter();
        let offline = Presence { status: PresenceStatus::Offline, text: None, last_seen_at: None };
        Ok(users
            .iter()
            .zip(seen)
            .map(|(user, shown)| {
                let presence = shown.or_else(|| found.next().map(|(_, presence)| presence));
                (user.clone(), presence.unwrap_or_else(|| offline.clone()))
            })
            .collect())
    }

    async fn find(&self, users: &[UserId]) -> Result<Vec<(UserId, Presence)>, PortError> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.clock.now();
        let (sockets, records) =
            futures::try_join!(self.directory.of_users(users), self.records.records(users))?;
        let there: HashSet<&UserId> =
            sockets.iter().filter(|socket| socket.ends_at() > now).map(owner).collect();
        let found: Vec<_> = users
            .iter()
            .zip(records)
            .map(|(user, record)| (user.clone(), record.seen(there.contains(user))))
            .collect();
        self.board.note(&found).await;
        Ok(found)
    }
}

const fn owner(socket: &Connection) -> &UserId {
    &socket.user
}
