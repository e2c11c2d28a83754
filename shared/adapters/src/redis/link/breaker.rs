//! A circuit breaker: after a few failures in a row nobody waits for Redis, until one who tries finds it well again.

use std::time::{Duration, Instant};

/// So many failures in a row open it.
const FAILURES: u32 = 3;

/// So long nobody tries; then one does, and again after as long.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    next_probe: Option<Instant>,
}

/// Whether a failure opened the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opened {
    Now,
    NotNow,
}

impl Breaker {
    /// Whether a call may go out. While open, one per pause may.
    pub(super) fn admits(&mut self, now: Instant) -> bool {
        match self.next_probe {
            None => true,
            Some(next) if now < next => false,
            Some(_) => {
                self.next_probe = Some(now + PAUSE);
                true
            }
        }
    }

    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    pub(super) fn failed(&mut self, now: Instant) -> Opened {
        self.failures = self.failures.saturating_add(1);
        if self.failures < FAILURES {
            return Opened::NotNow;
        }
        self.next_probe = Some(now + PAUSE);
        if self.failures == FAILURES { Opened::Now } else { Opened::NotNow }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_failures_in_a_row_and_closes_when_a_probe_succeeds() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        assert_eq!(breaker.failed(now), Opened::NotNow);
        breaker.succeeded();
        assert_eq!(breaker.failed(now), Opened::NotNow);
        assert_eq!(breaker.failed(now), Opened::NotNow);
        assert!(breaker.admits(now));
        assert_eq!(breaker.failed(now), Opened::Now);
        assert!(!breaker.admits(now));
        let later = now + PAUSE;
        assert!(breaker.admits(later), "one probes");
        assert!(!breaker.admits(later), "the others wait for it");
        breaker.succeeded();
        assert!(breaker.admits(later));
    }
}
