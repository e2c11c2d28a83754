//! Simulated time: it stands still while anybody can do something, and then leaps to the next moment at which somebody wakes.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    future::poll_fn,
    sync::{Arc, Mutex},
    task::{Poll, Waker},
    time::Duration,
};

use async_trait::async_trait;
use parlance_application::ports::environment::Clock;
use parlance_domain::time::Timestamp;

/// The first moment of every simulation.
const START: u64 = 1_790_000_000_000;

/// Milliseconds since the beginning of the simulation.
pub type Moment = u64;

/// The clock of all.
#[derive(Clone, Default)]
pub struct LeapingClock {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    now: Moment,
    sleeps: u64,
    due: BinaryHeap<Reverse<(Moment, u64)>>,
    wakers: BTreeMap<u64, Waker>,
}

impl LeapingClock {
    /// Now.
    pub fn moment(&self) -> Moment {
        self.state.lock().unwrap().now
    }

    /// When the next sleeper wakes.
    pub fn next(&self) -> Option<Moment> {
        let mut state = self.state.lock().unwrap();
        while let Some(Reverse((at, sleep))) = state.due.peek().copied() {
            if state.wakers.contains_key(&sleep) {
                return Some(at);
            }
            state.due.pop();
        }
        None
    }

    /// Leaps forward and wakes whoever is due.
    pub fn leap(&self, to: Moment) {
        let mut state = self.state.lock().unwrap();
        state.now = state.now.max(to);
        while let Some(Reverse((at, sleep))) = state.due.peek().copied() {
            if at > state.now {
                break;
            }
            state.due.pop();
            if let Some(waker) = state.wakers.remove(&sleep) {
                waker.wake();
            }
        }
    }

    /// Sleeps for some milliseconds.
    pub async fn pass(&self, millis: u64) {
        let until = self.moment() + millis;
        let sleeping = Sleeping { clock: self, sleep: self.lie_down(until) };
        poll_fn(|context| {
            let mut state = self.state.lock().unwrap();
            if state.now >= until {
                return Poll::Ready(());
            }
            state.wakers.insert(sleeping.sleep, context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn lie_down(&self, until: Moment) -> u64 {
        let mut state = self.state.lock().unwrap();
        state.sleeps += 1;
        let sleep = state.sleeps;
        state.due.push(Reverse((until, sleep)));
        sleep
    }
}

/// Somebody who sleeps; nothing has to happen for him once he is gone.
struct Sleeping<'a> {
    clock: &'a LeapingClock,
    sleep: u64,
}

impl Drop for Sleeping<'_> {
    fn drop(&mut self) {
        self.clock.state.lock().unwrap().wakers.remove(&self.sleep);
    }
}

#[async_trait]
impl Clock for LeapingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(START + self.moment())
    }

    async fn sleep(&self, duration: Duration) {
        self.pass(u64::try_from(duration.as_millis()).unwrap()).await;
    }
}
