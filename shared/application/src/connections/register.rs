//! A socket takes its place in the registry, and senders learn of it: at once, or as soon as they can.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use parlance_domain::{connection::Connection, ids::UserId, time::Timestamp};

use super::announce::FIRST_PAUSE;
use crate::ports::{
    PortError,
    connections::{AnnouncementTimer, ConnectionDirectory, ConnectionProbe, Registration, Unannounced},
};

/// Registers sockets, so that events find them.
#[derive(Clone)]
pub struct RegisterConnection {
    directory: Arc<dyn ConnectionDirectory>,
    timer: Arc<dyn AnnouncementTimer>,
    probe: Arc<dyn ConnectionProbe>,
}

/// API Gateway does not know a socket before its handshake is over, and gives its integration up to 29 s.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(35);

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
    pub fn new(
        directory: Arc<dyn ConnectionDirectory>,
        timer: Arc<dyn AnnouncementTimer>,
        probe: Arc<dyn ConnectionProbe>,
    ) -> Self {
        Self { directory, timer, probe }
    }

    /// Registers the socket, which may be registered already. API Gateway does not promise to tell of every end of a socket: whoever has too many
    /// may have lost some of them, and gets their places.
    pub async fn execute(
        &self,
        connection: &Connection,
        now: Timestamp,
    ) -> Result<(), RegisterConnectionError> {
        let mut registration = self.directory.register(connection, now).await?;
        if registration == Registration::TooMany && self.forget_gone(&connection.user, now).await? {
            registration = self.directory.register(connection, now).await?;
        }
        match registration {
            Registration::Registered => Ok(()),
            Registration::TooMany => Err(RegisterConnectionError::TooMany),
            Registration::Unannounced => {
                let (user, id) = (connection.user.clone(), connection.id.clone());
                let unannounced = Unannounced { user, connection: id, since: now };
                Ok(self.timer.announce_later(&unannounced, FIRST_PAUSE).await?)
            }
        }
    }

    /// Forgets the user's sockets that are not there any more, and says whether there were such.
    async fn forget_gone(&self, user: &UserId, now: Timestamp) -> Result<bool, PortError> {
        let registered = self.directory.announce(user).await?;
        let old = registered.iter().filter(|socket| now.since(socket.opened_at) >= HANDSHAKE_WITHIN);
        let forgotten = join_all(old.map(async |socket| {
            // One of which nothing can be learnt keeps its place.
            if !self.probe.is_gone(&socket.id).await.unwrap_or(false) {
                return Ok(false);
            }
            self.directory.forget(user, &socket.id).await.map(|()| true)
        }));
        forgotten.await.into_iter().try_fold(false, |any, is_gone| Ok(any | is_gone?))
    }
}
