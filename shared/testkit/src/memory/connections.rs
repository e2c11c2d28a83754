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
    sockets: Arc<Mutex<BTreeMap<UserId, BTreeMap<ConnectionId, Connection>>>>,
}

#[async_trait]
impl ConnectionDirectory for MemoryConnections {
    async fn register(&self, connection: &Connection, now: Timestamp) -> Result<Registration, PortError> {
        let mut sockets = self.sockets.lock().unwrap();
        let own = sockets.entry(connection.user.clone()).or_default();
        let open = own.values().filter(|other| !other.is_expired(now) && other.id != connection.id).count();
        if open >= Connection::MAX_PER_USER {
            return Ok(Registration::TooMany);
        }
        own.insert(connection.id.clone(), connection.clone());
        Ok(Registration::Registered)
    }

    async fn forget(&self, user: &UserId, id: &ConnectionId) -> Result<(), PortError> {
        if let Some(own) = self.sockets.lock().unwrap().get_mut(user) {
            own.remove(id);
        }
        Ok(())
    }

    async fn of_users(&self, users: &[UserId]) -> Result<Vec<Connection>, PortError> {
        let sockets = self.sockets.lock().unwrap();
        let users: BTreeSet<&UserId> = users.iter().collect();
        Ok(users
            .into_iter()
            .filter_map(|user| sockets.get(user))
            .flat_map(BTreeMap::values)
            .cloned()
            .collect())
    }
}
