//! A socket takes its place in the registry, and senders learn of it: at once, or as soon as they can.

use std::sync::Arc;

use parlance_domain::{connection::Connection, time::Timestamp};

use super::announce::FIRST_PAUSE;
use crate::ports::{
    PortError,
    connections::{AnnouncementTimer, ConnectionDirectory, Registration, Unannounced},
};

/// Registers sockets, so that events find them.
#[derive(Clone)]
pub struct RegisterConnection {
    directory: Arc<dyn ConnectionDirectory>,
    timer: Arc<dyn AnnouncementTimer>,
}

/// Why a socket is not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterConnectionError {
    /// The user has as many sockets as he may.
    #[error("too many sockets")]
    TooMany,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl RegisterConnection {
    /// Registers in this directory; the timer comes back to sockets of which senders could not be told.
    pub fn new(directory: Arc<dyn ConnectionDirectory>, timer: Arc<dyn AnnouncementTimer>) -> Self {
        Self { directory, timer }
    }

    /// Registers the socket, which may be registered already.
    pub async fn execute(
        &self,
        connection: &Connection,
        now: Timestamp,
    ) -> Result<(), RegisterConnectionError> {
        match self.directory.register(connection, now).await? {
            Registration::Registered => Ok(()),
            Registration::TooMany => Err(RegisterConnectionError::TooMany),
            Registration::Unannounced => {
                let (user, id) = (connection.user.clone(), connection.id.clone());
                let unannounced = Unannounced { user, connection: id, since: now };
                Ok(self.timer.announce_later(&unannounced, FIRST_PAUSE).await?)
            }
        }
    }
}
