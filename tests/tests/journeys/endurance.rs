//! The guarantees while everything fails: the short forms of what `parlance-endure` does for as long as one likes.

use std::time::Duration;

use parlance_tests::cloud::Setup;
use parlance_tests::endurance::{Plan, Trouble, run};

const PLAN: Plan = Plan {
    lasting: Duration::from_secs(10),
    conversations: 4,
    members: 4,
    pause: Duration::from_millis(50),
    trouble: Trouble::Faults,
};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_doubled_or_out_of_order_whatever_breaks() {
    for relays in [0, 1] {
        let report = run(Setup::default().relays(relays), PLAN).await;
        assert!(report.is_clean(), "with {relays} relays:\n{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_everything_is_killed_again_and_again() {
    let plan = Plan { trouble: Trouble::Kills(3), ..PLAN };
    let report = run(Setup::default().relays(1), plan).await;
    assert!(report.is_clean(), "{report}");
}
