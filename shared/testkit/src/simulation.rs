//! Runs the real use cases over the memory twins, one step of one of them at a time in an order that a seed decides, while everything
//! that can go wrong goes wrong; and checks afterwards that every promise was kept.

pub mod audit;
mod checks;
mod clients;
mod damage;
pub mod faults;
pub mod scheduler;
pub mod stage;
pub mod trial;

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use self::{faults::Faults, trial::Trial};

/// Every kind of broken promise that was found, and in how many trials.
pub type Violations = BTreeMap<&'static str, u64>;

/// Runs trials with the seeds `0..trials` on all processors, until one of them shows a violation of `wanted`.
/// Returns the violations, the lowest seed that showed one, and how many trials were run.
pub fn run(faults: &Faults, trials: u64, wanted: &[&str]) -> (Violations, Option<u64>, u64) {
    let next = AtomicU64::new(0);
    let ran = AtomicU64::new(0);
    let found: Mutex<(Violations, Option<u64>)> = Mutex::default();
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let is_found =
                        || wanted.iter().any(|wanted| found.lock().unwrap().0.contains_key(wanted));
                    if seed >= trials || is_found() {
                        break;
                    }
                    let violations = Trial::new(seed, faults.clone()).run();
                    ran.fetch_add(1, Ordering::Relaxed);
                    if violations.is_empty() {
                        continue;
                    }
                    let mut found = found.lock().unwrap();
                    found.1 = Some(found.1.map_or(seed, |lowest| lowest.min(seed)));
                    for violation in violations {
                        *found.0.entry(violation).or_default() += 1;
                    }
                }
            });
        }
    });
    let (violations, seed) = found.into_inner().unwrap();
    (violations, seed, ran.into_inner())
}
