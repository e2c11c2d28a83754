//! Counters of this process alone, for the time in which the shared ones cannot be reached.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::ports::rates::{Count, Counter, Counting};

/// Beyond so many counters those whose windows have passed are dropped.
const MOST_COUNTERS: usize = 10_000;

/// Counts in memory.
#[derive(Debug, Default)]
pub(super) struct LocalCounters {
    counters: Mutex<HashMap<Counter, Windows>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Windows {
    window: u64,
    count: Count,
}

impl Windows {
    /// The same counter in a later window.
    fn moved_to(self, window: u64) -> Self {
        let Self { window: known, count } = self;
        if window <= known {
            return self;
        }
        let previous = if window == known + 1 { count.current } else { 0 };
        Self { window, count: Count { previous, current: 0 } }
    }
}

impl LocalCounters {
    /// Counts one more at each counter.
    pub(super) fn count(&self, counting: &Counting) -> Vec<Count> {
        let mut counters = self.counters();
        if counters.len() > MOST_COUNTERS {
            counters.retain(|counter, windows| windows.window + 1 >= counter.window_at(counting.at));
        }
        let mut count = |counter: &Counter| {
            let windows = counters.entry(counter.clone()).or_default();
            *windows = windows.moved_to(counter.window_at(counting.at));
            windows.count.current += 1;
            windows.count
        };
        counting.counters.iter().map(&mut count).collect()
    }

    /// Takes back what was counted.
    pub(super) fn take_back(&self, counting: &Counting) {
        let mut counters = self.counters();
        for counter in &counting.counters {
            if let Some(windows) = counters.get_mut(counter)
                && windows.window == counter.window_at(counting.at)
            {
                windows.count.current = windows.count.current.saturating_sub(1);
            }
        }
    }

    fn counters(&self) -> MutexGuard<'_, HashMap<Counter, Windows>> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
