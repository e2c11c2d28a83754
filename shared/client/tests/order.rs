//! Whatever the network does to the events of a conversation, each is applied once and in order.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use parlance_client::order::{HOLD, Need, Order};
use proptest::prelude::*;

#[test]
fn what_was_applied_is_dropped() {
    let mut order = Order::after(4);
    assert_eq!(order.offer(5, 5, 0), [5]);
    assert!(order.offer(5, 5, 0).is_empty());
    assert!(order.offer(3, 3, 0).is_empty());
    assert_eq!(order.applied(), Some(5));
    assert_eq!(order.deadline(), None);
}

#[test]
fn what_is_ahead_waits_for_what_was_overtaken() {
    let mut order = Order::after(41);
    assert!(order.offer(43, 43, 100).is_empty());
    assert_eq!(order.need(100 + HOLD - 1), Need::Nothing);
    assert_eq!(order.offer(42, 42, 100 + HOLD - 1), [42, 43]);
    assert_eq!(order.deadline(), None);
}

#[test]
fn a_gap_is_read_from_the_log_after_a_while() {
    let mut order = Order::after(41);
    order.offer(44, 44, 100);
    assert_eq!(order.deadline(), Some(100 + HOLD));
    assert_eq!(order.need(100 + HOLD), Need::ReadLog { after: 41 });
    assert_eq!(order.need(10_000), Need::Nothing, "it is being read");
    assert_eq!(order.offer(42, 42, 400), [42]);
    assert_eq!(order.offer(43, 43, 400), [43, 44]);
    order.read_ended(44, 400);
    assert_eq!(order.deadline(), None);
}

#[test]
fn a_read_that_failed_is_made_again() {
    let mut order: Order<u64> = Order::after(41);
    order.read_anyway(0);
    assert_eq!(order.need(0), Need::ReadLog { after: 41 });
    order.read_failed(10, 90);
    assert_eq!(order.need(99), Need::Nothing);
    assert_eq!(order.need(100), Need::ReadLog { after: 41 });
    order.read_ended(41, 110);
    assert_eq!(order.deadline(), None, "there was nothing to read");
}

#[test]
fn a_conversation_that_nobody_told_of_begins_with_the_lowest_of_its_first_events() {
    let mut order = Order::from_first_event();
    assert!(order.offer(8, 8, 0).is_empty());
    assert!(order.offer(7, 7, 100).is_empty());
    assert_eq!(order.need(HOLD), Need::Apply(vec![7, 8]));
    assert_eq!(Order::from_first_event().offer(1, 1, 0), [1], "nothing is before the first");
}

#[test]
fn below_where_the_log_begins_for_this_reader_nothing_is_missing() {
    let mut order = Order::after(4);
    order.offer(10, 10, 0);
    assert_eq!(order.first_is(10, 0), [10]);
    assert_eq!(order.seen_through(4), None, "what lies between was not seen");
    assert_eq!(order.seen_through(9), Some(10));
}

#[test]
fn a_log_that_was_restored_is_taken_up_at_its_end() {
    let mut order = Order::after(40);
    order.restart_at(20);
    assert_eq!(order.offer(21, 21, 0), [21]);
}

proptest! {
    #[test]
    fn every_entry_is_applied_once_and_in_order(
        head in 1_u64..40,
        arrivals in prop::collection::vec((1_u64..40, 0_u64..400, any::<bool>()), 0..120),
    ) {
        let mut order = Order::after(0);
        let mut applied = Vec::new();
        let mut now = 0;
        for (seq, wait, read_succeeds) in arrivals {
            now += wait;
            applied.extend(order.offer(seq.min(head), seq.min(head), now));
            match order.need(now) {
                Need::ReadLog { .. } if !read_succeeds => order.read_failed(now, 50),
                Need::ReadLog { after } => {
                    for seq in after + 1..=head {
                        applied.extend(order.offer(seq, seq, now));
                    }
                    order.read_ended(head, now);
                }
                Need::Apply(_) => panic!("where to begin was known"),
                Need::Nothing => {}
            }
        }
        order.expect(head, now);
        // A deadline that was set before may have been the earlier one.
        if let Need::ReadLog { after } = order.need(now + HOLD) {
            for seq in after + 1..=head {
                applied.extend(order.offer(seq, seq, now));
            }
            order.read_ended(head, now);
        }
        prop_assert_eq!(applied, (1..=head).collect::<Vec<_>>());
        prop_assert_eq!(order.deadline(), None);
    }
}
