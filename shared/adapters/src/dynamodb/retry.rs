//! Pauses between attempts that the SDK does not repeat by itself: doubling, capped, with full jitter.

use std::time::Duration;

use rand::RngExt;

/// How often something is tried that throttling or another transaction got in the way of.
pub const ATTEMPTS: u32 = 7;

const FIRST: Duration = Duration::from_millis(25);
const LONGEST: Duration = Duration::from_millis(400);

/// Waits before the attempt that follows `failures` failures; not at all before the first.
pub async fn pause(failures: u32) {
    if failures > 0 {
        let ceiling = FIRST.saturating_mul(1 << failures.min(8)).min(LONGEST);
        let share: f64 = rand::rng().random();
        tokio::time::sleep(ceiling.mul_f64(share)).await;
    }
}
