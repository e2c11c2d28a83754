//! The world: devices, a server, and everything on its way between them, moved on one event at a time.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    sync::Arc,
};

use parlance_client::{
    protocol::ids::ConversationId,
    session::{Effect, Session},
};
use parlance_domain::{conversation::History, ids::UserId};
use parlance_testkit::{
    memory::{environment::SeededRandom, gate::OpenGate},
    scene::Scene,
    simulation::audit::Audit,
};

use super::{
    arrivals::{Arrival, Endpoint, OnTheWay},
    backstage::{Backstage, End},
    clock::{LeapingClock, Moment},
    device::{Device, Socket, Told},
    server::{Host, Server},
    tasks::{Tasks, Turn},
    weather::{Conditions, Weather},
    witness::Witness,
};

/// How many hosts serve at once.
const HOSTS: usize = 2;

/// How long a session may take to find out by itself that a socket is dead: nine minutes of silence, and the answer that does not come.
const SILENCE: Moment = 11 * 60_000;

/// After how much time without anything to do for anybody all is said to be at rest: less than any renewal of a socket.
const REST: Moment = 5 * 60_000;

/// After how many events at one moment its time stands still.
const STANDSTILL: u64 = 100_000;

/// After how much time a world that has not come to rest never will.
const LIVELOCK: Moment = 60 * 60_000;

/// One conversation of the world.
pub struct Place {
    /// Its id.
    pub id: ConversationId,
    /// What newcomers see.
    pub history: History,
    /// What its log says.
    pub audit: Audit,
}

/// One simulation.
pub struct World {
    pub random: SeededRandom,
    pub clock: LeapingClock,
    pub weather: Weather,
    pub conditions: Arc<Conditions>,
    pub server: Server,
    pub hosts: Vec<Arc<Host>>,
    pub backstage: Backstage,
    pub devices: Vec<Device>,
    pub(super) witnesses: BTreeMap<String, Witness>,
    pub places: Vec<Place>,
    /// What was found wrong, with the moment.
    pub violations: Vec<String>,
    /// How many times a client was given something to do.
    pub steps: u64,
    /// Whether something was lost that only the next event or `sync` brings to light.
    pub has_lost_frames: bool,
    /// What happened, if somebody wants to read it.
    pub story: Option<Vec<String>>,
    pub(super) tasks: Tasks<End>,
    on_the_way: BinaryHeap<Reverse<OnTheWay>>,
    sent: u64,
    pub(super) endpoints: BTreeMap<String, Endpoint>,
    pub(super) connections: u64,
    acts: bool,
    /// When time last went on, and how many events there were since.
    moment: (Moment, u64),
}

impl World {
    /// Five people, one of them with two devices, and three conversations among them.
    pub fn new(seed: u64, conditions: &Conditions) -> Self {
        let conditions = Arc::new(conditions.clone());
        let random = SeededRandom::new(seed);
        let clock = LeapingClock::default();
        let weather = Weather::new(Arc::clone(&conditions), random.clone(), clock.clone());
        let people: Vec<UserId> = (0..5).map(|i| UserId::parse(&format!("u{i}")).unwrap()).collect();
        let server = Server::new(&conditions, &weather, &clock, &random, &people);
        let hosts = (0..HOSTS).map(|_| Arc::new(server.host())).collect();
        let owners = people.iter().chain([&people[1]]);
        let mut world = Self {
            backstage: Backstage::new(&server),
            devices: owners.cloned().map(Device::new).collect(),
            witnesses: BTreeMap::new(),
            places: Vec::new(),
            violations: Vec::new(),
            steps: 0,
            has_lost_frames: false,
            story: None,
            tasks: Tasks::default(),
            on_the_way: BinaryHeap::new(),
            sent: 0,
            endpoints: BTreeMap::new(),
            connections: 0,
            acts: true,
            moment: (0, 0),
            random,
            clock,
            weather,
            conditions,
            server,
            hosts,
        };
        world.furnish();
        world
    }

    fn furnish(&mut self) {
        let cloud = self.server.outsides.cloud.through(Arc::new(OpenGate));
        let scene = Scene { cloud, ..Scene::default() };
        let casts: [(History, &[&str]); 3] = [
            (History::All, &["u0", "u1", "u2", "u3", "u4"]),
            (History::Joined, &["u0", "u1", "u2", "u3"]),
            (History::All, &["u0", "u1"]),
        ];
        for (number, (history, people)) in (1..).zip(casts) {
            let created = scene.conversation(number, history, people);
            let id = futures::FutureExt::now_or_never(created).unwrap();
            self.places.push(Place { id, history, audit: Audit::default() });
        }
        self.server.outsides.redis.keys().has_relay = self.random.happens(0.5);
        for device in 0..self.devices.len() {
            let millis = self.within(2_000);
            self.send_after(millis, Arrival::Back { device });
        }
        for device in &mut self.devices {
            device.is_online = false;
        }
        self.send_after(1_000, Arrival::Act);
    }

    /// Moves on until its client steps have been made, then lets everything come to rest, and says what was found wrong.
    pub fn run(&mut self) {
        while self.steps < self.conditions.steps && self.violations.is_empty() {
            self.turn();
        }
        self.acts = false;
        self.weather.calm();
        for device in 0..self.devices.len() {
            self.come_back(device);
        }
        self.rest();
        if self.has_lost_frames && self.violations.is_empty() {
            // What was lost with a relay comes to light with whatever happens next.
            self.say_something_everywhere();
            self.rest();
        }
        if self.violations.is_empty() {
            self.check_rest();
        }
    }

    fn rest(&mut self) {
        let calm_at = self.clock.moment();
        while self.violations.is_empty() && !(self.clock.moment() > calm_at + SILENCE && self.is_at_rest()) {
            self.turn();
            if self.clock.moment() > calm_at + LIVELOCK {
                self.violate("no rest");
            }
        }
    }

    fn is_at_rest(&self) -> bool {
        let now = self.clock.moment();
        let state = self.server.outsides.cloud.state();
        self.tasks.len() == 0
            && self.on_the_way.is_empty()
            && state.transactions_under_way() == 0
            && state.late_writes() == 0
            && self.backstage.has_read_all(state.stream.len())
            && self
                .devices
                .iter()
                .filter_map(|device| device.session.as_ref()?.deadline())
                .all(|deadline| deadline > now + REST)
    }

    /// One event: somebody's turn, or the next moment.
    fn turn(&mut self) {
        let now = self.clock.moment();
        self.moment = if self.moment.0 == now { (now, self.moment.1 + 1) } else { (now, 0) };
        if self.moment.1 > STANDSTILL {
            self.violate("time stands still");
        }
        match self.tasks.turn(&self.random) {
            Turn::Ended(end) => {
                self.end(end);
                self.look_around();
            }
            Turn::WentOn => self.look_around(),
            Turn::Nobody => self.leap(),
        }
    }

    /// Goes to the next moment at which something happens.
    fn leap(&mut self) {
        let now = self.clock.moment();
        let arrival = self.on_the_way.peek().map(|Reverse(next)| next.at);
        let deadlines = self.devices.iter().filter_map(|device| device.session.as_ref()?.deadline());
        let next = deadlines.chain(arrival).chain(self.clock.next()).min();
        let Some(next) = next else {
            self.violate("nothing is left that could happen");
            return;
        };
        self.clock.leap(next.max(now));
        let now = self.clock.moment();
        while self.on_the_way.peek().is_some_and(|Reverse(next)| next.at <= now) {
            if let Some(Reverse(OnTheWay { arrival, .. })) = self.on_the_way.pop() {
                self.arrive(arrival);
            }
        }
        for device in 0..self.devices.len() {
            let session = self.devices[device].session.as_ref();
            if session.and_then(Session::deadline).is_some_and(|deadline| deadline <= now) {
                self.steps += 1;
                self.let_act(device);
            }
        }
        self.look_around();
    }

    /// A number of milliseconds below this, at least 1.
    pub fn within(&self, bound: usize) -> u64 {
        u64::try_from(1 + self.random.index(bound)).unwrap()
    }

    /// Has something arrive later.
    pub fn send_after(&mut self, millis: u64, arrival: Arrival) {
        self.send_at(self.clock.moment() + millis, arrival);
    }

    pub(super) fn send_at(&mut self, at: Moment, arrival: Arrival) {
        self.sent += 1;
        self.on_the_way.push(Reverse(OnTheWay { at, order: self.sent, arrival }));
    }

    fn arrive(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Frame { device, program, socket, frame } => {
                let device_of = &self.devices[device];
                let is_there = device_of.program == program
                    && device_of.is_online
                    && device_of.sockets.get(&socket).is_some_and(|socket| socket.is_open);
                if is_there {
                    self.note(|| format!("d{device}.{socket} <- {frame}"));
                    let now = self.clock.moment();
                    self.devices[device].note_answer(&frame);
                    self.give(device, |session| session.heard(socket, &frame, now));
                }
            }
            Arrival::Closed { device, program, socket, reason } => {
                self.socket_ended(device, program, socket, reason);
            }
            Arrival::Back { device } => self.come_back(device),
            Arrival::Disconnect { user, connection } => self.disconnect(user, &connection),
            Arrival::Act => {
                if self.acts {
                    self.somebody_acts();
                    let pause = self.within(400);
                    self.send_after(pause, Arrival::Act);
                }
            }
            Arrival::Table => {
                self.backstage.is_table_moving = false;
                let mut state = self.server.outsides.cloud.state();
                state.step_late(false);
                let under_way = state.transactions_under_way();
                if under_way > 0 {
                    state.step_transaction(self.random.index(under_way), self.random.index(64));
                }
            }
        }
    }

    /// Lets a device's session do something, and does what it wants done.
    pub fn give(&mut self, device: usize, act: impl FnOnce(&mut Session)) {
        let Some(session) = &mut self.devices[device].session else { return };
        self.steps += 1;
        act(session);
        self.let_act(device);
    }

    fn let_act(&mut self, device: usize) {
        let now = self.clock.moment();
        if let Some(session) = &mut self.devices[device].session {
            session.act(now);
        }
        while let Some(effect) = self.devices[device].session.as_mut().and_then(Session::next_effect) {
            self.carry_out(device, effect);
        }
    }

    fn carry_out(&mut self, device: usize, effect: Effect) {
        match effect {
            Effect::Dial(socket) => self.dial(device, socket),
            Effect::Send(socket, frame) => {
                if let Some(Socket { connection, is_open: true }) = self.devices[device].sockets.get(&socket)
                {
                    let connection = connection.clone();
                    self.say(device, &connection, frame);
                }
            }
            Effect::HangUp(socket) => {
                if let Some(Socket { connection, .. }) = self.devices[device].sockets.remove(&socket) {
                    self.hang_up(device, &connection);
                }
                let program = self.devices[device].program;
                self.send_after(
                    1,
                    Arrival::Closed { device, program, socket, reason: "closed by this side" },
                );
            }
            Effect::ReadLog { conversation, after } => self.read_log(device, conversation, after),
            Effect::ReadRecent => self.read_recent(device),
            Effect::Tell(event) => {
                self.note(|| format!("d{device} is told {event:?}"));
                if let Some(told) = self.devices[device].tell(event) {
                    self.check_told(device, told);
                }
            }
            Effect::Settle(id, outcome) => {
                self.note(|| format!("d{device} {id} is settled: {outcome:?}"));
                let told = self.devices[device].settle(id, *outcome);
                self.check_told(device, told);
            }
        }
    }

    /// The network, or the program, comes back.
    fn come_back(&mut self, device: usize) {
        let now = self.clock.moment();
        self.devices[device].is_online = true;
        if self.devices[device].session.is_none() {
            let random = self.random.clone();
            self.note(|| format!("d{device} is switched on"));
            self.devices[device].switch_on(&random, now);
            self.steps += 1;
            self.let_act(device);
        }
    }

    /// One of the hosts.
    pub fn host(&self) -> Arc<Host> {
        Arc::clone(&self.hosts[self.random.index(self.hosts.len())])
    }

    /// Writes the story.
    pub fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            story.push(format!("{:>8} {}", self.clock.moment(), line()));
        }
    }

    /// A promise is broken.
    pub fn violate(&mut self, what: impl Into<String>) {
        let what = format!("{} (after {} ms)", what.into(), self.clock.moment());
        self.note(|| format!("VIOLATION {what}"));
        self.violations.push(what);
    }

    pub(super) fn check_told(&mut self, device: usize, told: Told) {
        super::checks::told(self, device, told);
    }

    fn check_rest(&mut self) {
        super::checks::rest(self);
    }
}
