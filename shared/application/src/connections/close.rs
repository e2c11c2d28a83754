//! A socket was closed: nothing more is posted to it.

use std::sync::Arc;

use parlance_domain::ids::{ConnectionId, UserId};

use crate::{
    ports::{PortError, connections::ConnectionDirectory},
    presence::depart::Depart,
};

/// Forgets a socket that its client, or API Gateway, has closed.
#[derive(Clone)]
pub struct CloseConnection {
    directory: Arc<dyn ConnectionDirectory>,
    depart: Depart,
}

impl CloseConnection {
    /// Takes the port, and what follows the end of a socket.
    pub fn new(directory: Arc<dyn ConnectionDirectory>, depart: Depart) -> Self {
        Self { directory, depart }
    }

    /// Forgets it; one that is unknown is as good as forgotten.
    pub async fn execute(&self, user: &UserId, id: &ConnectionId) -> Result<(), PortError> {
        self.directory.forget(user, id).await?;
        self.depart.execute(user, id).await
    }
}
