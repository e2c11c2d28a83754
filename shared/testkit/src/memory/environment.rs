//! A clock that moves when told, and randomness that a seed repeats.

use std::{
    future::poll_fn,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
    time::Duration,
};

use async_trait::async_trait;
use parlance_application::ports::environment::{Clock, Random};
use parlance_domain::time::Timestamp;
use rand::{RngExt, SeedableRng, rngs::SmallRng};

/// A clock that stands still until somebody moves it.
#[derive(Debug, Clone)]
pub struct ManualClock {
    millis: Arc<AtomicU64>,
}

impl ManualClock {
    /// Starts at this time.
    pub fn at(start: Timestamp) -> Self {
        Self { millis: Arc::new(AtomicU64::new(start.as_millis())) }
    }

    /// Moves on.
    pub fn advance(&self, by: Duration) {
        self.millis.fetch_add(u64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::at(Timestamp::from_millis(1_790_000_000_000))
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.millis.load(Ordering::SeqCst))
    }

    async fn sleep(&self, duration: Duration) {
        let until = self.now().plus(duration);
        poll_fn(|context| {
            if self.now() >= until {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

/// Random numbers that the same seed draws again.
#[derive(Debug, Clone)]
pub struct SeededRandom {
    source: Arc<Mutex<SmallRng>>,
}

impl SeededRandom {
    /// Draws from this seed.
    pub fn new(seed: u64) -> Self {
        Self { source: Arc::new(Mutex::new(SmallRng::seed_from_u64(seed))) }
    }

    /// Whether something of this probability happens.
    pub fn happens(&self, probability: f64) -> bool {
        probability > 0.0 && self.source.lock().unwrap().random::<f64>() < probability
    }

    /// One index below `bound`, which is not 0.
    pub fn index(&self, bound: usize) -> usize {
        self.source.lock().unwrap().random_range(0..bound)
    }
}

impl Random for SeededRandom {
    fn bytes(&self) -> [u8; 16] {
        self.source.lock().unwrap().random()
    }

    fn below(&self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.source.lock().unwrap().random_range(0..bound) }
    }
}
