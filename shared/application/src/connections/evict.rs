//! The server closes a socket, and says why first.

use std::sync::Arc;

use parlance_domain::{
    event::{Closing, EventEncoder},
    ids::{ConnectionId, UserId},
};

use crate::ports::{PortError, connections::ConnectionDirectory, delivery::ConnectionPoster};

/// Tells a client why its socket is closed, closes and forgets it.
#[derive(Clone)]
pub struct EvictConnection {
    directory: Arc<dyn ConnectionDirectory>,
    poster: Arc<dyn ConnectionPoster>,
    encoder: Arc<dyn EventEncoder>,
}

impl EvictConnection {
    /// Takes the ports.
    pub fn new(
        directory: Arc<dyn ConnectionDirectory>,
        poster: Arc<dyn ConnectionPoster>,
        encoder: Arc<dyn EventEncoder>,
    ) -> Self {
        Self { directory, poster, encoder }
    }

    /// Posts `last_answer`, if the client still waits for one, and `session.closing`; then closes and forgets.
    ///
    /// The answer is posted because the invocation's own response would come after the socket is closed. Posts that fail are left at
    /// that: the socket closes all the same.
    pub async fn execute(
        &self,
        user: &UserId,
        id: &ConnectionId,
        closing: Closing,
        last_answer: Option<&[u8]>,
    ) -> Result<(), PortError> {
        if let Some(answer) = last_answer {
            self.poster.post(id, answer).await;
        }
        self.poster.post(id, &self.encoder.closing(&closing)).await;
        self.poster.close(id).await;
        self.directory.forget(user, id).await
    }
}
