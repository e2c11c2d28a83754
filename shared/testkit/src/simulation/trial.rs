//! One trial: a conversation of four people, messages and changes that race, and everything that goes wrong meanwhile.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use parlance_application::{
    delivery::repair::StreamedEntry,
    log::change::{ChangeError, Changed},
    messages::send::{SendMessageError, Sent},
    ports::{
        PortError,
        conversations::Membership,
        delivery::{EntryLook, FanOutOrder},
        environment::{Clock, Random},
    },
};
use parlance_domain::{
    head::Seq,
    ids::{ClientMessageId, ConnectionId, ConversationId, UserId},
    log::Entry,
    permissions::Role,
};

use super::{
    faults::{Faults, FaultyGate},
    scheduler::{StepClock, Task},
    stage::Stage,
};
use crate::memory::{environment::SeededRandom, redis::Keys};

/// After how many steps a trial that has not come to an end is a livelock.
const LAST_STEP: u64 = 20_000;

/// One trial.
pub struct Trial {
    pub(super) faults: Arc<Faults>,
    pub(super) random: SeededRandom,
    pub(super) clock: StepClock,
    pub(super) gate: FaultyGate,
    pub(super) stage: Stage,
    pub(super) conversation: ConversationId,
    pub(super) users: Vec<UserId>,
    pub(super) messages: Vec<MessagePlan>,
    pub(super) changes: Vec<ChangePlan>,
    pub(super) violations: BTreeSet<&'static str>,
    pub(super) relay_lost: BTreeSet<Seq>,
    pub(super) relayed: BTreeSet<Seq>,
    pub(super) fresh_acks: Vec<Seq>,
    pub(super) was_restored: bool,
    pub(super) actors: Vec<Actor>,
    pub(super) timers: Vec<(u64, Seq, EntryLook)>,
    pub(super) streamed: usize,
    pub(super) redo: Vec<(ConversationId, Entry)>,
    pub(super) snapshots: Vec<Keys>,
    pub(super) touched: BTreeMap<UserId, u64>,
}

/// A message that a client wants to send.
pub(super) struct MessagePlan {
    pub(super) sender: UserId,
    pub(super) client_id: Option<ClientMessageId>,
    pub(super) sends_after: bool,
    pub(super) after: Option<u64>,
    pub(super) acknowledged: Option<Seq>,
    pub(super) tries: u32,
    pub(super) live: u32,
    pub(super) is_done: bool,
}

/// A change that somebody wants.
pub(super) struct ChangePlan {
    pub(super) actor: UserId,
    pub(super) subject: UserId,
    pub(super) kind: ChangeKind,
    pub(super) tries: u32,
    pub(super) live: u32,
    pub(super) is_done: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ChangeKind {
    Add,
    Remove,
    SetRole(Role),
}

pub(super) struct Actor {
    pub(super) role: ActorRole,
    pub(super) began: u64,
    pub(super) task: Task<Outcome>,
}

pub(super) enum ActorRole {
    Send { message: usize, after: Option<u64>, stands_before: bool },
    Change { change: usize },
    Relay { seq: Option<Seq> },
    FanOut(FanOutOrder),
    Stream,
    Timer(Seq, EntryLook),
}

pub(super) enum Outcome {
    Sent(Box<Result<Sent, SendMessageError>>),
    Changed(Result<Changed, ChangeError>),
    Streamed(Vec<(ConversationId, Entry)>, usize),
    Looked(Result<(), PortError>),
    Nothing,
}

impl Trial {
    /// Sets the stage: `u0` owns the conversation, `u1` is an admin, `u2` and `u3` are members, each with one socket open.
    pub fn new(seed: u64, faults: Faults) -> Self {
        let faults = Arc::new(faults);
        let random = SeededRandom::new(seed);
        let clock = StepClock::default();
        let gate = FaultyGate::new(Arc::clone(&faults), random.clone());
        let stage = Stage::new(
            Arc::new(gate.clone()),
            &(Arc::new(clock.clone()) as Arc<dyn Clock>),
            &(Arc::new(random.clone()) as Arc<dyn Random>),
            faults.safeguards,
            faults.window,
        );
        let users: Vec<UserId> = (0..4).map(|i| UserId::parse(&format!("u{i}")).unwrap()).collect();
        let conversation = ConversationId::from_bytes([7; 16]);
        let mut trial = Self {
            messages: Vec::new(),
            changes: Vec::new(),
            violations: BTreeSet::new(),
            relay_lost: BTreeSet::new(),
            relayed: BTreeSet::new(),
            fresh_acks: Vec::new(),
            was_restored: false,
            actors: Vec::new(),
            timers: Vec::new(),
            streamed: 0,
            redo: Vec::new(),
            snapshots: Vec::new(),
            touched: BTreeMap::new(),
            faults,
            random,
            clock,
            gate,
            stage,
            conversation,
            users,
        };
        trial.furnish();
        trial
    }

    /// Runs to the end and returns which promises were broken.
    pub fn run(mut self) -> BTreeSet<&'static str> {
        while self.is_busy() {
            let step = self.clock.step() + 1;
            if step > LAST_STEP {
                self.violations.insert("livelock");
                break;
            }
            self.clock.move_to(step);
            self.begin_something();
            self.damage_redis();
            self.maybe_restore();
            self.stage.cloud.state().step_late(false);
            self.step(true);
        }
        self.quiesce();
        self.check();
        self.violations
    }

    fn is_busy(&self) -> bool {
        self.messages.iter().any(|message| !message.is_done)
            || self.changes.iter().any(|change| !change.is_done)
            || self
                .actors
                .iter()
                .any(|actor| matches!(actor.role, ActorRole::Send { .. } | ActorRole::Change { .. }))
    }

    /// Lets everything that is still under way come to its end, with no new faults.
    fn quiesce(&mut self) {
        self.gate.calm();
        self.stage.cloud.state().step_late(true);
        for _ in 0..LAST_STEP {
            self.collect_work();
            if self.actors.is_empty()
                && self.is_stream_read()
                && self.stage.cloud.state().transactions_under_way() == 0
            {
                let Some(due) = self.timers.iter().map(|(due, ..)| *due).min() else { return };
                self.clock.move_to(due);
            }
            self.clock.move_to(self.clock.step() + 1);
            self.step(false);
        }
        self.violations.insert("no rest");
    }

    fn is_stream_read(&self) -> bool {
        self.redo.is_empty() && self.streamed >= self.stage.cloud.state().stream.len()
    }

    /// One turn for one of all those who can take one.
    fn step(&mut self, with_faults: bool) {
        self.collect_work();
        self.watch_rosters();
        let under_way = self.stage.cloud.state().transactions_under_way();
        let choices = self.actors.len() + under_way;
        if choices == 0 {
            return;
        }
        let chosen = self.random.index(choices);
        if chosen >= self.actors.len() {
            // A coordinator that is stuck for a while leaves its transaction half visible.
            if !with_faults || !self.random.happens(0.6) {
                let item = self.random.index(64);
                let place = chosen - self.actors.len();
                self.stage.cloud.state().step_transaction(place, item);
            }
            return;
        }
        match self.actors[chosen].task.step() {
            Some(outcome) => {
                let actor = self.actors.swap_remove(chosen);
                self.end(actor, outcome);
            }
            None if with_faults => {
                let dies = match self.actors[chosen].role {
                    ActorRole::Relay { .. } => self.faults.relay_dies,
                    _ => self.faults.kill,
                };
                if self.random.happens(dies) {
                    let actor = self.actors.swap_remove(chosen);
                    self.die(actor);
                }
            }
            None => {}
        }
    }

    /// Remembers whose rows are being changed, so that a refusal can be told from a false one.
    fn watch_rosters(&mut self) {
        let step = self.clock.step();
        for user in self.stage.cloud.state().users_being_changed() {
            self.touched.insert(user, step);
        }
    }

    /// Starts what was published, handed over, asked for, or streamed.
    fn collect_work(&mut self) {
        let now = self.clock.step();
        let published = std::mem::take(&mut self.stage.redis.keys().published);
        for broadcast in published {
            if !self.random.happens(0.8) {
                continue;
            }
            let relay = self.stage.relay.clone();
            let seq = broadcast.seq;
            self.relayed.extend(seq);
            self.start(ActorRole::Relay { seq }, async move {
                if let Ok(drivers) = relay.accept(&broadcast).await {
                    futures::future::join_all(drivers).await;
                }
                Outcome::Nothing
            });
        }
        for order in self.stage.queues.take_orders() {
            self.start_fan_out(order);
        }
        for (_, seq, look, after) in self.stage.queues.take_looks() {
            let steps = u64::try_from(after.as_millis() / super::scheduler::STEP.as_millis()).unwrap();
            self.timers.push((now + steps, seq, look));
        }
        let (due, later) = self.timers.iter().copied().partition(|(due, ..)| *due <= now);
        self.timers = later;
        let due: Vec<(u64, Seq, EntryLook)> = due;
        for (_, seq, look) in due {
            let (repair, conversation) = (self.stage.repair.clone(), self.conversation);
            self.start(ActorRole::Timer(seq, look), async move {
                Outcome::Looked(repair.on_timer(conversation, seq, look).await)
            });
        }
        let is_reading = self.actors.iter().any(|actor| matches!(actor.role, ActorRole::Stream));
        if !is_reading && !self.is_stream_read() {
            self.start_stream();
        }
    }

    fn start_fan_out(&mut self, order: FanOutOrder) {
        let (fan_out, given) = (self.stage.fan_out.clone(), order.clone());
        self.start(ActorRole::FanOut(order), async move {
            fan_out.execute(given).await;
            Outcome::Nothing
        });
    }

    fn start_stream(&mut self) {
        let batch: Vec<(ConversationId, Entry)> = {
            let state = self.stage.cloud.state();
            let new = state.stream.iter().skip(self.streamed).take(1 + self.random.index(3));
            new.cloned().collect()
        };
        let taken = batch.len();
        let mut batch = batch;
        batch.extend(self.redo.iter().cloned());
        let repair = self.stage.repair.clone();
        self.start(ActorRole::Stream, async move {
            let entries: Vec<StreamedEntry> = batch
                .iter()
                .map(|(conversation, entry)| StreamedEntry {
                    conversation: *conversation,
                    entry: entry.clone(),
                })
                .collect();
            let outcomes = repair.on_stream(&entries).await;
            let failed = batch.into_iter().zip(outcomes).filter(|(_, outcome)| outcome.is_err());
            Outcome::Streamed(failed.map(|(record, _)| record).collect(), taken)
        });
    }

    pub(super) fn start(&mut self, role: ActorRole, future: impl Future<Output = Outcome> + Send + 'static) {
        self.actors.push(Actor { role, began: self.clock.step(), task: Task::new(future) });
    }

    /// What an actor leaves when it dies.
    fn die(&mut self, actor: Actor) {
        match actor.role {
            ActorRole::Send { message, .. } => self.messages[message].live -= 1,
            ActorRole::Change { change } => self.changes[change].live -= 1,
            // With the process, everything dies that stood in its lanes.
            ActorRole::Relay { seq } => {
                self.relay_lost.extend(seq);
                self.relay_lost.append(&mut self.relayed);
                self.actors.retain(|other| !matches!(other.role, ActorRole::Relay { .. }));
                self.stage.replace_relay();
            }
            // What is invoked asynchronously is invoked again; a queue brings its message back.
            ActorRole::FanOut(order) => self.start_fan_out(order),
            ActorRole::Timer(seq, look) => self.timers.push((self.clock.step() + 100, seq, look)),
            ActorRole::Stream => {}
        }
    }

    fn end(&mut self, actor: Actor, outcome: Outcome) {
        match (actor.role, outcome) {
            (ActorRole::Send { message, after, stands_before }, Outcome::Sent(result)) => {
                self.messages[message].live -= 1;
                self.end_send(message, after, stands_before, actor.began, *result);
            }
            (ActorRole::Change { change }, Outcome::Changed(result)) => {
                let is_answered = !self.random.happens(self.faults.answer_to_client_lost);
                let plan = &mut self.changes[change];
                plan.live -= 1;
                let is_final =
                    matches!(result, Ok(_) | Err(ChangeError::NotFound | ChangeError::Forbidden(_)));
                plan.is_done |= is_final && is_answered;
                let actor_of = plan.actor.clone();
                if matches!(result, Err(ChangeError::NotFound))
                    && self.was_member_since(&actor_of, actor.began)
                {
                    self.violations.insert("false refusal");
                }
            }
            (ActorRole::Stream, Outcome::Streamed(failed, taken)) => {
                self.streamed += taken;
                self.redo = failed;
            }
            (ActorRole::Timer(seq, look), Outcome::Looked(Err(_))) => {
                self.timers.push((self.clock.step() + 100, seq, look));
            }
            _ => {}
        }
    }
}

/// A membership whose cursor stands at the entry by which it began.
pub(super) fn membership_at(conversation: ConversationId, entry: &Entry) -> Membership {
    let cursor =
        parlance_application::ports::conversations::ReadCursor { seq: entry.seq, n: entry.n, at: entry.at };
    Membership::new(conversation, entry.seq, cursor)
}

/// The one socket of a user.
pub(super) fn socket_of(user: &UserId) -> ConnectionId {
    ConnectionId::parse(&format!("socket-{user}")).unwrap()
}
