//! Finds out how somebody is, and tells those who watch him if they were told something else.

use std::sync::Arc;

use parlance_domain::{
    connection::Connection,
    event::EventEncoder,
    ids::UserId,
    signal::{Presence, Signal, SignalBody},
    time::Timestamp,
};

use crate::{
    delivery::{broadcaster::Broadcaster, frame::Frame, recipients::Audience},
    ports::{
        PortError,
        connections::ConnectionDirectory,
        environment::Clock,
        presence::{Departures, PresenceBoard, PresenceRepository},
    },
};

/// How often what was told is compared with what is. Whoever comes or goes meanwhile is seen by the next look.
const LOOKS: usize = 4;

/// Keeps watchers informed.
#[derive(Clone)]
pub struct PresenceAnnouncer {
    ports: PresencePorts,
}

/// What [`PresenceAnnouncer`] works over.
#[derive(Clone)]
pub struct PresencePorts {
    /// What watchers were told, and who they are.
    pub board: Arc<dyn PresenceBoard>,
    /// When people go.
    pub departures: Arc<dyn Departures>,
    /// What people chose.
    pub records: Arc<dyn PresenceRepository>,
    /// Who is connected.
    pub directory: Arc<dyn ConnectionDirectory>,
    /// The fan-out.
    pub broadcaster: Broadcaster,
    /// The spelling of events.
    pub encoder: Arc<dyn EventEncoder>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl PresenceAnnouncer {
    /// Informs over these ports.
    pub const fn new(ports: PresencePorts) -> Self {
        Self { ports }
    }

    /// Tells watchers how the user is, if they think otherwise. `left_at` is when his last socket ended, where that is why one looks: it
    /// becomes his `last_seen_at`, and nothing happens where he has been there since, even if he has left again.
    ///
    /// Sockets are looked at again after what is told was remembered, and whoever opens one reads that after he registered: so of
    /// one who comes back just then, one of the two sees the other. Who looks again asks first what was told: whoever told something
    /// else meanwhile had a newer reason, and looks again himself.
    pub async fn settle(&self, user: &UserId, left_at: Option<Timestamp>) -> Result<(), PortError> {
        let PresencePorts { board, departures, records, directory, clock, .. } = &self.ports;
        for look in 0..LOOKS {
            let only = std::slice::from_ref(user);
            let shown =
                if look == 0 { None } else { board.shown(only).await.and_then(|mut all| all.pop()?) };
            let (expected, sockets, found) =
                futures::join!(departures.of(user), directory.of_users(only), records.records(only));
            // Only before anything is told: what was told has to be compared with what is, whoever came meanwhile.
            if let (0, Some(left_at), Some(expected)) = (look, left_at, expected)
                && expected > left_at
            {
                return Ok(());
            }
            let (now, mut record) = (clock.now(), found?.pop().unwrap_or_default());
            let last_end = sockets?.iter().map(Connection::ends_at).max();
            let there_until = last_end.filter(|end| *end > now);
            match (there_until, left_at) {
                (Some(until), _) => departures.expect(user, until).await,
                (None, Some(left_at)) if record.is_visible() && record.last_seen_at < Some(left_at) => {
                    records.leave(user, left_at).await?;
                    record.last_seen_at = Some(left_at);
                }
                (None, _) => {}
            }
            let presence = record.seen(there_until.is_some());
            if shown.is_some_and(|shown| looks_the_same(&shown, &presence)) {
                return Ok(());
            }
            let Some(told) = board.show(user, &presence).await else { return Ok(()) };
            if there_until.is_none() {
                departures.forget(user).await;
            }
            if told.is_some_and(|told| looks_the_same(&told, &presence)) {
                return Ok(());
            }
            self.tell(user, presence).await;
        }
        Ok(())
    }

    /// Posts to those who watch. What fails is not made good.
    async fn tell(&self, user: &UserId, presence: Presence) {
        let PresencePorts { board, broadcaster, encoder, clock, .. } = &self.ports;
        let now = clock.now();
        let watchers = board.watchers(user, now).await;
        let body = SignalBody::Presence { user: user.clone(), presence };
        let frame = Frame::droppable(encoder.signal(&Signal { conversation: None, at: now, body }));
        let (expired, open) = watchers.into_iter().partition(|watcher| watcher.is_expired(now));
        match broadcaster.post_to(Audience { open, expired }, &frame).await {
            Ok(gone) => {
                futures::future::join_all(gone.iter().map(|watcher| board.unwatch(watcher))).await;
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "presence was not told to everybody"
                );
            }
        }
    }
}

/// When somebody was last seen tells nobody anything new by itself.
fn looks_the_same(one: &Presence, other: &Presence) -> bool {
    (one.status, &one.text) == (other.status, &other.text)
}
