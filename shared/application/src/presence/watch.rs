//! A socket says whose presence it wants to be told of.

use std::sync::Arc;

use parlance_domain::{
    ids::{ConnectionId, UserId},
    signal::Presence,
};

use super::{acquaintances::Acquaintances, sight::PresenceSight};
use crate::ports::{PortError, connections::ConnectionDirectory, presence::PresenceBoard};

/// How many users one socket watches at most.
pub const MAX_WATCHED: usize = 200;

/// Lets sockets watch.
#[derive(Clone)]
pub struct WatchPresence {
    acquaintances: Acquaintances,
    sight: PresenceSight,
    board: Arc<dyn PresenceBoard>,
    directory: Arc<dyn ConnectionDirectory>,
}

/// Why a socket does not watch.
#[derive(Debug, thiserror::Error)]
pub enum WatchPresenceError {
    /// Presence pauses, or the socket is not known any more; to be retried.
    #[error("presence pauses")]
    Paused,
    /// An outside failed; to be retried.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl WatchPresence {
    /// Lets them watch over these ports.
    pub fn new(
        acquaintances: Acquaintances,
        sight: PresenceSight,
        board: Arc<dyn PresenceBoard>,
        directory: Arc<dyn ConnectionDirectory>,
    ) -> Self {
        Self { acquaintances, sight, board, directory }
    }

    /// Lets the user's socket watch those of `others` who share a conversation with him, and nobody else from now on. Tells how they are:
    /// looked at after the socket began to watch, so that no change is lost in between.
    pub async fn execute(
        &self,
        user: &UserId,
        socket: &ConnectionId,
        others: &[UserId],
    ) -> Result<Vec<(UserId, Presence)>, WatchPresenceError> {
        let (known, own) = futures::try_join!(
            self.acquaintances.among(user, others),
            self.directory.of_users(std::slice::from_ref(user))
        )?;
        let watcher = own.iter().find(|own| own.id == *socket).ok_or(WatchPresenceError::Paused)?;
        if !self.board.watch(watcher, &known).await {
            return Err(WatchPresenceError::Paused);
        }
        Ok(self.sight.of(&known).await?)
    }
}
