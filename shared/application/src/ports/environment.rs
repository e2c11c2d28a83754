//! Time and randomness: the two things that a use case cannot know by itself.

use std::time::Duration;

use async_trait::async_trait;
use parlance_domain::time::Timestamp;

/// Tells the time, and waits.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Returns after the duration has passed.
    async fn sleep(&self, duration: Duration);
}

/// Draws random numbers that nobody can foresee.
pub trait Random: Send + Sync {
    /// 128 fresh bits.
    fn bytes(&self) -> [u8; 16];

    /// A number in `0..bound`, 0 for a bound of 0: for jitter, not for secrets.
    fn below(&self, bound: u64) -> u64;
}
