//! What goes wrong: every call to the outside takes its time and may be lost, its answer too; Redis goes away for a while.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use parlance_application::{conversations::sync::SyncLimits, safeguards::Safeguards};
use parlance_testkit::memory::{
    environment::SeededRandom,
    gate::{Gate, Outside, Passage},
};

use super::clock::{LeapingClock, Moment};

/// What is simulated.
#[derive(Debug, Clone)]
pub struct Conditions {
    /// How many client steps a world lives for before it comes to rest, when what was missed at last shows.
    pub steps: u64,
    /// Which safeguards are on.
    pub safeguards: Safeguards,
    /// How far behind a sender may be.
    pub window: u64,
    /// How much a sync replays.
    pub sync: SyncLimits,
    /// A function, or a host of them, dies during an invocation.
    pub death: f64,
    /// A call to the table is lost, or only its answer, or it arrives late.
    pub table: f64,
    /// A call to Redis is lost, or only its answer, while it is there.
    pub redis: f64,
    /// A post is lost, or only its answer.
    pub post: f64,
    /// A call takes seconds.
    pub slow: f64,
    /// The answer of a function never reaches its client.
    pub answer_lost: f64,
    /// The share of actions that are not a person's: sockets are cut, programs end, Redis forgets or goes away, relays die.
    pub damage: f64,
    /// The share of people's actions by which somebody is taken out of a conversation, or comes back.
    pub roster: f64,
    /// The share of actions by which a witness comes.
    pub witnesses: f64,
}

impl Conditions {
    /// Something of everything.
    pub const MIXED: Self = Self {
        steps: 2_500,
        safeguards: Safeguards::ALL,
        window: 24,
        sync: SyncLimits { entries: 20, bytes: 240_000, total_entries: 40, total_bytes: 1_000_000, new: 50 },
        death: 0.02,
        table: 0.03,
        redis: 0.002,
        post: 0.01,
        slow: 0.01,
        answer_lost: 0.03,
        damage: 0.12,
        roster: 0.06,
        witnesses: 0.0,
    };

    /// People come and go, in conversations and in them.
    pub const RESTLESS: Self = Self { steps: 600, roster: 0.4, ..Self::MIXED };

    /// Sockets hardly ever last, and calls take their time.
    pub const SHAKY: Self = Self { steps: 300, damage: 0.4, slow: 0.05, ..Self::MIXED };

    /// Nothing is broken but what breaks by itself, and witnesses come while people talk.
    pub const WITNESSED: Self =
        Self { steps: 100, damage: 0.0, slow: 0.0, death: 0.0, redis: 0.0, witnesses: 0.3, ..Self::MIXED };

    /// Redis answers four times of five.
    pub const FORGETFUL: Self = Self { redis: 0.2, ..Self::SHAKY };
}

/// The gate of every outside.
#[derive(Clone)]
pub struct Weather {
    conditions: Arc<Conditions>,
    random: SeededRandom,
    clock: LeapingClock,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    is_calm: bool,
    redis_down_until: Moment,
}

impl Weather {
    /// The weather of these conditions.
    pub fn new(conditions: Arc<Conditions>, random: SeededRandom, clock: LeapingClock) -> Self {
        Self { conditions, random, clock, state: Arc::default() }
    }

    /// From now on all goes well.
    pub fn calm(&self) {
        let mut state = self.state.lock().unwrap();
        state.is_calm = true;
        state.redis_down_until = 0;
    }

    /// Redis is out of reach for a while.
    pub fn take_redis_away(&self, millis: u64) {
        self.state.lock().unwrap().redis_down_until = self.clock.moment() + millis;
    }

    /// After how many of its turns a process dies now, if it does.
    pub fn death(&self) -> Option<usize> {
        let happens = !self.is_calm() && self.random.happens(self.conditions.death);
        happens.then(|| self.random.index(24))
    }

    /// Whether an answer gets lost on its way to a client.
    pub fn loses_answer(&self) -> bool {
        !self.is_calm() && self.random.happens(self.conditions.answer_lost)
    }

    fn is_calm(&self) -> bool {
        self.state.lock().unwrap().is_calm
    }

    fn fate(&self, outside: Outside) -> Passage {
        let happens = |probability| self.random.happens(probability);
        match outside {
            Outside::Redis if self.clock.moment() < self.state.lock().unwrap().redis_down_until => {
                if happens(0.2) { Passage::AnswerLost } else { Passage::RequestLost }
            }
            _ if self.is_calm() => Passage::Through,
            Outside::Redis if happens(self.conditions.redis) => {
                if happens(0.5) {
                    Passage::RequestLost
                } else {
                    Passage::AnswerLost
                }
            }
            Outside::TableWrite | Outside::TableTransaction if happens(self.conditions.table) => {
                match self.random.index(3) {
                    0 => Passage::RequestLost,
                    1 if outside == Outside::TableWrite => Passage::Late,
                    _ => Passage::AnswerLost,
                }
            }
            Outside::Post | Outside::Invoke if happens(self.conditions.post) => {
                if happens(0.5) {
                    Passage::RequestLost
                } else {
                    Passage::AnswerLost
                }
            }
            _ => Passage::Through,
        }
    }
}

#[async_trait]
impl Gate for Weather {
    async fn pass(&self, outside: Outside) -> Passage {
        let usual = match outside {
            Outside::Redis => 1,
            Outside::TableRead | Outside::TableWrite => 6,
            Outside::Post => 10,
            Outside::TableTransaction | Outside::Invoke => 14,
        };
        let slow = !self.is_calm() && outside != Outside::Redis && self.random.happens(self.conditions.slow);
        let millis = 1 + self.random.index(if slow { 2_500 } else { usual });
        self.clock.pass(u64::try_from(millis).unwrap()).await;
        self.fate(outside)
    }

    fn splits_transactions(&self) -> bool {
        true
    }
}
