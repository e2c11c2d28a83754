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

/// The registry, in memory. Its clones are the same registry.
#[derive(Clone, Default)]
pub struct MemoryConnections {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    sockets: BTreeMap<UserId, BTreeMap<ConnectionId, Connection>>,
    unannounced: BTreeSet<ConnectionId>,
    is_silent: bool,
}

impl MemoryConnections {
    /// From now on senders can, or cannot, be told of anything.
    pub fn set_silent(&self, is_silent: bool) {
        self.state.lock().unwrap().is_silent = is_silent;
    }
}

#[async_trait]
impl ConnectionDirectory for MemoryConnections {
    async fn register(&self, connection: &Connection, now: Timestamp) -> Result<Registration, PortError> {
        let mut state = self.state.lock().unwrap();
        let own = state.sockets.entry(connection.user.clone()).or_default();
        let open = own.values().filter(|other| !other.is_expired(now) && other.id != connection.id).count();
        if open >= Connection::MAX_PER_USER {
            return Ok(Registration::TooMany);
        }
        own.insert(connection.id.clone(), connection.clone());
        if state.is_silent {
            state.unannounced.insert(connection.id.clone());
            return Ok(Registration::Unannounced);
        }
        Ok(Registration::Registered)
    }

    async fn announce(&self, user: &UserId) -> Result<Vec<Connection>, PortError> {
        let mut state = self.state.lock().unwrap();
        if state.is_silent {
            return Err(PortError::new("connections", "nobody can be told"));
        }
        let own: Vec<Connection> =
            state.sockets.get(user).into_iter().flat_map(BTreeMap::values).cloned().collect();
        for connection in &own {
            state.unannounced.remove(&connection.id);
        }
        Ok(own)
    }

    async fn forget(&self, user: &UserId, id: &ConnectionId) -> Result<(), PortError> {
        if let Some(own) = self.state.lock().unwrap().sockets.get_mut(user) {
            own.remove(id);
        }
        Ok(())
    }

    async fn of_users(&self, users: &[UserId]) -> Result<Vec<Connection>, PortError> {
        let state = self.state.lock().unwrap();
        let users: BTreeSet<&UserId> = users.iter().collect();
        Ok(users
            .into_iter()
            .filter_map(|user| state.sockets.get(user))
            .flat_map(BTreeMap::values)
            .filter(|connection| !state.unannounced.contains(&connection.id))
            .cloned()
            .collect())
    }
}
