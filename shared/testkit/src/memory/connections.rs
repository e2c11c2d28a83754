//! The memory twin of the registry of sockets.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use parlance_application::ports::{
    PortError,
    connections::{ConnectionDirectory, Registration},
};
use parlance_domain::{
    connection::Connection,
    ids::{ConnectionId, UserId},
    time::Timestamp,
};

use super::{
    cloud::unanswered,
    gate::{Gate, OpenGate, Outside, Passage},
};

/// The registry, in memory. Its clones are the same registry.
#[derive(Clone)]
pub struct MemoryConnections {
    gate: Arc<dyn Gate>,
    state: Arc<Mutex<State>>,
}

impl Default for MemoryConnections {
    fn default() -> Self {
        Self::behind(Arc::new(OpenGate))
    }
}

#[derive(Default)]
struct State {
    sockets: BTreeMap<UserId, BTreeMap<ConnectionId, Connection>>,
    announced: BTreeSet<ConnectionId>,
    is_silent: bool,
}

impl MemoryConnections {
    /// An empty registry behind a gate: what is true stands in the table, what senders know of it in Redis.
    pub fn behind(gate: Arc<dyn Gate>) -> Self {
        Self { gate, state: Arc::default() }
    }

    /// Carries out a write of the table.
    async fn write<T>(&self, act: impl FnOnce(&mut State) -> T) -> Result<T, PortError> {
        match self.gate.pass(Outside::TableWrite).await {
            Passage::Through => Ok(act(&mut self.state.lock().unwrap())),
            Passage::AnswerLost => {
                act(&mut self.state.lock().unwrap());
                Err(unanswered("connections"))
            }
            Passage::RequestLost | Passage::Late => Err(unanswered("connections")),
        }
    }

    /// Whether Redis could be told, on the second try too.
    async fn reaches_redis(&self) -> bool {
        for _ in 0..2 {
            if self.gate.pass(Outside::Redis).await == Passage::Through {
                return !self.state.lock().unwrap().is_silent;
            }
        }
        false
    }

    /// From now on senders can, or cannot, be told of anything.
    pub fn set_silent(&self, is_silent: bool) {
        self.state.lock().unwrap().is_silent = is_silent;
    }
}

#[async_trait]
impl ConnectionDirectory for MemoryConnections {
    async fn register(&self, connection: &Connection, now: Timestamp) -> Result<Registration, PortError> {
        let is_one_too_many = self
            .write(|state| {
                let own = state.sockets.entry(connection.user.clone()).or_default();
                let others = own.values().filter(|other| other.id != connection.id);
                if others.filter(|other| !other.is_expired(now)).count() >= Connection::MAX_PER_USER {
                    return true;
                }
                own.insert(connection.id.clone(), connection.clone());
                false
            })
            .await?;
        if is_one_too_many {
            return Ok(Registration::TooMany);
        }
        if !self.reaches_redis().await {
            return Ok(Registration::Unannounced);
        }
        self.state.lock().unwrap().announced.insert(connection.id.clone());
        Ok(Registration::Registered)
    }

    async fn announce(&self, user: &UserId) -> Result<Vec<Connection>, PortError> {
        if !self.reaches_redis().await {
            return Err(PortError::new("connections", "nobody can be told"));
        }
        let mut state = self.state.lock().unwrap();
        let own: Vec<Connection> =
            state.sockets.get(user).into_iter().flat_map(BTreeMap::values).cloned().collect();
        for connection in &own {
            state.announced.insert(connection.id.clone());
        }
        Ok(own)
    }

    async fn forget(&self, user: &UserId, id: &ConnectionId) -> Result<(), PortError> {
        self.write(|state| {
            // Another's socket is not forgotten.
            let own = state.sockets.get_mut(user).and_then(|own| own.remove(id));
            if own.is_some() {
                state.announced.remove(id);
            }
        })
        .await
    }

    async fn of_users(&self, users: &[UserId]) -> Result<Vec<Connection>, PortError> {
        let knows_all = self.gate.pass(Outside::Redis).await != Passage::Through;
        if knows_all && self.gate.pass(Outside::TableRead).await == Passage::RequestLost {
            return Err(unanswered("connections"));
        }
        let state = self.state.lock().unwrap();
        let users: BTreeSet<&UserId> = users.iter().collect();
        Ok(users
            .into_iter()
            .filter_map(|user| state.sockets.get(user))
            .flat_map(BTreeMap::values)
            .filter(|connection| knows_all || state.announced.contains(&connection.id))
            .cloned()
            .collect())
    }
}
