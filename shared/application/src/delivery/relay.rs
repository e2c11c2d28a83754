//! What a relay does with each event that it hears: the same core, in a process that goes on running.

use std::sync::Arc;

use futures::future::BoxFuture;
use parlance_domain::event::Closing;

use super::{broadcaster::Closer, frame::Frame, lanes::Lanes, recipients::Recipients};
use crate::{
    log::rosters::RosterReader,
    ports::{
        PortError,
        delivery::{Broadcast, RelayBus},
        environment::Clock,
    },
};

/// Delivers what the functions publish.
#[derive(Clone)]
pub struct RelayHost {
    rosters: RosterReader,
    recipients: Recipients,
    lanes: Lanes,
    closer: Closer,
    relays: Arc<dyn RelayBus>,
    clock: Arc<dyn Clock>,
}

impl RelayHost {
    /// Delivers over these ports.
    pub fn new(
        rosters: RosterReader,
        recipients: Recipients,
        lanes: Lanes,
        closer: Closer,
        relays: Arc<dyn RelayBus>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { rosters, recipients, lanes, closer, relays, clock }
    }

    /// Puts the event into the lanes of its audience and marks its entry. What is returned has to run for the lanes to empty;
    /// the next event of the same channel need not wait for it, but must not overtake this call.
    pub async fn accept(&self, broadcast: &Broadcast) -> Result<Vec<BoxFuture<'static, ()>>, PortError> {
        let Some(roster) = self.rosters.at_version(broadcast.conversation, broadcast.roster_version).await?
        else {
            return Ok(Vec::new());
        };
        let audience = self.recipients.of(broadcast, &roster, self.clock.now()).await?;
        let frame = Frame::from(broadcast);
        let mut drivers: Vec<BoxFuture<'static, ()>> = Vec::new();
        for connection in &audience.open {
            if let Some(driver) = self.lanes.enqueue_detached(connection, frame.clone()) {
                drivers.push(Box::pin(driver));
            }
        }
        if !audience.expired.is_empty() {
            let closer = self.closer.clone();
            drivers.push(Box::pin(async move {
                closer.close_all(&audience.expired, Closing::TokenExpired).await;
            }));
        }
        if let Some(seq) = broadcast.seq {
            let (relays, conversation) = (Arc::clone(&self.relays), broadcast.conversation);
            drivers.push(Box::pin(async move { relays.mark_sent(conversation, seq).await }));
        }
        Ok(drivers)
    }
}
