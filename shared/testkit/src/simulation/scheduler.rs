//! An executor that polls one future once at a time, chosen by whoever drives it.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use async_trait::async_trait;
use parlance_application::ports::environment::Clock;
use parlance_domain::time::Timestamp;

/// How much time one step takes.
pub const STEP: Duration = Duration::from_millis(20);

/// Lets everybody else have a turn.
pub async fn yield_once() {
    let mut has_yielded = false;
    poll_fn(|context| {
        if has_yielded {
            return Poll::Ready(());
        }
        has_yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A future that is polled when its turn comes.
pub struct Task<T> {
    future: Pin<Box<dyn Future<Output = T> + Send>>,
}

impl<T> Task<T> {
    /// Takes a future.
    pub fn new(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self { future: Box::pin(future) }
    }

    /// Gives it one turn.
    pub fn step(&mut self) -> Option<T> {
        match self.future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }
}

/// Time as a count of steps.
#[derive(Debug, Clone, Default)]
pub struct StepClock {
    steps: Arc<AtomicU64>,
}

impl StepClock {
    /// The present step.
    pub fn step(&self) -> u64 {
        self.steps.load(Ordering::SeqCst)
    }

    /// Moves to a later step.
    pub fn move_to(&self, step: u64) {
        self.steps.fetch_max(step, Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for StepClock {
    fn now(&self) -> Timestamp {
        let millis = u64::try_from(STEP.as_millis()).unwrap();
        Timestamp::from_millis(1_790_000_000_000 + self.step() * millis)
    }

    async fn sleep(&self, duration: Duration) {
        let until = self.now().plus(duration);
        while self.now() < until {
            yield_once().await;
        }
    }
}
