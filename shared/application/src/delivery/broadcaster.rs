//! How a function lets everybody know: through a relay if one lives, else by posting itself, the rest through `fan-out`.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{
    FutureExt, StreamExt,
    future::{Either, select},
    stream::FuturesUnordered,
};
use parlance_domain::{
    connection::Connection,
    event::{Closing, EventEncoder},
    ids::{ConnectionId, UserId},
    roster::Roster,
    time::Timestamp,
};

use super::{
    frame::Frame,
    lanes::{LaneEnd, Lanes},
    recipients::{Audience, Recipients},
};
use crate::{
    ports::{
        PortError,
        connections::ConnectionDirectory,
        delivery::{Broadcast, ConnectionPoster, FanOutInvoker, FanOutOrder, RelayBus},
        environment::Clock,
    },
    safeguards::{Safeguard, Safeguards},
};

/// How many sockets a function posts to itself before it answers.
const DIRECT_POSTS: usize = 64;

/// How long it waits for these posts; what has not ended then goes to `fan-out`.
const DIRECT_DEADLINE: Duration = Duration::from_millis(300);

/// How many sockets one invocation of `fan-out` is given.
const PER_FAN_OUT: usize = 250;

/// How long a socket that was slow is left to `fan-out`, so that it does not delay every answer.
const SLOW_FOR: Duration = Duration::from_secs(10);

/// Sends events on their way, from within a function.
#[derive(Clone)]
pub struct Broadcaster {
    relays: Arc<dyn RelayBus>,
    recipients: Recipients,
    lanes: Lanes,
    fan_out: Arc<dyn FanOutInvoker>,
    closer: Closer,
    clock: Arc<dyn Clock>,
    safeguards: Safeguards,
    slow: Arc<Mutex<HashMap<ConnectionId, Timestamp>>>,
}

impl Broadcaster {
    /// Sends through these ports.
    pub fn new(
        relays: Arc<dyn RelayBus>,
        recipients: Recipients,
        lanes: Lanes,
        fan_out: Arc<dyn FanOutInvoker>,
        closer: Closer,
        clock: Arc<dyn Clock>,
        safeguards: Safeguards,
    ) -> Self {
        Self { relays, recipients, lanes, fan_out, closer, clock, safeguards, slow: Arc::default() }
    }

    /// Delivers the event or hands it over, and then marks its entry as sent. After an error it is not marked: the stream makes it good.
    ///
    /// `roster` is of the broadcast's version or later.
    pub async fn broadcast(
        &self,
        broadcast: &Broadcast,
        roster: &Roster,
        has_relay: bool,
    ) -> Result<(), PortError> {
        if !self.safeguards.has(Safeguard::MarkAfterDelivery) {
            self.mark(broadcast).await;
        }
        if has_relay && self.relays.publish(broadcast).await {
            // The relay marks it: whether one listened is not known here.
            return Ok(());
        }
        self.deliver(broadcast, roster).await?;
        if self.safeguards.has(Safeguard::MarkAfterDelivery) {
            self.mark(broadcast).await;
        }
        Ok(())
    }

    /// The same for an entry of which not everybody is told alike: it is marked once everybody has been told, so no relay takes part of it.
    pub async fn broadcast_shapes(
        &self,
        shapes: &[Broadcast],
        roster: &Roster,
        has_relay: bool,
    ) -> Result<(), PortError> {
        if let [only] = shapes {
            return self.broadcast(only, roster, has_relay).await;
        }
        for shape in shapes {
            self.deliver(shape, roster).await?;
        }
        if let Some(last) = shapes.last() {
            self.mark(last).await;
        }
        Ok(())
    }

    async fn mark(&self, broadcast: &Broadcast) {
        if let Some(seq) = broadcast.seq {
            self.relays.mark_sent(broadcast.conversation, seq).await;
        }
    }

    async fn deliver(&self, broadcast: &Broadcast, roster: &Roster) -> Result<(), PortError> {
        let audience = self.recipients.of(broadcast, roster, self.clock.now()).await?;
        self.post_to(audience, &Frame::from(broadcast)).await.map(drop)
    }

    /// Posts to the first sockets and hands the others over. Returns when each frame's way has ended or is somebody else's, and tells
    /// which of the sockets that it posted to are gone.
    ///
    /// Sockets that are slow are not handed what may be dropped.
    pub async fn post_to(&self, audience: Audience, frame: &Frame) -> Result<Vec<ConnectionId>, PortError> {
        let (slow, mut direct) = self.split_slow(audience.open, self.clock.now());
        let mut rest = if direct.len() > DIRECT_POSTS { direct.split_off(DIRECT_POSTS) } else { Vec::new() };
        if !frame.is_droppable() {
            rest.extend(slow);
        }
        let handed_over = self.hand_over(frame, &rest);
        let posted = async {
            let PostedDirectly { late, gone } = self.post_directly(frame, &direct).await;
            self.remember_slow(&late);
            if !frame.is_droppable() {
                self.hand_over(frame, &late).await?;
            }
            Ok(gone)
        };
        let closed = self.closer.close_expired(&audience.expired);
        let (handed_over, posted, ()) = futures::join!(handed_over, posted, closed);
        handed_over.and(posted)
    }

    /// Posts to these sockets at once, until the deadline.
    async fn post_directly(&self, frame: &Frame, connections: &[Connection]) -> PostedDirectly {
        if connections.is_empty() {
            return PostedDirectly::default();
        }
        let mut under_way: FuturesUnordered<_> = connections
            .iter()
            .enumerate()
            .map(|(place, connection)| {
                self.lanes.deliver(connection, frame.clone()).map(move |end| (place, end))
            })
            .collect();
        let mut ends = vec![LaneEnd::GivenUp; connections.len()];
        let mut deadline = self.clock.sleep(DIRECT_DEADLINE);
        while let Either::Left((Some((place, end)), still)) = select(under_way.next(), deadline).await {
            deadline = still;
            if let Some(slot) = ends.get_mut(place) {
                *slot = end;
            }
        }
        let ended = |wanted| connections.iter().zip(&ends).filter(move |(_, end)| **end == wanted);
        PostedDirectly {
            late: ended(LaneEnd::GivenUp).map(|(late, _)| late.clone()).collect(),
            gone: ended(LaneEnd::Gone).map(|(gone, _)| gone.id.clone()).collect(),
        }
    }

    async fn hand_over(&self, frame: &Frame, connections: &[Connection]) -> Result<(), PortError> {
        let orders: Vec<FanOutOrder> = connections
            .chunks(PER_FAN_OUT)
            .map(|connections| FanOutOrder {
                frame: frame.bytes().to_vec(),
                is_droppable: frame.is_droppable(),
                connections: connections.to_vec(),
            })
            .collect();
        futures::future::try_join_all(orders.iter().map(|order| self.fan_out.hand_over(order))).await?;
        Ok(())
    }

    fn split_slow(&self, connections: Vec<Connection>, now: Timestamp) -> (Vec<Connection>, Vec<Connection>) {
        let mut slow = self.slow.lock().unwrap_or_else(PoisonError::into_inner);
        slow.retain(|_, until| *until > now);
        connections.into_iter().partition(|connection| slow.contains_key(&connection.id))
    }

    fn remember_slow(&self, connections: &[Connection]) {
        if connections.is_empty() {
            return;
        }
        let until = self.clock.now().plus(SLOW_FOR);
        let mut slow = self.slow.lock().unwrap_or_else(PoisonError::into_inner);
        slow.extend(connections.iter().map(|connection| (connection.id.clone(), until)));
    }
}

/// Which of the sockets that were posted to did not take the frame.
#[derive(Default)]
struct PostedDirectly {
    /// Their posts had not ended by the deadline, or were tried often enough.
    late: Vec<Connection>,
    /// They are gone, and forgotten.
    gone: Vec<ConnectionId>,
}

/// Posts one handed-over frame to its sockets: the whole of what `fan-out` does.
#[derive(Clone)]
pub struct FanOut {
    lanes: Lanes,
    closer: Closer,
    clock: Arc<dyn Clock>,
}

impl FanOut {
    /// Posts through these lanes.
    pub fn new(lanes: Lanes, closer: Closer, clock: Arc<dyn Clock>) -> Self {
        Self { lanes, closer, clock }
    }

    /// Returns when each frame's way has ended; how often it failed is logged, and left to the clients' next `sync`.
    pub async fn execute(&self, order: FanOutOrder) {
        let frame = if order.is_droppable { Frame::droppable(order.frame) } else { Frame::kept(order.frame) };
        let now = self.clock.now();
        let (expired, open): (Vec<_>, Vec<_>) =
            order.connections.into_iter().partition(|connection| connection.is_expired(now));
        let posts: Vec<_> =
            open.iter().map(|connection| self.lanes.deliver(connection, frame.clone())).collect();
        let (ends, ()) =
            futures::join!(futures::future::join_all(posts), self.closer.close_expired(&expired));
        let given_up = ends.iter().filter(|end| **end == LaneEnd::GivenUp).count();
        if given_up > 0 {
            tracing::warn!(given_up, posts = ends.len(), "frames left to the clients' next sync");
        }
    }
}

/// Tells sockets why they are closed, closes them and forgets them.
#[derive(Clone)]
pub struct Closer {
    poster: Arc<dyn ConnectionPoster>,
    directory: Arc<dyn ConnectionDirectory>,
    encoder: Arc<dyn EventEncoder>,
}

impl Closer {
    /// Closes through these ports.
    pub fn new(
        poster: Arc<dyn ConnectionPoster>,
        directory: Arc<dyn ConnectionDirectory>,
        encoder: Arc<dyn EventEncoder>,
    ) -> Self {
        Self { poster, directory, encoder }
    }

    /// Closes all of these, at once. After an error some may still be open.
    pub async fn close_all(&self, connections: &[Connection], why: Closing) -> Result<(), PortError> {
        let ends =
            connections.iter().map(|connection| self.close(&connection.user, &connection.id, why, None));
        futures::future::join_all(ends).await.into_iter().collect()
    }

    /// Closes those whose tokens have expired. One that stays open for now is met again with the next event.
    pub async fn close_expired(&self, connections: &[Connection]) {
        if let Err(error) = self.close_all(connections, Closing::TokenExpired).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a socket whose token has expired was not closed"
            );
        }
    }

    /// Posts `last_answer`, if the client still waits for one, and `session.closing`; then closes the socket and forgets it.
    ///
    /// The answer is posted because the invocation's own response would come after the socket is closed. It is closed first: whoever
    /// dies in between leaves a socket whose end API Gateway tells, and not one that is open and hears of nothing. That is what one that
    /// could not be closed becomes, unless it is closed only because it missed something.
    pub async fn close(
        &self,
        user: &UserId,
        id: &ConnectionId,
        why: Closing,
        last_answer: Option<&[u8]>,
    ) -> Result<(), PortError> {
        if let Some(answer) = last_answer {
            self.poster.post(id, answer).await;
        }
        self.poster.post(id, &self.encoder.closing(&why)).await;
        let closed = self.poster.close(id).await;
        if closed.is_err() && why == Closing::MissedEvents {
            return closed;
        }
        self.directory.forget(user, id).await.and(closed)
    }
}
