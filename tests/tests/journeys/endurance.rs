//! The guarantees while everything fails: the short form of what `parlance-endure` does for as long as one likes.

use std::time::Duration;

use parlance_tests::cloud::Setup;
use parlance_tests::endurance::{Plan, run};

const PLAN: Plan = Plan {
    lasting: Duration::from_secs(10),
    conversations: 4,
    members: 4,
    pause: Duration::from_millis(50),
    has_faults: true,
};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_doubled_or_out_of_order_whatever_breaks() {
    for relays in [0, 1] {
        let cloud = Setup::default().relays(relays).start().await;
        let report = run(&cloud, PLAN).await;
        assert!(report.is_clean(), "with {relays} relays:\n{report}");
    }
}
