//! Sending: what it costs, who may, and what a retry gets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken assumption stops the test"
)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::FutureExt;
use parlance_application::{
    limits::admission::Admission,
    messages::send::{Draft, SendMessageError, Sent},
    ports::{
        cache::ConversationCache,
        conversations::{ConversationRepository, Creation},
        environment::{Clock, Random},
        log::{MessageLog, RowChange},
    },
    safeguards::Safeguards,
};
use parlance_domain::{
    conversation::{Conversation, ConversationKind, History},
    head::Seq,
    ids::{ClientMessageId, ConversationId, UserId},
    log::{Entry, EntryBody, Joining},
    message::{MessageBody, MessageContent},
    permissions::Role,
    roster::{Participant, Roster},
    time::Timestamp,
};
use parlance_testkit::{
    memory::{
        environment::{ManualClock, SeededRandom},
        gate::{Gate, Outside, Passage},
    },
    simulation::{scheduler::Task, stage::Stage},
};

const CONVERSATION: ConversationId = ConversationId::from_bytes([1; 16]);

/// Counts the calls that go through it.
#[derive(Default)]
struct Counter {
    reads: AtomicUsize,
    writes: AtomicUsize,
    transactions: AtomicUsize,
    redis: AtomicUsize,
}

#[async_trait]
impl Gate for Counter {
    async fn pass(&self, outside: Outside) -> Passage {
        let counter = match outside {
            Outside::TableRead => &self.reads,
            Outside::TableWrite => &self.writes,
            Outside::TableTransaction => &self.transactions,
            Outside::Redis => &self.redis,
            Outside::Post | Outside::Invoke => return Passage::Through,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        Passage::Through
    }

    fn splits_transactions(&self) -> bool {
        false
    }
}

struct House {
    stage: Stage,
    counter: Arc<Counter>,
    clock: ManualClock,
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

impl House {
    /// Alice and Bob in one conversation.
    fn new() -> Self {
        let counter = Arc::new(Counter::default());
        let clock = ManualClock::default();
        let ports: Arc<dyn Clock> = Arc::new(clock.clone());
        let random: Arc<dyn Random> = Arc::new(SeededRandom::new(1));
        let stage = Stage::new(counter.clone(), &ports, &random, Safeguards::ALL, 512);
        let row = Participant { role: Role::Member, joined: Seq::FIRST, since: Seq::FIRST };
        let roster: Roster = ["alice", "bob"].map(|name| (user(name), row)).into_iter().collect();
        let conversation = Conversation {
            id: CONVERSATION,
            kind: ConversationKind::Group,
            title: None,
            reference: None,
            created_by: user("alice"),
            created_at: Timestamp::default(),
            history: History::All,
            since: Seq::FIRST,
        };
        let participants = roster
            .members()
            .map(|member| Joining { user: member.user.clone(), role: member.participant.role })
            .collect();
        let entry = Entry {
            seq: Seq::FIRST,
            n: 0,
            roster_version: Seq::FIRST,
            roster_sum: roster.sum(),
            at: Timestamp::default(),
            actor: user("alice"),
            last_message: None,
            key: None,
            body: EntryBody::ConversationCreated {
                conversation: Box::new(conversation.clone()),
                participants,
            },
        };
        now(stage.cloud.create(&Creation { conversation, roster, entry })).unwrap();
        let house = Self { stage, counter, clock };
        house.counts();
        house
    }

    fn send(&self, draft: Draft) -> Result<Sent, SendMessageError> {
        let mut sending = Task::new({
            let send = self.stage.send.clone();
            async move { send.execute(draft).await }
        });
        loop {
            if let Some(outcome) = sending.step() {
                return outcome;
            }
            self.clock.advance(Duration::from_millis(1));
        }
    }

    /// Reads, writes, transactions and calls of Redis since the last time.
    fn counts(&self) -> [usize; 4] {
        let Counter { reads, writes, transactions, redis } = &*self.counter;
        [reads, writes, transactions, redis].map(|counter| counter.swap(0, Ordering::Relaxed))
    }
}

/// Nothing here has to wait.
fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("the memory twins answer at once")
}

fn draft(sender: &str, client_id: Option<&str>, after: Option<u64>) -> Draft {
    Draft {
        conversation: CONVERSATION,
        sender: user(sender),
        client_id: client_id.map(|id| ClientMessageId::parse(id).unwrap()),
        after,
        body: MessageBody {
            content: MessageContent::parse("hello", false).unwrap(),
            ..MessageBody::default()
        },
        from: None,
        admission: Admission::free(),
    }
}

#[test]
fn a_send_that_follows_is_one_put_and_no_read() {
    let house = House::new();
    house.send(draft("alice", Some("first"), Some(1))).unwrap();
    let [reads, writes, transactions, _] = house.counts();
    assert_eq!(
        (reads, writes, transactions),
        (3, 1, 0),
        "nothing is known yet: the tail, and the roster's two pages"
    );
    house.send(draft("bob", Some("second"), Some(2))).unwrap();
    let [reads, writes, transactions, redis] = house.counts();
    assert_eq!((reads, writes, transactions), (0, 1, 0));
    assert_eq!(redis, 4, "the opening; the head, the own position and the mark");
    house.send(draft("bob", None, None)).unwrap();
    let [reads, writes, transactions, _] = house.counts();
    assert_eq!((reads, writes, transactions), (0, 1, 0));
}

#[test]
fn a_client_id_without_after_costs_a_transaction_and_no_read() {
    let house = House::new();
    house.send(draft("alice", None, None)).unwrap();
    house.counts();
    assert!(!house.send(draft("bob", Some("x"), None)).unwrap().is_duplicate);
    let [reads, writes, transactions, _] = house.counts();
    assert_eq!((reads, writes, transactions), (0, 0, 1));
    let again = house.send(draft("bob", Some("x"), None)).unwrap();
    assert!(again.is_duplicate);
    assert_eq!(again.message.id.seq.get(), 3);
}

#[test]
fn a_retry_gets_the_same_message_however_it_was_stored() {
    let house = House::new();
    let first = house.send(draft("alice", Some("x"), Some(1))).unwrap();
    house.send(draft("bob", Some("x"), Some(2))).unwrap();
    let again = house.send(draft("alice", Some("x"), Some(1))).unwrap();
    assert!(again.is_duplicate);
    assert_eq!(again.message, first.message);
    let last = now(house.stage.cloud.tail(CONVERSATION)).unwrap().unwrap();
    assert_eq!((last.seq.get(), last.n), (3, 2), "another user's same id is another message");

    let mut other = draft("alice", Some("x"), Some(1));
    other.body.content = MessageContent::parse("something else", false).unwrap();
    assert!(matches!(house.send(other), Err(SendMessageError::OtherMessage)));
}

#[test]
fn a_client_that_is_too_far_behind_or_ahead_of_the_log_has_to_read_it() {
    let house = House::new();
    for number in 0..600 {
        house.send(draft("bob", Some(&number.to_string()), Some(number + 1))).unwrap();
    }
    let newest = 601;
    let sent_from = |after| house.send(draft("alice", Some("x"), Some(after)));
    assert!(matches!(sent_from(newest - 513), Err(SendMessageError::OutOfDate)));
    assert!(matches!(sent_from(newest + 1), Err(SendMessageError::OutOfDate)));
    assert!(matches!(sent_from(0), Err(SendMessageError::OutOfDate)));
    assert_eq!(sent_from(newest - 512).unwrap().message.id.seq.get(), newest + 1);
}

#[test]
fn a_stranger_and_one_who_was_removed_are_told_that_there_is_no_such_conversation() {
    let house = House::new();
    house.send(draft("bob", None, None)).unwrap();
    assert!(matches!(house.send(draft("eve", None, None)), Err(SendMessageError::NotFound)));
    let ahead = house.send(draft("eve", Some("k"), Some(900)));
    assert!(matches!(ahead, Err(SendMessageError::NotFound)), "nor does she learn where the log ends");
    let nowhere = Draft { conversation: ConversationId::from_bytes([2; 16]), ..draft("bob", None, None) };
    assert!(matches!(house.send(nowhere), Err(SendMessageError::NotFound)));

    let roster = now(house.stage.cloud.roster(CONVERSATION)).unwrap();
    let bob = user("bob");
    let row = *roster.member(&bob).unwrap().participant;
    let head = now(house.stage.cloud.tail(CONVERSATION)).unwrap().unwrap();
    let mut entry = head.followed_by(
        user("alice"),
        Timestamp::default(),
        None,
        EntryBody::ParticipantRemoved { user: bob.clone() },
    );
    entry.roster_version = entry.seq;
    entry.roster_sum = head.roster_sum.without(&bob, &row);
    let leave = RowChange::Leave { user: bob, since: row.since };
    now(house.stage.cloud.commit(CONVERSATION, &entry, &[leave])).unwrap();
    assert!(
        matches!(house.send(draft("bob", None, None)), Err(SendMessageError::NotFound)),
        "although the hint and the cached roster are those from before"
    );
    house.send(draft("alice", None, None)).unwrap();
}

#[test]
fn a_reply_has_to_answer_a_message_that_stands_there() {
    let house = House::new();
    house.send(draft("alice", None, None)).unwrap();
    let answering = |seq| {
        let mut draft = draft("bob", None, None);
        draft.body.reply_to = Seq::new(seq);
        house.send(draft)
    };
    assert!(matches!(answering(1), Err(SendMessageError::UnknownReply)), "entry 1 is no message");
    assert!(matches!(answering(3), Err(SendMessageError::UnknownReply)));
    assert_eq!(answering(2).unwrap().message.message.body.reply_to, Seq::new(2));
}

#[test]
fn a_wrong_hint_costs_reads_and_never_an_answer() {
    let house = House::new();
    house.send(draft("alice", Some("a"), Some(1))).unwrap();
    let real = now(house.stage.cloud.tail(CONVERSATION)).unwrap().unwrap();
    let mut wrong = real;
    wrong.seq = Seq::new(40).unwrap();
    now(house.stage.redis.record_head(CONVERSATION, &wrong));
    let sent = house.send(draft("bob", Some("b"), Some(2))).unwrap();
    assert_eq!((sent.message.id.seq.get(), sent.message.n), (3, 2));
}
