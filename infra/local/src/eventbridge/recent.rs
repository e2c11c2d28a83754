//! The last events, up to a number and a size.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

const MOST_EVENTS: usize = 1_000;
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// The last events, oldest first.
#[derive(Default)]
pub(super) struct Recent {
    events: VecDeque<(usize, Arc<Value>)>,
    bytes: usize,
}

impl Recent {
    /// Adds an event of so many bytes; the oldest go.
    pub(super) fn add(&mut self, event: Arc<Value>, bytes: usize) {
        self.events.push_back((bytes, event));
        self.bytes += bytes;
        while self.events.len() > MOST_EVENTS || (self.bytes > MOST_BYTES && self.events.len() > 1) {
            self.bytes -= self.events.pop_front().map_or(0, |(bytes, _)| bytes);
        }
    }

    /// What is kept.
    pub(super) fn list(&self) -> Vec<Value> {
        self.events.iter().map(|(_, event)| Value::clone(event)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_when_there_are_too_many_or_they_are_too_large() {
        let mut recent = Recent::default();
        for number in 0..=MOST_EVENTS {
            recent.add(Arc::new(number.into()), 1);
        }
        assert_eq!((recent.list().len(), &recent.list()[0]), (MOST_EVENTS, &1.into()));
        recent.add(Arc::new("large".into()), MOST_BYTES);
        assert_eq!(recent.list(), ["large"]);
    }
}
