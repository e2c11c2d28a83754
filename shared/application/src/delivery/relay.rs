//! What a relay does with each event that it hears: the same core, in a process that goes on running.

use std::{sync::Arc, time::Duration};

use futures::{
    StreamExt,
    channel::mpsc,
    future::{BoxFuture, join_all, select},
};

use super::{broadcaster::Closer, frame::Frame, lanes::Lanes, recipients::Recipients};
use crate::{
    log::rosters::RosterReader,
    ports::{
        PortError,
        delivery::{Broadcast, RelayBus},
        environment::Clock,
    },
};

/// How many sockets one future posts to.
const SOCKETS_PER_DRIVER: usize = 32;

/// When an entry is marked although some sockets have not taken it yet: before the stream would deliver it to everybody once more.
const MARKED_AFTER: Duration = Duration::from_millis(1_500);

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

    /// Puts the event into the lanes of its audience. What is returned has to run for the lanes to empty and for the entry to be marked; the
    /// next event of the same channel need not wait for it, but must not overtake this call.
    ///
    /// An entry is marked once every socket has taken it, or has been slow for [`MARKED_AFTER`]. So of a relay that dies the stream makes good
    /// everything but what slow sockets had not taken yet.
    pub async fn accept(&self, broadcast: &Broadcast) -> Result<Vec<BoxFuture<'static, ()>>, PortError> {
        let Some(roster) = self.rosters.at_version(broadcast.conversation, broadcast.roster_version).await?
        else {
            return Ok(Vec::new());
        };
        let audience = self.recipients.of(broadcast, &roster, self.clock.now()).await?;
        let frame = Frame::from(broadcast);
        let mut drivers: Vec<BoxFuture<'static, ()>> = Vec::new();
        let (under_way, mut ended) = mpsc::channel::<()>(0);
        for connections in audience.open.chunks(SOCKETS_PER_DRIVER) {
            let posts: Vec<_> =
                connections.iter().map(|connection| self.lanes.deliver(connection, frame.clone())).collect();
            let under_way = under_way.clone();
            drivers.push(Box::pin(async move {
                join_all(posts).await;
                drop(under_way);
            }));
        }
        drop(under_way);
        if !audience.expired.is_empty() {
            let closer = self.closer.clone();
            drivers.push(Box::pin(async move {
                closer.close_expired(&audience.expired).await;
            }));
        }
        if let Some(seq) = broadcast.seq {
            let (relays, clock, conversation) =
                (Arc::clone(&self.relays), Arc::clone(&self.clock), broadcast.conversation);
            drivers.push(Box::pin(async move {
                select(ended.next(), clock.sleep(MARKED_AFTER)).await;
                relays.mark_sent(conversation, seq).await;
            }));
        }
        Ok(drivers)
    }
}
