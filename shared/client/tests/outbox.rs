//! Whatever happens to its frames, a message of the outbox is stored once, in its order, or its sender hears that it is not.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::VecDeque;

use parlance_client::{
    Draft,
    order::{Need, Order},
    outbox::{ACK_TIMEOUT, ACK_TIMEOUT_AFTER_FAILURE, Attempt, Outbox, Refusal},
    protocol::{
        ids::{ClientMessageId, ConversationId},
        problem::ReceivedProblem,
    },
};
use proptest::prelude::*;

fn here() -> ConversationId {
    ConversationId::from_bytes([7; 16])
}

fn key(name: &str) -> ClientMessageId {
    ClientMessageId::parse(name).unwrap()
}

fn problem(code: &str, retryable: bool) -> ReceivedProblem {
    serde_json::from_value(serde_json::json!({"code": code, "retryable": retryable})).unwrap()
}

fn queue(outbox: &mut Outbox, names: &[&str]) {
    for name in names {
        outbox.queue(here(), key(name), Draft::text(*name), 5, 0);
    }
}

fn due(outbox: &mut Outbox, now: u64) -> Vec<Attempt> {
    outbox.expire(now, &mut |_| 0);
    outbox.due(now, |_, _| None)
}

fn sent(attempts: &[Attempt]) -> Vec<&str> {
    attempts.iter().map(|attempt| attempt.data.client_id.as_str()).collect()
}

#[test]
fn one_message_per_conversation_is_in_flight() {
    let mut outbox = Outbox::default();
    queue(&mut outbox, &["a", "b"]);
    outbox.queue(ConversationId::from_bytes([8; 16]), key("c"), Draft::text("c"), 5, 0);
    let first = due(&mut outbox, 0);
    let mut names = sent(&first);
    names.sort_unstable();
    assert_eq!(names, ["a", "c"]);
    assert!(due(&mut outbox, 1).is_empty());
    let request = &first.iter().find(|attempt| attempt.data.draft.content == "a").unwrap().request;
    assert_eq!(outbox.acknowledged(request, 2), Some(key("a")));
    assert_eq!(sent(&due(&mut outbox, 2)), ["b"]);
}

#[test]
fn a_message_that_an_earlier_program_has_sent_leaves_the_outbox_wherever_it_stands() {
    let mut outbox = Outbox::default();
    queue(&mut outbox, &["a", "b", "c"]);
    assert!(outbox.seen(here(), &key("b"), 0));
    assert!(!outbox.seen(here(), &key("b"), 0));
    let first = due(&mut outbox, 0);
    assert_eq!(sent(&first), ["a"]);
    assert_eq!(outbox.acknowledged(&first[0].request, 1), Some(key("a")));
    assert_eq!(sent(&due(&mut outbox, 1)), ["c"]);
}

#[test]
fn a_message_without_an_answer_is_sent_again_as_the_same() {
    let mut outbox = Outbox::default();
    queue(&mut outbox, &["a"]);
    let first = due(&mut outbox, 0);
    assert!(due(&mut outbox, ACK_TIMEOUT - 1).is_empty());
    assert_eq!(due(&mut outbox, ACK_TIMEOUT), first, "the same frame, the same client_id, the same after");
    outbox.something_failed(ACK_TIMEOUT);
    assert_eq!(due(&mut outbox, ACK_TIMEOUT + ACK_TIMEOUT_AFTER_FAILURE), first);
    outbox.reconnected(ACK_TIMEOUT + 2_000);
    assert_eq!(due(&mut outbox, ACK_TIMEOUT + 2_000), first);
    assert_eq!(outbox.acknowledged(&first.first().unwrap().request, 0), Some(key("a")));
    assert!(outbox.is_empty());
}

#[test]
fn a_refusal_for_now_waits_as_told_and_a_refusal_for_good_ends_it() {
    let mut outbox = Outbox::default();
    queue(&mut outbox, &["a", "b"]);
    let request = due(&mut outbox, 0).first().unwrap().request.clone();
    let limited = ReceivedProblem { retry_after_ms: Some(1_200), ..problem("rate_limited", true) };
    assert_eq!(outbox.refused(&request, &limited, 0, &mut |_| 7), Refusal::WillRetry);
    assert!(due(&mut outbox, 1_206).is_empty());
    assert_eq!(sent(&due(&mut outbox, 1_207)), ["a"]);
    let refusal = outbox.refused(&request, &problem("forbidden", false), 1_300, &mut |_| 0);
    assert_eq!(refusal, Refusal::Failed(key("a")));
    assert_eq!(outbox.refused(&request, &problem("forbidden", false), 0, &mut |_| 0), Refusal::NotWaiting);
    assert_eq!(sent(&due(&mut outbox, 1_300)), ["b"]);
}

#[test]
fn a_token_that_ended_is_renewed_and_the_message_sent_again() {
    let mut outbox = Outbox::default();
    queue(&mut outbox, &["a"]);
    let request = due(&mut outbox, 0).first().unwrap().request.clone();
    let refusal = outbox.refused(&request, &problem("token_expired", false), 0, &mut |_| 0);
    assert_eq!(refusal, Refusal::NeedsToken);
    assert_eq!(sent(&due(&mut outbox, 0)), ["a"]);
}

#[test]
fn one_that_is_out_of_date_waits_for_the_log_and_goes_on_from_what_was_seen() {
    let mut outbox = Outbox::default();
    queue(&mut outbox, &["a"]);
    let request = due(&mut outbox, 0).first().unwrap().request.clone();
    let refusal = outbox.refused(&request, &problem("out_of_date", true), 0, &mut |_| 0);
    assert_eq!(refusal, Refusal::NeedsLog(here()));
    assert!(due(&mut outbox, 60_000).is_empty());
    assert_eq!(outbox.log_was_read(here(), 900, |_| Some(900), 60_000), None);
    assert_eq!(due(&mut outbox, 60_000).first().unwrap().data.after, 900);
}

#[test]
fn one_whose_past_was_skipped_fails_rather_than_doubles() {
    let mut outbox = Outbox::default();
    queue(&mut outbox, &["a"]);
    let request = due(&mut outbox, 0).first().unwrap().request.clone();
    outbox.refused(&request, &problem("out_of_date", true), 0, &mut |_| 0);
    assert_eq!(outbox.log_was_read(here(), 900, |_| None, 0), Some(key("a")));
    assert!(outbox.is_empty());
}

#[test]
fn one_that_lies_beyond_a_restored_log_begins_at_its_end() {
    let mut outbox = Outbox::default();
    queue(&mut outbox, &["a"]);
    let request = due(&mut outbox, 0).first().unwrap().request.clone();
    outbox.refused(&request, &problem("out_of_date", true), 0, &mut |_| 0);
    assert_eq!(outbox.log_was_read(here(), 3, |_| None, 0), None);
    assert_eq!(due(&mut outbox, 0).first().unwrap().data.after, 3);
}

/// A server with a log, whose rule is the contract's: a message is a duplicate if it stands behind `after`.
#[derive(Default)]
struct Server {
    log: Vec<String>,
}

/// How far behind the end of the log an `after` may lie here.
const WINDOW: u64 = 6;

impl Server {
    fn head(&self) -> u64 {
        self.log.len() as u64
    }

    fn send(&mut self, attempt: &Attempt) -> Result<u64, ReceivedProblem> {
        let after = attempt.data.after;
        if after > self.head() || self.head() - after > WINDOW {
            return Err(problem("out_of_date", true));
        }
        let behind = self.log.iter().enumerate().skip(usize::try_from(after).unwrap());
        let name = attempt.data.client_id.as_str();
        if let Some((index, _)) = behind.into_iter().find(|(_, entry)| *entry == name) {
            return Ok(index as u64 + 1);
        }
        self.log.push(name.to_owned());
        Ok(self.head())
    }
}

/// One thing that the world does.
#[derive(Debug, Clone)]
enum Chance {
    /// Time passes.
    Wait(u64),
    /// A frame on its way to the server arrives, gets lost, arrives twice; its answer may get lost.
    Deliver { index: usize, times: u8, answered: bool },
    /// Somebody else writes this much.
    Others(u8),
    /// An event arrives, any of the log.
    Event(u64),
    /// The socket breaks and comes back.
    Reconnect,
}

fn chance() -> impl Strategy<Value = Chance> {
    prop_oneof![
        (0_u64..15_000).prop_map(Chance::Wait),
        (0_usize..8, 0_u8..3, any::<bool>()).prop_map(|(index, times, answered)| Chance::Deliver {
            index,
            times,
            answered
        }),
        (0_u8..9).prop_map(Chance::Others),
        (1_u64..60).prop_map(Chance::Event),
        Just(Chance::Reconnect),
    ]
}

struct World {
    server: Server,
    outbox: Outbox,
    order: Order<u64>,
    wire: VecDeque<Attempt>,
    applied: Vec<u64>,
    now: u64,
}

impl World {
    fn apply(&mut self, ready: Vec<u64>) {
        for seq in ready {
            let name = self.server.log.get(usize::try_from(seq).unwrap() - 1).unwrap().clone();
            self.outbox.seen(here(), &key(&name), self.now);
            self.applied.push(seq);
        }
    }

    fn offer(&mut self, seq: u64) {
        let ready = self.order.offer(seq, seq, self.now);
        self.apply(ready);
    }

    fn settle(&mut self) {
        if let Need::ReadLog { after } = self.order.need(self.now) {
            for seq in after + 1..=self.server.head() {
                self.offer(seq);
            }
            self.order.read_ended(self.server.head(), self.now);
            let order = &self.order;
            let lost = self.outbox.log_was_read(
                here(),
                self.server.head(),
                |from| order.seen_through(from),
                self.now,
            );
            assert_eq!(lost, None, "nothing was ever skipped");
        }
        self.outbox.expire(self.now, &mut |limit| limit / 2);
        let order = &self.order;
        self.wire.extend(self.outbox.due(self.now, |_, from| order.seen_through(from)));
    }

    fn deliver(&mut self, attempt: &Attempt, answered: bool) {
        let answer = self.server.send(attempt);
        if !answered {
            return;
        }
        match answer {
            Ok(seq) => {
                self.outbox.acknowledged(&attempt.request, self.now);
                self.offer(seq);
            }
            Err(problem) => {
                let refusal =
                    self.outbox.refused(&attempt.request, &problem, self.now, &mut |limit| limit / 2);
                if let Refusal::NeedsLog(_) = refusal {
                    self.order.read_anyway(self.now);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn each_message_is_stored_once_and_in_its_order(chances in prop::collection::vec(chance(), 0..120)) {
        let mut world = World {
            server: Server { log: vec!["created".to_owned()] },
            outbox: Outbox::default(),
            order: Order::after(1),
            wire: VecDeque::new(),
            applied: Vec::new(),
            now: 0,
        };
        let names: Vec<String> = (0..6).map(|index| format!("own-{index}")).collect();
        for name in &names {
            world.outbox.queue(here(), key(name), Draft::text("hi"), 1, 0);
        }
        for chance in chances {
            world.settle();
            match chance {
                Chance::Wait(time) => world.now += time,
                Chance::Deliver { index, times, answered } => {
                    if let Some(attempt) = world.wire.remove(index) {
                        for _ in 0..times {
                            world.deliver(&attempt, answered);
                        }
                    }
                }
                Chance::Others(count) => {
                    for _ in 0..count {
                        let name = format!("other-{}", world.server.head());
                        world.server.log.push(name);
                    }
                }
                Chance::Event(seq) => {
                    if seq > 1 && seq <= world.server.head() {
                        world.offer(seq);
                    }
                }
                Chance::Reconnect => {
                    world.outbox.reconnected(world.now);
                    world.order.read_anyway(world.now);
                }
            }
        }
        for _ in 0..200 {
            world.now += 500;
            world.settle();
            while let Some(attempt) = world.wire.pop_front() {
                world.deliver(&attempt, true);
            }
        }
        world.order.read_anyway(world.now);
        world.settle();
        prop_assert!(world.outbox.is_empty());
        let own: Vec<_> = world.server.log.iter().filter(|name| name.starts_with("own")).collect();
        prop_assert_eq!(own, names.iter().collect::<Vec<_>>(), "once each, in order");
        prop_assert_eq!(world.applied, (2..=world.server.head()).collect::<Vec<_>>());
    }
}
