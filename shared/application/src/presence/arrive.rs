//! Somebody opened a socket: if others think that he is away they are told soon, and a socket for presence begins to watch.

use std::{sync::Arc, time::Duration};

use parlance_domain::{
    connection::{Connection, SocketScope},
    ids::UserId,
    signal::PresenceStatus,
};

use super::watch::MAX_WATCHED;
use crate::ports::{
    PortError,
    cache::ConversationCache,
    presence::{Departures, DirectPeers, PresenceBoard, PresenceTimer},
};

/// Takes note of those who come.
#[derive(Clone)]
pub struct Arrive {
    /// What watchers were told, and who they are.
    pub board: Arc<dyn PresenceBoard>,
    /// When people go.
    pub departures: Arc<dyn Departures>,
    /// The queue by which watchers are told, so that no handshake waits for them.
    pub timer: Arc<dyn PresenceTimer>,
    /// Whom a socket for presence watches by itself.
    pub peers: Arc<dyn DirectPeers>,
    /// Which conversations are the most recent.
    pub cache: Arc<dyn ConversationCache>,
}

impl Arrive {
    /// Follows the registration of a socket, and never fails it. Who comes back within the grace costs no event and no message.
    pub async fn execute(&self, connection: &Connection) {
        let user = &connection.user;
        let (shown, (), watching) = futures::join!(
            self.board.shown(std::slice::from_ref(user)),
            self.departures.expect(user, connection.ends_at()),
            self.watch_peers(connection)
        );
        let announced = match shown.as_deref() {
            None => Ok(()),
            Some([Some(shown)]) if shown.status != PresenceStatus::Offline => Ok(()),
            Some(_) => self.timer.look_later(user, None, Duration::ZERO).await,
        };
        for outcome in [announced, watching] {
            if let Err(error) = outcome {
                tracing::warn!(error = &error as &dyn std::error::Error, "an arrival was not taken note of");
            }
        }
    }

    /// A socket for presence watches the people of the user's direct conversations until it says whom it wants to watch.
    async fn watch_peers(&self, connection: &Connection) -> Result<(), PortError> {
        if connection.scope != SocketScope::Presence {
            return Ok(());
        }
        let mut peers = self.peers.direct_peers(&connection.user).await?;
        if peers.len() > MAX_WATCHED {
            let conversations: Vec<_> = peers.iter().map(|(conversation, _)| *conversation).collect();
            let heads = self.cache.heads(&conversations).await;
            let mut recent: Vec<_> =
                heads.into_iter().map(|head| head.map(|head| head.at)).zip(peers).collect();
            recent.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
            recent.truncate(MAX_WATCHED);
            peers = recent.into_iter().map(|(_, peer)| peer).collect();
        }
        let users: Vec<UserId> = peers.into_iter().map(|(_, user)| user).collect();
        self.board.watch(connection, &users).await;
        Ok(())
    }
}
