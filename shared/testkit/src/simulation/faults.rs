//! What goes wrong in a simulation, and how often.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use parlance_application::safeguards::Safeguards;

use super::scheduler::yield_once;
use crate::memory::{
    environment::SeededRandom,
    gate::{Gate, Outside, Passage},
};

/// Probabilities, each per step or per call.
#[derive(Debug, Clone)]
pub struct Faults {
    /// Which safeguards are on.
    pub safeguards: Safeguards,
    /// A function dies at a step.
    pub kill: f64,
    /// A client does not get the answer of its request.
    pub answer_to_client_lost: f64,
    /// A call to the table never arrives.
    pub request_lost: f64,
    /// A write is taken for lost and arrives later.
    pub late: f64,
    /// A call is carried out and its answer lost.
    pub answer_lost: f64,
    /// Redis cannot be reached for a call.
    pub redis_down: f64,
    /// Redis loses everything, at a step.
    pub redis_loses_all: f64,
    /// Redis loses part, at a step.
    pub redis_loses_part: f64,
    /// Redis is rolled back to an earlier moment, at a step.
    pub redis_rolls_back: f64,
    /// A head beyond the log is planted, at a step.
    pub wrong_hint: f64,
    /// A message has no client id.
    pub without_client_id: f64,
    /// A message has a client id and no `after`.
    pub without_after: f64,
    /// A relay is alive, in a trial.
    pub relay: f64,
    /// A relay dies, at a step.
    pub relay_dies: f64,
    /// The table is restored to an earlier moment, in a trial.
    pub restore: f64,
    /// How many entries a client may lie behind.
    pub window: u64,
    /// Clients never know the newest entry, so that a read always follows.
    pub clients_lag: bool,
    /// How many messages are sent.
    pub messages: usize,
    /// How many changes of roster and roles race with them.
    pub changes: usize,
}

impl Faults {
    /// Functions die, answers are lost, writes are late; Redis works.
    pub const fn of_the_table() -> Self {
        Self {
            safeguards: Safeguards::ALL,
            kill: 0.006,
            answer_to_client_lost: 0.15,
            request_lost: 0.03,
            late: 0.03,
            answer_lost: 0.08,
            redis_down: 0.0,
            redis_loses_all: 0.0,
            redis_loses_part: 0.0,
            redis_rolls_back: 0.0,
            wrong_hint: 0.0,
            without_client_id: 0.1,
            without_after: 0.0,
            relay: 0.5,
            relay_dies: 0.02,
            restore: 0.0,
            window: 6,
            clients_lag: false,
            messages: 9,
            changes: 5,
        }
    }

    /// All of that, and Redis forgets, is rolled back, and is out of reach.
    pub const fn of_everything() -> Self {
        Self {
            redis_down: 0.05,
            redis_loses_all: 0.002,
            redis_loses_part: 0.002,
            redis_rolls_back: 0.004,
            ..Self::of_the_table()
        }
    }
}

/// A gate at which every call waits for its turn and may then go wrong.
#[derive(Clone)]
pub struct FaultyGate {
    faults: Arc<Faults>,
    random: SeededRandom,
    is_calm: Arc<AtomicBool>,
}

impl FaultyGate {
    /// A gate with these faults.
    pub fn new(faults: Arc<Faults>, random: SeededRandom) -> Self {
        Self { faults, random, is_calm: Arc::default() }
    }

    /// From now on everything goes well.
    pub fn calm(&self) {
        self.is_calm.store(true, Ordering::SeqCst);
    }
}

#[async_trait]
impl Gate for FaultyGate {
    async fn pass(&self, outside: Outside) -> Passage {
        yield_once().await;
        if self.is_calm.load(Ordering::SeqCst) {
            return Passage::Through;
        }
        let happens = |probability| self.random.happens(probability);
        match outside {
            Outside::TableWrite | Outside::TableTransaction if happens(self.faults.request_lost) => {
                Passage::RequestLost
            }
            Outside::TableWrite if happens(self.faults.late) => Passage::Late,
            Outside::TableWrite | Outside::TableTransaction if happens(self.faults.answer_lost) => {
                Passage::AnswerLost
            }
            Outside::Redis if happens(self.faults.redis_down) => {
                if happens(0.5) {
                    Passage::AnswerLost
                } else {
                    Passage::RequestLost
                }
            }
            Outside::Post | Outside::Invoke if happens(0.004) => Passage::RequestLost,
            Outside::Post | Outside::Invoke if happens(0.004) => Passage::AnswerLost,
            _ => Passage::Through,
        }
    }

    fn splits_transactions(&self) -> bool {
        true
    }
}
