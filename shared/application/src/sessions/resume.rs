//! A socket comes back: it takes its place in the registry first and is read for after, so that live events and replay overlap.

use std::sync::Arc;

use parlance_domain::{
    connection::{Connection, SocketScope},
    ids::{ConnectionId, UserId},
    time::Timestamp,
};

use crate::{
    connections::register::{RegisterConnection, RegisterConnectionError},
    conversations::sync::{Missed, Present, Standing, SyncConversations, Synced, SyncedConversation},
    delivery::{
        frame::Frame,
        lanes::{LaneEnd, Lanes},
    },
    ports::{PortError, environment::Clock},
    safeguards::{Safeguard, Safeguards},
};

/// Brings a socket up to date.
#[derive(Clone)]
pub struct ResumeSession {
    register: RegisterConnection,
    sync: SyncConversations,
    lanes: Lanes,
    clock: Arc<dyn Clock>,
    safeguards: Safeguards,
}

/// The socket that comes back, as the authorizer knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returning {
    /// API Gateway's id of it.
    pub id: ConnectionId,
    /// Whose it is.
    pub user: UserId,
    /// What it hears.
    pub scope: SocketScope,
    /// From when on its token is refused, leeway included.
    pub expires_at: Timestamp,
}

/// Why a socket is not brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum ResumeSessionError {
    /// The user has as many other sockets as he may.
    #[error("too many sockets")]
    TooManyConnections,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl From<RegisterConnectionError> for ResumeSessionError {
    fn from(error: RegisterConnectionError) -> Self {
        match error {
            RegisterConnectionError::TooMany => Self::TooManyConnections,
            RegisterConnectionError::Port(error) => Self::Port(error),
        }
    }
}

impl ResumeSession {
    /// Works over these.
    pub fn new(
        register: RegisterConnection,
        sync: SyncConversations,
        lanes: Lanes,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { register, sync, lanes, clock, safeguards: Safeguards::ALL }
    }

    /// With these safeguards.
    #[must_use]
    pub const fn with_safeguards(mut self, safeguards: Safeguards) -> Self {
        self.safeguards = safeguards;
        self
    }

    /// Registers the socket, posts to it what its user missed since these entries, and says what became of each conversation.
    ///
    /// A conversation whose frames did not all arrive is [`Missed::Reset`]: never is something partial called recovered.
    pub async fn execute(
        &self,
        returning: Returning,
        standing: &Standing,
    ) -> Result<Synced, ResumeSessionError> {
        let now = self.clock.now();
        let Returning { id, user, scope, expires_at } = returning;
        let connection = Connection { id, user, scope, expires_at, opened_at: now };
        let registers_first = self.safeguards.has(Safeguard::RegisterFirst);
        if registers_first {
            self.register.execute(&connection, now).await?;
        }
        let mut synced = self.sync.execute(&connection.user, standing).await?;
        if !registers_first {
            self.register.execute(&connection, now).await?;
        }
        self.post(&connection, &mut synced).await;
        Ok(synced)
    }

    /// All frames line up in the socket's lane before the first is posted, so that they merge into as few as can be.
    async fn post(&self, connection: &Connection, synced: &mut Synced) {
        let mut posts = Vec::new();
        for one in synced.conversations.values_mut() {
            let SyncedConversation::Present(Present { missed, .. }) = one else { continue };
            let Missed::Recovered(frames) = missed else { continue };
            let ends: Vec<_> = std::mem::take(frames)
                .into_iter()
                .map(|frame| self.lanes.deliver(connection, Frame::kept(frame)))
                .collect();
            posts.push(async move {
                let ends = futures::future::join_all(ends).await;
                if ends.iter().any(|end| *end != LaneEnd::Delivered) {
                    *missed = Missed::Reset;
                }
            });
        }
        futures::future::join_all(posts).await;
    }
}
