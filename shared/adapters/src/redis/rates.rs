//! Counters over two windows in Redis: one key per window, each command on one key.

use async_trait::async_trait;
use parlance_application::ports::rates::{Count, Counting, RateCounters};
use redis::{Pipeline, Value, from_redis_value_ref, pipe};

use super::{keys::Keys, link::RedisLink};

/// Counts over a link.
#[derive(Debug, Clone)]
pub struct RedisRateCounters {
    link: RedisLink,
}

impl RedisRateCounters {
    /// Counts over this link.
    pub fn new(link: RedisLink) -> Self {
        Self { link }
    }
}

#[async_trait]
impl RateCounters for RedisRateCounters {
    async fn count(&self, counting: &Counting) -> Option<Vec<Count>> {
        if counting.counters.is_empty() {
            return Some(Vec::new());
        }
        let mut commands = pipe();
        add(&mut commands, self.link.keys(), counting);
        let answers: Vec<Value> = self.link.run(&commands).await?;
        Some(counts_of(&answers)).filter(|counts| counts.len() == counting.counters.len())
    }

    async fn take_back(&self, counting: &Counting) {
        let mut commands = pipe();
        for counter in &counting.counters {
            let key = self.link.keys().rate(counter, counter.window_at(counting.at));
            commands.cmd("DECR").arg(&key).ignore();
            // A window that is gone by now would otherwise come back for good.
            commands.cmd("EXPIRE").arg(&key).arg(Keys::rate_seconds(counter)).ignore();
        }
        let _: Option<()> = self.link.run(&commands).await;
    }
}

/// Adds the commands that count; of each counter two are answered.
pub(super) fn add(commands: &mut Pipeline, keys: &Keys, counting: &Counting) {
    for counter in &counting.counters {
        let window = counter.window_at(counting.at);
        let key = keys.rate(counter, window);
        commands.cmd("INCR").arg(&key);
        commands.cmd("EXPIRE").arg(&key).arg(Keys::rate_seconds(counter)).ignore();
        commands.cmd("GET").arg(keys.rate(counter, window.saturating_sub(1)));
    }
}

/// Reads the answers to [`add`]; a counter below zero, whose window was lost before it was taken back, has counted nothing.
pub(super) fn counts_of(answers: &[Value]) -> Vec<Count> {
    let number = |answer: &Value| {
        let number: Option<i64> = from_redis_value_ref(answer).ok()?;
        Some(u64::try_from(number.unwrap_or_default()).unwrap_or_default())
    };
    let (pairs, _) = answers.as_chunks::<2>();
    let counts = pairs
        .iter()
        .map(|[current, previous]| Some(Count { current: number(current)?, previous: number(previous)? }));
    counts.collect::<Option<_>>().unwrap_or_default()
}
