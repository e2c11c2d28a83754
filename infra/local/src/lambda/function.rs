//! One function: the events that wait for it, and the environments (processes) that serve them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use rustix::process::Signal;
use tokio::sync::oneshot;

use super::{FunctionName, InvocationOutcome, errors};
use crate::processes::Child;

/// What the template says of a function.
#[derive(Clone, Debug)]
pub struct FunctionSettings {
    /// Its logical id.
    pub name: FunctionName,
    /// The executable's file name.
    pub binary: String,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// `MemorySize`; told to the function, not enforced.
    pub memory_megabytes: u32,
    /// `Environment.Variables`, resolved.
    pub environment: BTreeMap<String, String>,
}

/// One event for a process, as `/next` hands it out.
#[derive(Debug)]
pub(super) struct Work {
    pub request_id: Arc<str>,
    pub deadline_epoch_ms: u128,
    pub payload: Bytes,
}

/// How an invocation ended, with what its log line needs.
#[derive(Debug)]
pub(super) struct Ended {
    pub outcome: InvocationOutcome,
    pub duration: Duration,
    pub cold: bool,
}

/// How many processes a function may have and how many events each may hold at a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub environments: usize,
    pub concurrency: usize,
}

impl Scale {
    /// One event per process, and processes are stopped between events.
    pub fn is_isolated(self) -> bool {
        self.concurrency == 1
    }
}

#[derive(Debug)]
pub(super) struct Function {
    pub settings: FunctionSettings,
    scale: Scale,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    environments: BTreeMap<u64, Environment>,
    next_environment: u64,
}

#[derive(Debug)]
struct Waiting {
    request_id: Arc<str>,
    payload: Bytes,
    reply: oneshot::Sender<Ended>,
}

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each ends or begins on its own")]
struct Environment {
    /// Absent while the process is being started.
    process: Option<Arc<Child>>,
    started: Instant,
    /// It has asked for its first event.
    is_ready: bool,
    /// It gets no more events, because one of its own ran past the timeout.
    is_draining: bool,
    is_stopped: bool,
    has_served: bool,
    pollers: Vec<oneshot::Sender<Work>>,
    in_flight: HashMap<Arc<str>, InFlight>,
}

#[derive(Debug)]
struct InFlight {
    began: Instant,
    deadline: Instant,
    cold: bool,
    reply: oneshot::Sender<Ended>,
}

impl InFlight {
    fn end(self, outcome: InvocationOutcome) {
        // The caller may have given up waiting.
        let _ = self.reply.send(Ended { outcome, duration: self.began.elapsed(), cold: self.cold });
    }
}

impl Function {
    pub fn new(settings: FunctionSettings, scale: Scale) -> Self {
        Self { settings, scale, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands the event to an idle process or queues it; returns the ids of environments whose processes must be started.
    pub fn submit(&self, request_id: Arc<str>, payload: Bytes) -> (oneshot::Receiver<Ended>, Option<u64>) {
        let (reply, ended) = oneshot::channel();
        let mut state = self.state();
        state.waiting.push_back(Waiting { request_id, payload, reply });
        self.dispatch(&mut state);
        (ended, self.environment_to_start(&mut state))
    }

    fn environment_to_start(&self, state: &mut State) -> Option<u64> {
        let usable = state.environments.values().filter(|environment| !environment.is_draining);
        let starting = usable.clone().filter(|environment| !environment.is_ready).count();
        let wanted = if self.scale.is_isolated() { state.waiting.len() } else { state.waiting.len().min(1) };
        if starting >= wanted || usable.count() >= self.scale.environments {
            return None;
        }
        let id = state.next_environment;
        state.next_environment += 1;
        state.environments.insert(id, Environment::starting());
        Some(id)
    }

    fn dispatch(&self, state: &mut State) {
        while let Some(waiting) = state.waiting.pop_front() {
            if waiting.reply.is_closed() {
                continue;
            }
            if let Err(unserved) = self.dispatch_one(&mut state.environments, waiting) {
                state.waiting.push_front(unserved);
                return;
            }
        }
    }

    fn dispatch_one(
        &self,
        environments: &mut BTreeMap<u64, Environment>,
        waiting: Waiting,
    ) -> Result<(), Waiting> {
        let Waiting { request_id, mut payload, reply } = waiting;
        for environment in environments.values_mut().filter(|environment| !environment.is_draining) {
            while let Some(poller) = environment.pollers.pop() {
                let deadline = SystemTime::now() + self.settings.timeout;
                let work = Work {
                    request_id: Arc::clone(&request_id),
                    deadline_epoch_ms: deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis(),
                    payload,
                };
                environment.thaw();
                match poller.send(work) {
                    Ok(()) => {
                        let cold = !std::mem::replace(&mut environment.has_served, true);
                        let now = Instant::now();
                        let began = if cold { environment.started } else { now };
                        let deadline = now + self.settings.timeout;
                        environment.in_flight.insert(request_id, InFlight { began, deadline, cold, reply });
                        return Ok(());
                    }
                    // That connection has gone; the process has others, or has ended.
                    Err(unsent) => payload = unsent.payload,
                }
            }
        }
        Err(Waiting { request_id, payload, reply })
    }

    /// A process asks for its next event.
    pub fn poll(&self, id: u64) -> Option<oneshot::Receiver<Work>> {
        let mut state = self.state();
        let environment = state.environments.get_mut(&id)?;
        let (poller, work) = oneshot::channel();
        environment.is_ready = true;
        if environment.is_draining {
            return None;
        }
        environment.pollers.retain(|poller| !poller.is_closed());
        environment.pollers.push(poller);
        self.dispatch(&mut state);
        if self.scale.is_isolated()
            && let Some(environment) = state.environments.get_mut(&id)
            && environment.in_flight.is_empty()
        {
            environment.freeze();
        }
        Some(work)
    }

    /// A process answers; false if it was never asked, or too late.
    pub fn answer(&self, id: u64, request_id: &str, outcome: InvocationOutcome) -> bool {
        let mut state = self.state();
        let Some(environment) = state.environments.get_mut(&id) else { return false };
        let Some(in_flight) = environment.in_flight.remove(request_id) else { return false };
        environment.kill_if_drained();
        drop(state);
        in_flight.end(outcome);
        true
    }

    /// The process of a new environment runs, and belongs to it from now on.
    pub fn attach(&self, id: u64, process: Arc<Child>) {
        if let Some(environment) = self.state().environments.get_mut(&id) {
            environment.process = Some(process);
        }
    }

    /// A process has ended, or could not be started: what it held fails; if it never got ready, so does what waits.
    /// Returns the environment to start for what waits still.
    pub fn environment_ended(&self, id: u64, how: &str) -> Option<u64> {
        let mut state = self.state();
        let environment = state.environments.remove(&id)?;
        let mut abandoned: Vec<(Arc<str>, InFlight)> = environment.in_flight.into_iter().collect();
        if !environment.is_ready {
            let give_up = if self.scale.is_isolated() { 1 } else { state.waiting.len() };
            let give_up = give_up.min(state.waiting.len());
            abandoned.extend(state.waiting.drain(..give_up).map(|waiting| {
                let (began, deadline) = (environment.started, environment.started);
                let in_flight = InFlight { began, deadline, cold: true, reply: waiting.reply };
                (waiting.request_id, in_flight)
            }));
        }
        self.dispatch(&mut state);
        let to_start = self.environment_to_start(&mut state);
        drop(state);
        for (request_id, in_flight) in abandoned {
            in_flight.end(errors::exited(&request_id, how));
        }
        to_start
    }

    /// Ends the invocations that ran past the timeout: their callers get the error now, their process no more events, and
    /// it is killed as soon as it holds no other. Returns the environment to start for what waits.
    pub fn sweep(&self, init_timeout: Duration) -> Option<u64> {
        let (timeout, now) = (self.settings.timeout, Instant::now());
        let mut late = Vec::new();
        let mut state = self.state();
        for environment in state.environments.values_mut() {
            if !environment.is_ready && environment.started.elapsed() > init_timeout {
                environment.signal(Signal::KILL);
            }
            let overdue = environment.in_flight.extract_if(|_, in_flight| in_flight.deadline < now);
            let before = late.len();
            late.extend(overdue);
            if late.len() > before {
                environment.is_draining = true;
                environment.pollers.clear();
                environment.kill_if_drained();
            }
        }
        let to_start = if late.is_empty() { None } else { self.environment_to_start(&mut state) };
        drop(state);
        for (request_id, in_flight) in late {
            in_flight.end(errors::timed_out(&request_id, timeout));
        }
        to_start
    }
}

impl Environment {
    fn starting() -> Self {
        Self {
            process: None,
            started: Instant::now(),
            is_ready: false,
            is_draining: false,
            is_stopped: false,
            has_served: false,
            pollers: Vec::new(),
            in_flight: HashMap::new(),
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(process) = &self.process {
            process.signal(signal);
        }
    }

    fn freeze(&mut self) {
        self.is_stopped = true;
        self.signal(Signal::STOP);
    }

    fn thaw(&mut self) {
        if std::mem::take(&mut self.is_stopped) {
            self.signal(Signal::CONT);
        }
    }

    fn kill_if_drained(&self) {
        if self.is_draining && self.in_flight.is_empty() {
            self.signal(Signal::KILL);
        }
    }
}
