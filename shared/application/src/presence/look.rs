//! The timer: looks whether somebody is there, and now and then for those whose end nobody told.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use parlance_domain::{ids::UserId, time::Timestamp};

use super::announce::PresenceAnnouncer;
use crate::ports::{PortError, environment::Clock, presence::Departures};

/// How many people are looked at at once.
const CONCURRENT_LOOKS: usize = 16;

/// How often one sweep asks for more.
const ROUNDS: usize = 20;

/// Looks at people.
#[derive(Clone)]
pub struct LookAtPresence {
    announcer: PresenceAnnouncer,
    departures: Arc<dyn Departures>,
    clock: Arc<dyn Clock>,
    grace: Duration,
}

impl LookAtPresence {
    /// Looks through these, and gives everybody the grace.
    pub fn new(
        announcer: PresenceAnnouncer,
        departures: Arc<dyn Departures>,
        clock: Arc<dyn Clock>,
        grace: Duration,
    ) -> Self {
        Self { announcer, departures, clock, grace }
    }

    /// Looks at users: each came, or his last socket closed at the time that is given and the grace is over. Tells, in their order, who has to
    /// be looked at again.
    pub async fn execute(&self, looks: &[(UserId, Option<Timestamp>)]) -> Vec<Result<(), PortError>> {
        let looks = looks.iter().map(|(user, left_at)| self.announcer.settle(user, *left_at));
        stream::iter(looks.collect::<Vec<_>>()).buffered(CONCURRENT_LOOKS).collect().await
    }

    /// Looks at those who should have gone by now and whom no timer came back to: `$disconnect` was lost, or the timer was. Tells how many.
    pub async fn sweep(&self) -> Result<usize, PortError> {
        let before = self.clock.now().minus(self.grace);
        let mut looked = 0;
        for _ in 0..ROUNDS {
            let overdue = self.departures.overdue(before).await;
            if overdue.is_empty() {
                break;
            }
            looked += overdue.len();
            let overdue: Vec<_> = overdue.into_iter().map(|(user, at)| (user, Some(at))).collect();
            self.execute(&overdue).await.into_iter().collect::<Result<(), PortError>>()?;
        }
        Ok(looked)
    }
}
