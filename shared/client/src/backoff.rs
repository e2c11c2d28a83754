//! How long to wait before trying again: full jitter, so that clients which failed together do not come back together.

/// A point in time or a length of time in milliseconds; the origin is the caller's.
pub type Millis = u64;

/// A growing upper limit of waiting times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The limit of the first wait.
    pub base: Millis,
    /// The limit of every wait.
    pub cap: Millis,
}

impl Backoff {
    /// For messages that were not acknowledged.
    pub const SEND: Self = Self { base: 300, cap: 20_000 };
    /// For sockets that were closed or could not be opened.
    pub const CONNECT: Self = Self { base: 500, cap: 30_000 };
    /// For reads that failed.
    pub const READ: Self = Self { base: 200, cap: 10_000 };

    /// The longest wait after `failures` failures in a row, at least 1. The wait is drawn evenly between nothing and this.
    pub fn limit(self, failures: u32) -> Millis {
        let doublings = failures.saturating_sub(1).min(20);
        self.base.saturating_mul(1 << doublings).min(self.cap)
    }
}

/// Draws evenly from nothing to its argument. A simulation passes its own.
pub type Jitter<'a> = &'a mut dyn FnMut(Millis) -> Millis;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_doubles_up_to_its_cap() {
        let limits: Vec<_> = [1, 2, 3, 8, u32::MAX].map(|failures| Backoff::CONNECT.limit(failures)).into();
        assert_eq!(limits, [500, 1_000, 2_000, 30_000, 30_000]);
    }
}
