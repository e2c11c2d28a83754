//! The whole system in simulated time: the real client library, the real routes, use cases and fan-out, over memory ports, while functions
//! die, answers are lost, networks go away, Redis forgets and relays die. A seed decides everything, so that what it finds is found again.
//!
//! `PARLANCE_SIMULATED_STEPS` sets how many client steps are made in all (a million, unless it is set); `PARLANCE_SIMULATION_SEED` runs one
//! seed alone and prints what happened, in the climate of `PARLANCE_SIMULATION_CLIMATE` (0 to 4) if that is set.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a broken assumption stops the test"
)]
#![allow(clippy::disallowed_methods, reason = "switching safeguards off is what these proofs are about")]

#[path = "simulation/arrivals.rs"]
mod arrivals;
#[path = "simulation/backstage.rs"]
mod backstage;
#[path = "simulation/checks.rs"]
mod checks;
#[path = "simulation/clock.rs"]
mod clock;
#[path = "simulation/device.rs"]
mod device;
#[path = "simulation/network.rs"]
mod network;
#[path = "simulation/people.rs"]
mod people;
#[path = "simulation/reading.rs"]
mod reading;
#[path = "simulation/server.rs"]
mod server;
#[path = "simulation/tasks.rs"]
mod tasks;
#[path = "simulation/weather.rs"]
mod weather;
#[path = "simulation/witness.rs"]
mod witness;
#[path = "simulation/world.rs"]
mod world;

use std::{
    env,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use parlance_application::safeguards::{Safeguard, Safeguards};

use self::{weather::Conditions, world::World};

/// The climates of a proof, each with its share of the seeds.
const CLIMATES: [Conditions; 5] = [
    Conditions::MIXED,
    Conditions::RESTLESS,
    Conditions::SHAKY,
    Conditions::WITNESSED,
    Conditions::FORGETFUL,
];

/// The world of a seed.
fn world(seed: u64, climates: &[Conditions]) -> World {
    let climate = usize::try_from(seed).unwrap() % climates.len();
    World::new(seed, &climates[climate])
}

/// How long a missing safeguard may stay undiscovered.
const TIME_TO_FIND: Duration = Duration::from_secs(60);

/// How many client steps must show that conditions are harmless before something is switched off in them.
const STEPS_TO_TRUST: u64 = 200_000;

/// Each of these proofs has all processors to itself.
fn alone() -> MutexGuard<'static, ()> {
    static PROOF: Mutex<()> = Mutex::new(());
    PROOF.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a seed showed.
#[derive(Debug)]
struct Finding {
    seed: u64,
    violations: Vec<String>,
}

/// Lives through world after world on all processors, until so many steps are made, something is found, or time is up.
fn explore(climates: &[Conditions], steps: u64, time: Duration) -> (u64, u64, Option<Finding>) {
    let (seeds, made) = (AtomicU64::new(0), AtomicU64::new(0));
    let (is_found, found) = (AtomicBool::new(false), Mutex::new(None::<Finding>));
    let until = Instant::now() + time;
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while made.load(Ordering::Relaxed) < steps
                    && !is_found.load(Ordering::Relaxed)
                    && Instant::now() < until
                {
                    let seed = seeds.fetch_add(1, Ordering::Relaxed);
                    let mut world = world(seed, climates);
                    world.run();
                    made.fetch_add(world.steps, Ordering::Relaxed);
                    if !world.violations.is_empty() {
                        is_found.store(true, Ordering::Relaxed);
                        let mut found = found.lock().unwrap();
                        if found.as_ref().is_none_or(|other| seed < other.seed) {
                            *found = Some(Finding { seed, violations: world.violations });
                        }
                    }
                }
            });
        }
    });
    (made.into_inner(), seeds.into_inner(), found.into_inner().unwrap())
}

fn steps() -> u64 {
    env::var("PARLANCE_SIMULATED_STEPS").ok().and_then(|steps| steps.parse().ok()).unwrap_or(1_000_000)
}

#[test]
fn every_promise_holds_after_every_step_of_a_million() {
    if let Ok(seed) = env::var("PARLANCE_SIMULATION_SEED") {
        let climate =
            env::var("PARLANCE_SIMULATION_CLIMATE").ok().map(|place| place.parse::<usize>().unwrap());
        let climates = climate.map_or(&CLIMATES[..], |place| &CLIMATES[place..=place]);
        let mut world = world(seed.parse().unwrap(), climates);
        world.story = Some(Vec::new());
        world.run();
        println!("{}", world.story.unwrap_or_default().join("\n"));
        assert!(world.violations.is_empty(), "{:#?}", world.violations);
        return;
    }
    let _alone = alone();
    let began = Instant::now();
    let (made, worlds, found) = explore(&CLIMATES, steps(), Duration::from_hours(1));
    println!("{made} client steps in {worlds} worlds took {:.1} s", began.elapsed().as_secs_f64());
    if let Some(Finding { seed, violations }) = found {
        panic!("PARLANCE_SIMULATION_SEED={seed} shows: {violations:#?}");
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let story = || {
        let mut world = world(4, &CLIMATES);
        world.story = Some(Vec::new());
        world.run();
        world.story.unwrap()
    };
    assert_eq!(story(), story());
}

/// Some seed shows what a missing safeguard breaks, under conditions that are harmless with it.
fn assert_found(safeguard: Safeguard, climate: &Conditions) {
    let _alone = alone();
    let (_, _, harm) = explore(std::slice::from_ref(climate), STEPS_TO_TRUST, TIME_TO_FIND);
    assert!(harm.is_none(), "with every safeguard on: {harm:?}");
    let safeguards = Safeguards::ALL.without(safeguard);
    let began = Instant::now();
    let climate = Conditions { safeguards, ..climate.clone() };
    let (made, _, found) = explore(&[climate], u64::MAX, TIME_TO_FIND);
    let Some(Finding { seed, violations }) = found else {
        panic!("nothing was found without {safeguard:?} in {made} steps");
    };
    println!(
        "without {safeguard:?}: seed {seed} after {:.1} s: {violations:?}",
        began.elapsed().as_secs_f64()
    );
}

#[test]
fn without_the_verifying_read_something_breaks() {
    assert_found(Safeguard::VerifyingRead, &Conditions::MIXED);
}

#[test]
fn without_out_of_date_something_breaks() {
    assert_found(Safeguard::OutOfDate, &Conditions::MIXED);
}

#[test]
fn without_authorizing_again_something_breaks() {
    assert_found(Safeguard::Reauthorization, &Conditions::MIXED);
}

#[test]
fn without_the_rosters_sum_something_breaks() {
    assert_found(Safeguard::RosterSum, &Conditions::RESTLESS);
}

#[test]
fn without_marking_after_delivery_something_breaks() {
    assert_found(Safeguard::MarkAfterDelivery, &Conditions::MIXED);
}

#[test]
fn without_patience_with_young_sockets_something_breaks() {
    assert_found(Safeguard::YoungConnection, &Conditions::WITNESSED);
}

#[test]
fn without_registering_first_something_breaks() {
    assert_found(Safeguard::RegisterFirst, &Conditions::FORGETFUL);
}
