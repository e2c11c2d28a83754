//! How fast things may be done: the rates, who is counted, and what becomes of those who are too fast.
//!
//! Each limit is a sliding window, approximated by two counters: what the last window counted fades out while the present one counts.
//! A refused request takes back what it counted, so that whoever keeps asking still gets what is his due.

pub mod admission;
pub mod limiter;
mod local;
pub mod rates;
