//! Senders could not be told of a socket when it was registered: they are told as soon as they can be, and what it may have missed
//! meanwhile its client fetches.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use parlance_domain::event::Closing;

use crate::{
    delivery::broadcaster::Closer,
    ports::{
        PortError,
        connections::{AnnouncementTimer, ConnectionDirectory, Unannounced},
        environment::Clock,
    },
};

/// The pause before the first attempt. The next ones wait as long as it has taken so far, at most [`LONGEST_PAUSE`]: eleven attempts in all,
/// fewer than the sixteen after which Lambda takes a function and its queue for an endless loop.
pub const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// After that long, what senders knew before has expired: they have read the registry itself.
const GIVEN_UP_AFTER: Duration = Duration::from_mins(5);

/// How many sockets are announced at once.
const CONCURRENT: usize = 16;

/// Announces sockets late.
#[derive(Clone)]
pub struct AnnounceConnections {
    directory: Arc<dyn ConnectionDirectory>,
    timer: Arc<dyn AnnouncementTimer>,
    closer: Closer,
    clock: Arc<dyn Clock>,
}

impl AnnounceConnections {
    /// Announces through these ports.
    pub fn new(
        directory: Arc<dyn ConnectionDirectory>,
        timer: Arc<dyn AnnouncementTimer>,
        closer: Closer,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { directory, timer, closer, clock }
    }

    /// Announces each of these, or asks for another attempt. Tells, in their order, for which not even that could be done.
    ///
    /// A socket that was announced late is closed: nobody knows which events passed it by, and a client that comes back asks for them. One
    /// that has registered again meanwhile is left alone: it has asked for them already.
    pub async fn execute(&self, sockets: &[Unannounced]) -> Vec<Result<(), PortError>> {
        let announcements: Vec<_> = sockets.iter().map(|socket| self.announce(socket)).collect();
        stream::iter(announcements).buffered(CONCURRENT).collect().await
    }

    async fn announce(&self, socket: &Unannounced) -> Result<(), PortError> {
        match self.directory.announce(&socket.user).await {
            Ok(mut open) => {
                open.retain(|open| open.id == socket.connection && open.opened_at <= socket.since);
                self.closer.close_all(&open, Closing::MissedEvents).await
            }
            Err(error) => {
                let waited = self.clock.now().since(socket.since);
                if waited < GIVEN_UP_AFTER {
                    let pause = waited.clamp(FIRST_PAUSE, LONGEST_PAUSE);
                    return self.timer.announce_later(socket, pause).await;
                }
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    connection.id = %socket.connection,
                    "senders were not told of a socket until what they knew before had expired"
                );
                Ok(())
            }
        }
    }
}
