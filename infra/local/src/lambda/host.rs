//! The host of all functions: starts processes when events come, repeats what failed asynchronously, ends what hangs.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::function::{Ended, Function, FunctionSettings, Scale};
use super::journal::{Entry, Journal};
use super::{FunctionName, InvocationOutcome, Invoke, errors, http};
use crate::faults::{FaultMoment, FaultName, Faults};
use crate::processes::{Processes, Program};
use crate::usage::Usage;

/// How functions are run.
pub struct Settings {
    /// The functions of the template.
    pub functions: Vec<FunctionSettings>,
    /// The folder of their executables.
    pub binaries: PathBuf,
    /// One process per concurrent event, stopped between events, instead of one process with many events at a time.
    pub is_isolated: bool,
    /// The region that ARNs name.
    pub region: String,
    /// The waits before the two repetitions of an asynchronous invocation that failed (one and two minutes on AWS).
    pub retry_delays: [Duration; 2],
    /// What is given to every function, over what the template says.
    pub environment: Vec<(String, String)>,
    /// What is to go wrong.
    pub faults: Faults,
    /// Counts what is used.
    pub usage: Usage,
}

/// How many events a process that is not isolated holds at a time.
const CONCURRENCY: usize = 64;
/// How many processes an isolated function may have.
const ISOLATED_PROCESSES: usize = 100;
/// How long a process may take until it asks for its first event.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);
/// How often timeouts are looked for.
const SWEEP: Duration = Duration::from_millis(50);

/// Runs functions as processes that speak the Lambda Runtime API with this program.
pub struct Lambda {
    pub(super) functions: HashMap<FunctionName, Arc<Function>>,
    pub(super) region: String,
    binaries: PathBuf,
    scale: Scale,
    environment: Vec<(String, String)>,
    retry_delays: [Duration; 2],
    processes: Arc<Processes>,
    journal: Journal,
    faults: Faults,
    usage: Usage,
    address: String,
    tasks: tokio::runtime::Handle,
    stop: CancellationToken,
    _guard: DropGuard,
}

impl Lambda {
    /// Serves the Runtime API and the Invoke operation on `listener`, and starts processes as events come.
    pub fn start(
        settings: Settings,
        listener: TcpListener,
        processes: Arc<Processes>,
        journal: Journal,
    ) -> io::Result<Arc<Self>> {
        let scale = if settings.is_isolated {
            Scale { environments: ISOLATED_PROCESSES, concurrency: 1 }
        } else {
            Scale { environments: 1, concurrency: CONCURRENCY }
        };
        let function =
            |settings: FunctionSettings| (settings.name.clone(), Arc::new(Function::new(settings, scale)));
        let stop = CancellationToken::new();
        let lambda = Arc::new(Self {
            functions: settings.functions.into_iter().map(function).collect(),
            region: settings.region,
            binaries: settings.binaries,
            scale,
            environment: settings.environment,
            retry_delays: settings.retry_delays,
            processes,
            journal,
            faults: settings.faults,
            usage: settings.usage,
            address: listener.local_addr()?.to_string(),
            tasks: tokio::runtime::Handle::current(),
            _guard: stop.clone().drop_guard(),
            stop,
        });
        tokio::spawn(http::serve(listener, Arc::downgrade(&lambda), lambda.stop.clone()));
        tokio::spawn(sweep(Arc::downgrade(&lambda)));
        Ok(lambda)
    }

    /// `http://127.0.0.1:port`, for `AWS_ENDPOINT_URL_LAMBDA`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Starts no further process, whatever ends from now on.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    fn start_environment(self: &Arc<Self>, function: &Arc<Function>, id: u64) {
        let (this, function) = (Arc::clone(self), Arc::clone(function));
        // On a task, hence on a worker thread: these outlive the process, a blocking thread might not.
        self.tasks.spawn(async move {
            let mut next = Some(id);
            while let Some(id) = next {
                let how = match this.processes.spawn(&this.program(&function, id)) {
                    Ok(process) => {
                        function.attach(id, Arc::clone(&process));
                        process.ended().await
                    }
                    Err(error) => format!("{} cannot be started: {error}", function.settings.binary),
                };
                if this.stop.is_cancelled() {
                    return;
                }
                next = function.environment_ended(id, &how);
            }
        });
    }

    fn program(&self, function: &Function, id: u64) -> Program {
        let settings = &function.settings;
        let name = settings.name.as_str();
        let mut environment = settings.environment.clone();
        environment.extend(self.environment.iter().cloned());
        let runtime = [
            ("AWS_LAMBDA_RUNTIME_API", format!("http://{}/{name}/{id}", self.address)),
            ("AWS_LAMBDA_FUNCTION_NAME", name.to_owned()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", settings.memory_megabytes.to_string()),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
            ("AWS_LAMBDA_LOG_STREAM_NAME", format!("local/[$LATEST]{id}")),
            ("AWS_LAMBDA_LOG_FORMAT", "JSON".to_owned()),
            ("_HANDLER", "bootstrap".to_owned()),
            ("TZ", ":UTC".to_owned()),
        ];
        environment.extend(runtime.map(|(key, value)| (key.to_owned(), value)));
        if !self.scale.is_isolated() {
            environment.insert("AWS_LAMBDA_MAX_CONCURRENCY".to_owned(), self.scale.concurrency.to_string());
        }
        Program { name: name.to_owned(), path: self.binaries.join(&settings.binary), environment }
    }

    /// Runs a function, with whatever fault was asked for.
    async fn run(self: &Arc<Self>, name: &FunctionName, trigger: &str, payload: Bytes) -> InvocationOutcome {
        let hit = |fault| self.faults.hit_function(fault, Some(name.as_str()));
        if let Some(slow) = hit(FaultName::FunctionSlow) {
            tokio::time::sleep(slow.delay).await;
        }
        if hit(FaultName::FunctionTwice).is_some() {
            self.run_once(name, trigger, payload.clone()).await;
        }
        let (kill, timeout) = (hit(FaultName::FunctionKill), hit(FaultName::FunctionTimeout));
        let Some(fault) = kill.or(timeout) else { return self.run_once(name, trigger, payload).await };
        if fault.at != FaultMoment::Start {
            self.run_once(name, trigger, payload).await;
        }
        let request_id = request_id();
        if kill.is_some() {
            return errors::exited(&request_id, "signal: 9 (SIGKILL)");
        }
        let timeout = self.functions.get(name).map(|function| function.settings.timeout).unwrap_or_default();
        tokio::time::sleep(timeout).await;
        errors::timed_out(&request_id, timeout)
    }

    async fn run_once(
        self: &Arc<Self>,
        name: &FunctionName,
        trigger: &str,
        payload: Bytes,
    ) -> InvocationOutcome {
        let Some(function) = self.functions.get(name) else {
            return InvocationOutcome::Unavailable { reason: format!("no function {name}") };
        };
        let request_id = request_id();
        let submitted = Instant::now();
        let (ended, to_start) = function.submit(request_id, payload);
        if let Some(id) = to_start {
            self.start_environment(function, id);
        }
        let ended = ended.await.unwrap_or_else(|_| Ended {
            outcome: InvocationOutcome::Unavailable { reason: "the local cloud is stopping".to_owned() },
            duration: submitted.elapsed(),
            cold: false,
        });
        let ending = match &ended.outcome {
            InvocationOutcome::Answered(_) => "ok",
            InvocationOutcome::FunctionError { .. } => "error",
            InvocationOutcome::TimedOut { .. } => "timeout",
            InvocationOutcome::Unavailable { .. } => "unavailable",
        };
        let (duration, cold) = (ended.duration, ended.cold);
        let (memory, failed) = (function.settings.memory_megabytes, ending != "ok");
        self.usage.invocation(name.as_str(), duration, memory, failed);
        self.journal.record(&Entry { trigger, function: name.as_str(), duration, cold, ending });
        ended.outcome
    }
}

/// A version 4 UUID, as AWS names requests.
fn request_id() -> Arc<str> {
    let random = rand::random::<u128>() & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{random:032x}");
    let part = |range| hex.get(range).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)).into()
}

async fn sweep(lambda: std::sync::Weak<Lambda>) {
    let mut ticks = tokio::time::interval(SWEEP);
    loop {
        ticks.tick().await;
        let Some(lambda) = lambda.upgrade() else { return };
        for function in lambda.functions.values() {
            if let Some(id) = function.sweep(INIT_TIMEOUT) {
                lambda.start_environment(function, id);
            }
        }
    }
}

#[async_trait]
impl Invoke for Arc<Lambda> {
    async fn invoke(&self, function: &FunctionName, trigger: &str, payload: Bytes) -> InvocationOutcome {
        self.run(function, trigger, payload).await
    }

    fn invoke_async(&self, function: &FunctionName, trigger: &str, payload: Bytes) {
        let (this, function, trigger) = (Arc::clone(self), function.clone(), trigger.to_owned());
        self.tasks.spawn(async move {
            let mut delays = this.retry_delays.iter();
            loop {
                let outcome = this.run(&function, &trigger, payload.clone()).await;
                if matches!(outcome, InvocationOutcome::Answered(_)) {
                    return;
                }
                let Some(delay) = delays.next() else {
                    tracing::warn!(function = %function, "an asynchronous event failed three times and is given up");
                    return;
                };
                tokio::time::sleep(*delay).await;
            }
        });
    }
}
