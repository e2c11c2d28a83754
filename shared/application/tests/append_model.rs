//! The log's promises under random interleavings of everything that can go wrong, over the real use cases; and the proof that each
//! safeguard is needed: without it, a violation is found.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken assumption stops the test"
)]
#![allow(clippy::disallowed_methods, reason = "switching safeguards off is what these proofs are about")]

use parlance_application::safeguards::{Safeguard, Safeguards};
use parlance_testkit::simulation::{self, faults::Faults};

/// Trials for each sort of weather; together more than 40,000.
const TRIALS: u64 = 9_000;

/// Within how many trials a missing safeguard has to show.
const TRIALS_TO_FIND: u64 = 20_000;

fn assert_clean(faults: &Faults) {
    let (violations, seed, ran) = simulation::run(faults, TRIALS, &[]);
    assert_eq!(ran, TRIALS);
    assert!(violations.is_empty(), "{violations:?}, first with seed {}", seed.unwrap());
}

fn assert_found(faults: &Faults, expected: &[&str]) {
    assert!(
        simulation::run(&Faults { safeguards: Safeguards::ALL, ..faults.clone() }, 500, &[]).0.is_empty(),
        "the same weather is harmless with every safeguard on"
    );
    let (violations, seed, ran) = simulation::run(faults, TRIALS_TO_FIND, expected);
    assert!(
        expected.iter().any(|expected| violations.contains_key(expected)),
        "found {violations:?} in {ran} trials, first with seed {seed:?}"
    );
}

#[test]
fn nothing_is_lost_doubled_or_out_of_order_when_functions_die_and_answers_are_lost() {
    assert_clean(&Faults::of_the_table());
}

#[test]
fn nothing_is_lost_doubled_or_out_of_order_when_redis_forgets_and_is_rolled_back_as_well() {
    assert_clean(&Faults::of_everything());
}

#[test]
fn a_hint_beyond_the_log_is_found_out_wherever_a_read_follows() {
    assert_clean(&Faults {
        wrong_hint: 0.004,
        clients_lag: true,
        without_client_id: 0.0,
        ..Faults::of_everything()
    });
}

#[test]
fn clients_that_send_no_after_are_as_safe_for_a_day() {
    assert_clean(&Faults { without_after: 1.0, ..Faults::of_everything() });
}

#[test]
fn a_restore_brings_back_a_log_that_is_whole_and_no_hint_of_the_old_life() {
    assert_clean(&Faults { restore: 0.01, ..Faults::of_the_table() });
}

fn without(safeguard: Safeguard) -> Faults {
    Faults { safeguards: Safeguards::ALL.without(safeguard), ..Faults::of_everything() }
}

#[test]
fn without_the_verifying_read_a_retry_doubles_a_message() {
    assert_found(&without(Safeguard::VerifyingRead), &["duplicate"]);
}

#[test]
fn without_out_of_date_a_retry_from_far_behind_doubles_a_message() {
    assert_found(&without(Safeguard::OutOfDate), &["duplicate"]);
}

#[test]
fn without_recognising_its_own_item_a_repeated_put_doubles_a_message() {
    // The verifying read would find the item too, one read later: the check is shown to carry what it carries alone.
    let both = Safeguards::ALL.without(Safeguard::VerifyingRead).without(Safeguard::OwnItem);
    assert_found(&Faults { safeguards: both, ..Faults::of_everything() }, &["duplicate"]);
}

#[test]
fn without_authorizing_again_somebody_posts_after_his_removal() {
    assert_found(
        &without(Safeguard::Reauthorization),
        &["entry after one's removal", "entry after one's demotion"],
    );
}

#[test]
fn without_the_rosters_sum_a_half_visible_change_is_believed() {
    assert_found(
        &without(Safeguard::RosterSum),
        &["a cached roster that never was", "entry after one's removal", "false refusal"],
    );
}

#[test]
fn without_marking_after_delivery_an_entry_is_never_heard() {
    assert_found(&without(Safeguard::MarkAfterDelivery), &["an entry that a member never heard"]);
}
