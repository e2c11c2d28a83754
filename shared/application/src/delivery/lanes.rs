//! One lane per socket and host: at most one post in flight; what arrives meanwhile merges into the next frame.
//!
//! Order per host and coalescing come for free, and a frame is what API Gateway bills. A lane is driven by those who wait for it: whoever
//! finds it idle posts, and passes the baton to the first who waits behind him, so that nothing has to run after a function has answered.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::channel::oneshot;
use parlance_domain::{connection::Connection, event::EventEncoder, ids::ConnectionId};

use super::frame::Frame;
use crate::ports::{
    connections::ConnectionDirectory,
    delivery::{ConnectionPoster, Posted},
    environment::{Clock, Random},
};
use crate::safeguards::{Safeguard, Safeguards};

/// The largest frame that is billed as one unit.
pub const MAX_FRAME_BYTES: usize = 32_000;

/// How many frames may wait for one socket before its lane is emptied: the client then finds the gap and reads the log.
const MAX_WAITING: usize = 2_048;

/// A connection that opened less than this ago may be reported gone although it is only not yet open.
const YOUNG: Duration = Duration::from_secs(2);

/// The pause before such a connection is tried once more.
const YOUNG_PAUSE: Duration = Duration::from_millis(500);

/// The longest pause before the first retry of a throttled or failed post; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// How often one post is tried.
const TRIES: u32 = 4;

/// The lanes of one host.
#[derive(Clone)]
pub struct Lanes {
    busy: Arc<Mutex<HashMap<ConnectionId, Lane>>>,
    poster: Arc<dyn ConnectionPoster>,
    directory: Arc<dyn ConnectionDirectory>,
    encoder: Arc<dyn EventEncoder>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    safeguards: Safeguards,
}

/// How a frame's way through its lane ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaneEnd {
    /// API Gateway took it.
    Delivered,
    /// The socket is gone and forgotten.
    Gone,
    /// It was tried often enough: the client's next `sync` brings it.
    GivenUp,
    /// Posts were throttled or failed, and it was not worth a second try.
    Dropped,
}

#[derive(Default)]
struct Lane {
    waiting: VecDeque<Waiting>,
}

struct Waiting {
    frame: Frame,
    waiter: Waiter,
}

/// Who cares for a frame that stands in a lane.
enum Waiter {
    /// Somebody waits to be told; if he has stopped waiting, the frame was handed over elsewhere.
    Waits(oneshot::Sender<Signal>),
    /// The one who was given the lane; his frame stands in front.
    Drives,
}

enum Signal {
    /// The frame's way has ended.
    Ended(LaneEnd),
    /// Nobody drives the lane any more: it is the waiter's turn.
    Drive(Baton),
}

impl Lanes {
    /// Lanes that post through these ports.
    pub fn new(
        poster: Arc<dyn ConnectionPoster>,
        directory: Arc<dyn ConnectionDirectory>,
        encoder: Arc<dyn EventEncoder>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        let safeguards = Safeguards::ALL;
        Self { busy: Arc::default(), poster, directory, encoder, clock, random, safeguards }
    }

    /// With these safeguards.
    #[must_use]
    pub const fn with_safeguards(mut self, safeguards: Safeguards) -> Self {
        self.safeguards = safeguards;
        self
    }

    /// Puts a frame into its lane now, and returns what has to be awaited until its way has ended.
    ///
    /// If that is dropped before, the frame may or may not be delivered.
    pub fn deliver(
        &self,
        connection: &Connection,
        frame: Frame,
    ) -> impl Future<Output = LaneEnd> + Send + use<> {
        let mut place = self.line_up(connection, &frame);
        let (lanes, connection) = (self.clone(), connection.clone());
        async move {
            loop {
                let (baton, receiver) = place;
                if let Some(baton) = baton {
                    return lanes.drive(&connection, baton).await;
                }
                match receiver.await {
                    Ok(Signal::Ended(end)) => return end,
                    Ok(Signal::Drive(baton)) => return lanes.drive(&connection, baton).await,
                    // Whoever was posting it went away in the middle: it lines up again.
                    Err(oneshot::Canceled) => place = lanes.line_up(&connection, &frame),
                }
            }
        }
    }

    fn line_up(&self, connection: &Connection, frame: &Frame) -> (Option<Baton>, oneshot::Receiver<Signal>) {
        let (sender, receiver) = oneshot::channel();
        let waiting = Waiting { frame: frame.clone(), waiter: Waiter::Waits(sender) };
        (self.enqueue(connection, waiting), receiver)
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<ConnectionId, Lane>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the caller the lane if it was idle.
    fn enqueue(&self, connection: &Connection, mut waiting: Waiting) -> Option<Baton> {
        let mut lanes = self.locked();
        let id = &connection.id;
        let was_idle = !lanes.contains_key(id);
        let lane = lanes.entry(id.clone()).or_default();
        if lane.waiting.len() >= MAX_WAITING {
            tell(lane.waiting.drain(..), LaneEnd::GivenUp);
            tracing::warn!(connection.id = %id, "lane overflowed: left to the client's next sync");
        }
        if was_idle {
            waiting.waiter = Waiter::Drives;
        }
        lane.waiting.push_back(waiting);
        was_idle.then(|| Baton { lanes: self.clone(), id: id.clone(), is_held: true })
    }

    /// Posts what waits, as much as fits into one frame, and passes the lane on.
    async fn drive(&self, connection: &Connection, mut baton: Baton) -> LaneEnd {
        let mut batch = self.take(&connection.id);
        if batch.is_empty() {
            // The lane is idle again, and may have another driver already.
            baton.is_held = false;
            return LaneEnd::GivenUp;
        }
        let end = self.post(connection, &mut batch).await;
        // His own frame stands in front, unless it was dropped on the way.
        let is_own_here = batch.first().is_some_and(|first| !matches!(first.waiter, Waiter::Waits(_)));
        tell(batch, end);
        if matches!(end, LaneEnd::Gone | LaneEnd::GivenUp) {
            let rest = self.locked().get_mut(&connection.id).map(|lane| std::mem::take(&mut lane.waiting));
            tell(rest.into_iter().flatten(), end);
        }
        if is_own_here { end } else { LaneEnd::Dropped }
    }

    /// Takes what fits into one frame, in order; an empty lane becomes idle. Frames whose waiter has gone are left out.
    fn take(&self, id: &ConnectionId) -> Vec<Waiting> {
        let mut lanes = self.locked();
        let Some(lane) = lanes.get_mut(id) else { return Vec::new() };
        let mut batch: Vec<Waiting> = Vec::new();
        let mut bytes = 0;
        while let Some(next) = lane.waiting.pop_front() {
            if next.is_orphan() {
                continue;
            }
            let merged = bytes + next.frame.bytes().len() + self.encoder.batch_overhead(batch.len() + 1);
            if !batch.is_empty() && merged > MAX_FRAME_BYTES {
                lane.waiting.push_front(next);
                break;
            }
            bytes += next.frame.bytes().len();
            batch.push(next);
        }
        if batch.is_empty() {
            lanes.remove(id);
        }
        batch
    }

    /// Gives the lane to the next who waits, or leaves it idle if nobody does.
    fn pass_on(&self, id: &ConnectionId) {
        let mut lanes = self.locked();
        let Some(lane) = lanes.get_mut(id) else { return };
        while let Some(mut next) = lane.waiting.pop_front() {
            match next.waiter {
                Waiter::Waits(signal) if !signal.is_canceled() => {
                    next.waiter = Waiter::Drives;
                    lane.waiting.push_front(next);
                    drop(lanes);
                    let baton = Baton { lanes: self.clone(), id: id.clone(), is_held: true };
                    // If he stopped waiting just now, the baton is dropped with the signal and passes itself on.
                    drop(signal.send(Signal::Drive(baton)));
                    return;
                }
                Waiter::Waits(_) | Waiter::Drives => {}
            }
        }
        lanes.remove(id);
    }

    /// Posts one batch, with the retries that its answer calls for. What may be dropped leaves the batch before the first of them.
    async fn post(&self, connection: &Connection, batch: &mut Vec<Waiting>) -> LaneEnd {
        let mut was_young = false;
        for attempt in 0..TRIES {
            match self.post_once(&connection.id, batch).await {
                Posted::Delivered => return LaneEnd::Delivered,
                Posted::Gone => {
                    let is_young = self.safeguards.has(Safeguard::YoungConnection)
                        && self.clock.now().since(connection.opened_at) < YOUNG;
                    if !is_young || was_young {
                        self.forget(connection).await;
                        return LaneEnd::Gone;
                    }
                    was_young = true;
                    self.clock.sleep(YOUNG_PAUSE).await;
                }
                Posted::Throttled | Posted::Failed if attempt + 1 < TRIES => {
                    tell(batch.extract_if(.., |waiting| waiting.frame.is_droppable()), LaneEnd::Dropped);
                    if batch.is_empty() {
                        return LaneEnd::Dropped;
                    }
                    let bound = FIRST_PAUSE.saturating_mul(1 << attempt);
                    let millis = self.random.below(u64::try_from(bound.as_millis()).unwrap_or(u64::MAX));
                    self.clock.sleep(Duration::from_millis(millis)).await;
                }
                Posted::Throttled | Posted::Failed => break,
                Posted::Refused => {
                    tracing::error!(connection.id = %connection.id, "post refused");
                    break;
                }
            }
        }
        LaneEnd::GivenUp
    }

    async fn post_once(&self, connection: &ConnectionId, batch: &[Waiting]) -> Posted {
        if let [only] = batch {
            return self.poster.post(connection, only.frame.bytes()).await;
        }
        let frames: Vec<&[u8]> = batch.iter().map(|waiting| waiting.frame.bytes()).collect();
        self.poster.post(connection, &self.encoder.batch(&frames)).await
    }

    async fn forget(&self, connection: &Connection) {
        if let Err(error) = self.directory.forget(&connection.user, &connection.id).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a connection that is gone is still known"
            );
        }
    }
}

impl Waiting {
    /// Whether the one who waited has gone.
    fn is_orphan(&self) -> bool {
        matches!(&self.waiter, Waiter::Waits(signal) if signal.is_canceled())
    }
}

/// Tells those who still wait how it ended.
fn tell(batch: impl IntoIterator<Item = Waiting>, end: LaneEnd) {
    for waiting in batch {
        if let Waiter::Waits(signal) = waiting.waiter {
            drop(signal.send(Signal::Ended(end)));
        }
    }
}

/// The right to post to a socket. Dropped while held, it passes the lane on, so that no lane is left without a driver.
struct Baton {
    lanes: Lanes,
    id: ConnectionId,
    is_held: bool,
}

impl Drop for Baton {
    fn drop(&mut self) {
        if self.is_held {
            self.lanes.pass_on(&self.id);
        }
    }
}
