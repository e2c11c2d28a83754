//! The memory twin of the registry of sockets.

use std::{
    collections::BTreeMap,
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
    sockets: Arc<Mutex<BTreeMap<(UserId, ConnectionId), Connection>>>,
}

#[async_trait]
impl ConnectionDirectory for MemoryConnections {
    async fn register(&self, connection: &Connection, now: Timestamp) -> Result<Registration, PortError> {
        let mut sockets = self.sockets.lock().unwrap();
        let open = sockets
            .values()
            .filter(|other| other.user == connection.user && !other.is_expired(now))
            .filter(|other| other.id != connection.id)
            .count();
        if open >= Connection::MAX_PER_USER {
            return Ok(Registration::TooMany);
        }
        sockets.insert((connection.user.clone(), connection.id.clone()), connection.clone());
        Ok(Registration::Registered)
    }

    async fn forget(&self, user: &UserId, id: &ConnectionId) -> Result<(), PortError> {
        self.sockets.lock().unwrap().remove(&(user.clone(), id.clone()));
        Ok(())
    }

    async fn of_users(&self, users: &[UserId]) -> Result<Vec<Connection>, PortError> {
        let sockets = self.sockets.lock().unwrap();
        Ok(sockets.values().filter(|connection| users.contains(&connection.user)).cloned().collect())
    }
}
