//! Decides whether a request comes too fast.

use std::{sync::Arc, time::Duration};

use parlance_domain::ids::{ConnectionId, UserId};

use super::{
    admission::Admission,
    local::LocalCounters,
    rates::{RateClass, RateLimits, policy_of},
};
use crate::ports::{
    environment::Clock,
    rates::{Count, Counter, Counting, RateCounters},
};

/// While the shared counters are out of reach each process allows a quarter: it cannot know what the others allow.
const LOCAL_SHARE: u64 = 4;

/// Limits how fast users ask.
#[derive(Clone)]
pub struct RateLimiter {
    limits: RateLimits,
    counters: Arc<dyn RateCounters>,
    clock: Arc<dyn Clock>,
    local: Arc<LocalCounters>,
}

/// A request that comes too fast. Nothing was done, and nothing is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at most {limit} {policy} in {} s", window.as_secs())]
pub struct RateLimited {
    /// Which limit stands in the way.
    pub policy: &'static str,
    /// Whether it is the caller's own, not one that he shares with others.
    pub is_own: bool,
    /// How much it allows.
    pub limit: u64,
    /// In which time.
    pub window: Duration,
    /// After which time there is room again.
    pub retry_after: Duration,
    /// Whether that is not even known: the counters are out of reach, and without them nothing of this sort is taken.
    pub is_unknown: bool,
}

/// Where a caller stands with one limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Which limit.
    pub policy: &'static str,
    /// How much it allows.
    pub limit: u64,
    /// In which time.
    pub window: Duration,
    /// How much of it is left.
    pub remaining: u64,
    /// After which time nothing of what is counted now counts any more.
    pub resets_in: Duration,
}

impl RateLimiter {
    /// Keeps these limits, counting by `counters`.
    pub fn new(limits: RateLimits, counters: Arc<dyn RateCounters>, clock: Arc<dyn Clock>) -> Self {
        Self { limits, counters, clock, local: Arc::default() }
    }

    /// The limits in force.
    pub const fn limits(&self) -> &RateLimits {
        &self.limits
    }

    /// A request that is about to be counted.
    pub fn admission(&self, user: &UserId, class: RateClass) -> Admission {
        Admission::limited(self.clone(), user.clone(), class)
    }

    /// Counts a frame that was refused for coming too fast; whether its socket has had so many that it is to be closed.
    pub async fn is_abused(&self, connection: &ConnectionId) -> bool {
        let counting = self.counting([Counter::Refusals(connection.clone())]);
        let counts = match self.counters.count(&counting).await {
            Some(counts) => counts,
            None => self.local.count(&counting),
        };
        let refused = counts.iter().zip(&counting.counters).map(|(count, counter)| {
            weighed(count, counter.elapsed_millis(counting.at), counter.window_millis())
        });
        refused.sum::<u64>() > super::rates::MAX_REFUSALS
    }

    /// What is counted of these, now: those that have a limit.
    pub(super) fn counting(&self, counters: impl IntoIterator<Item = Counter>) -> Counting {
        let counters = counters.into_iter().filter(|counter| self.limits.of(counter).is_some()).collect();
        Counting { counters, at: self.clock.now() }
    }

    /// Counts by itself.
    pub(super) async fn count(&self, counting: &Counting) -> Option<Vec<Count>> {
        if counting.counters.is_empty() { Some(Vec::new()) } else { self.counters.count(counting).await }
    }

    /// Takes back what was counted.
    pub(super) async fn take_back(&self, counting: &Counting) {
        self.counters.take_back(counting).await;
    }

    /// Judges what was counted, or counts here where it could not be; a refused request takes its counts back.
    pub(super) async fn judge(
        &self,
        counting: &Counting,
        counts: Option<Vec<Count>>,
        class: RateClass,
    ) -> Result<Vec<Standing>, RateLimited> {
        match counts {
            Some(counts) => {
                let judged = self.judged(counting, &counts, 1);
                if judged.is_err() {
                    self.counters.take_back(counting).await;
                }
                judged
            }
            // A message is never lost because Redis is.
            None if class == RateClass::Sends => Ok(Vec::new()),
            // What is kept and paid for waits until it can be counted again.
            None if class == RateClass::Uploads && self.counters.are_shared() => {
                match counting.counters.iter().find(|counter| matches!(counter, Counter::User(..))) {
                    Some(counter) => Err(self.uncounted(counter)),
                    None => Ok(Vec::new()),
                }
            }
            None => {
                let judged = self.judged(counting, &self.local.count(counting), LOCAL_SHARE);
                if judged.is_err() {
                    self.local.take_back(counting);
                }
                judged
            }
        }
    }

    fn uncounted(&self, counter: &Counter) -> RateLimited {
        RateLimited {
            policy: policy_of(counter),
            is_own: true,
            limit: self.limits.of(counter).unwrap_or_default(),
            window: counter.window(),
            retry_after: counter.window(),
            is_unknown: true,
        }
    }

    fn judged(
        &self,
        counting: &Counting,
        counts: &[Count],
        share: u64,
    ) -> Result<Vec<Standing>, RateLimited> {
        let mut standings = Vec::with_capacity(counts.len());
        for (counter, count) in counting.counters.iter().zip(counts) {
            let Some(limit) = self.limits.of(counter).map(|limit| limit.div_ceil(share)) else { continue };
            let (elapsed, window) = (counter.elapsed_millis(counting.at), counter.window_millis());
            // What concurrent requests have counted and will take back is no reason to wait longer.
            let known = Count { previous: count.previous.min(limit), current: count.current };
            let policy = policy_of(counter);
            let used = weighed(&known, elapsed, window);
            if used > limit {
                let retry_after = Duration::from_millis(wait(&known, limit, elapsed, window));
                let is_own = matches!(counter, Counter::User(..));
                let window = counter.window();
                return Err(RateLimited { policy, is_own, limit, window, retry_after, is_unknown: false });
            }
            // What others sent into a conversation is told to nobody of whom it is not known that he is in it.
            if !matches!(counter, Counter::User(..)) {
                continue;
            }
            standings.push(Standing {
                policy,
                limit,
                window: counter.window(),
                remaining: limit - used,
                resets_in: Duration::from_millis(2 * window - elapsed),
            });
        }
        Ok(standings)
    }
}

/// What counts at this moment: the present window, and of the last one as much as the sliding window still covers.
fn weighed(count: &Count, elapsed: u64, window: u64) -> u64 {
    count.current + (count.previous * (window - elapsed)).div_ceil(window)
}

/// After how many milliseconds one more would fit in, if nobody else came.
fn wait(count: &Count, limit: u64, elapsed: u64, window: u64) -> u64 {
    let current = count.current.saturating_sub(1).min(limit);
    // Of a window that counted `of`, so much has to have passed that at most `room` of it is left.
    let passed = |of: u64, room: u64| {
        if of <= room { 0 } else { (window * (of - room)).div_ceil(of) }
    };
    if current < limit {
        let until = passed(count.previous, limit - current - 1);
        if until < window {
            return until.saturating_sub(elapsed).max(1);
        }
    }
    let rest = window - elapsed;
    rest + passed(current, limit.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waits_as_long_as_told_gets_in() {
        for limit in 1..=25_u64 {
            for previous in 0..=limit {
                for current in 0..=limit {
                    for elapsed in [0, 1, 137, 500, 998, 999] {
                        let asks = Count { previous, current: current + 1 };
                        if weighed(&asks, elapsed, 1000) <= limit {
                            continue;
                        }
                        let at = elapsed + wait(&asks, limit, elapsed, 1000);
                        let later = match at / 1000 {
                            0 => asks,
                            1 => Count { previous: current, current: 1 },
                            _ => Count { previous: 0, current: 1 },
                        };
                        assert!(
                            weighed(&later, at % 1000, 1000) <= limit,
                            "{limit} {asks:?} at {elapsed}, again at {at}"
                        );
                    }
                }
            }
        }
    }
}
