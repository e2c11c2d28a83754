//! Somebody's socket was closed: it watches nobody, and if it was his last one he is looked at again after the grace.

use std::{sync::Arc, time::Duration};

use parlance_domain::{
    connection::Connection,
    ids::{ConnectionId, UserId},
};

use crate::ports::{
    PortError,
    connections::ConnectionDirectory,
    environment::Clock,
    presence::{Departures, PresenceBoard, PresenceTimer},
};

/// Takes note of those who go.
#[derive(Clone)]
pub struct Depart {
    /// Who watches.
    pub board: Arc<dyn PresenceBoard>,
    /// When people go.
    pub departures: Arc<dyn Departures>,
    /// The queue that comes back to them.
    pub timer: Arc<dyn PresenceTimer>,
    /// Who is connected.
    pub directory: Arc<dyn ConnectionDirectory>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How long somebody may be away before others are told.
    pub grace: Duration,
}

impl Depart {
    /// Follows the end of a socket that is forgotten already.
    pub async fn execute(&self, user: &UserId, socket: &ConnectionId) -> Result<(), PortError> {
        let (left, ()) = futures::join!(self.leave(user), self.board.unwatch(socket));
        left
    }

    async fn leave(&self, user: &UserId) -> Result<(), PortError> {
        let (now, sockets) = (self.clock.now(), self.directory.of_users(std::slice::from_ref(user)).await?);
        let last_end = sockets.iter().map(Connection::ends_at).max();
        if let Some(until) = last_end.filter(|end| *end > now) {
            self.departures.expect(user, until).await;
            return Ok(());
        }
        self.departures.leave(user, now).await;
        self.timer.look_later(user, Some(now), self.grace).await
    }
}
