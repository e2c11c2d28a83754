//! The local cloud under test: the real program as a child process, on free ports, in a folder of its own.

mod shared;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::credentials::SECRET;
use crate::deadline::{eventually, within};
use crate::faults::Faults;
use crate::person::Person;
use crate::programs::{Programs, spawn};

/// What would make a test depend on whoever runs it.
const NOT_INHERITED: [&str; 14] = [
    "JWT_JWKS_URL",
    "JWT_ISSUER",
    "JWT_AUDIENCE",
    "ALLOWED_ORIGINS",
    "REDIS_URL",
    "RUST_LOG",
    "AWS_REGION",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_S3_UPLOADS",
    "AWS_ENDPOINT_URL_SQS",
    "AWS_ENDPOINT_URL_LAMBDA",
    "AWS_ENDPOINT_URL_EVENTBRIDGE",
    "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI",
];

/// How a local cloud is to run. One that was stopped gives its setup back, with the folder that holds its data.
#[derive(Clone)]
pub struct Setup {
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    folder: Folder,
    port: u16,
    is_limited: bool,
}

/// Rates at which a journey meets the limits' code and no limit: a test is faster than any person.
const GENEROUS: [&str; 7] = [
    "SendsPerSecond=2000",
    "WritesPerSecond=1000",
    "ReadsPerSecond=5000",
    "SignalsPerSecond=2000",
    "UploadsPerSecond=500",
    "HandshakesPerSecond=500",
    "ConversationSendsPerSecond=10000",
];

#[derive(Clone)]
enum Folder {
    Temporary(Arc<TempDir>),
    Kept(PathBuf),
}

impl Folder {
    fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Kept(folder) => folder,
        }
    }
}

impl Default for Setup {
    fn default() -> Self {
        Self::in_folder(Folder::Temporary(Arc::new(tempfile::tempdir().unwrap())))
    }
}

impl Setup {
    fn in_folder(folder: Folder) -> Self {
        Self { arguments: Vec::new(), environment: Vec::new(), folder, port: 0, is_limited: false }
    }

    /// Adds a flag with its value.
    #[must_use]
    pub fn with(mut self, flag: &str, value: impl ToString) -> Self {
        self.arguments.extend([flag.to_owned(), value.to_string()]);
        self
    }

    /// So many relays.
    #[must_use]
    pub fn relays(self, count: usize) -> Self {
        self.with("--relay", count)
    }

    /// One process per concurrent invocation, stopped in between.
    #[must_use]
    pub fn isolated(mut self) -> Self {
        self.arguments.push("--isolated".to_owned());
        self
    }

    /// Tells more about what goes on inside.
    #[must_use]
    pub fn verbose(mut self) -> Self {
        self.arguments.push("--verbose".to_owned());
        self
    }

    /// A parameter of the template.
    #[must_use]
    pub fn parameter(self, name: &str, value: &str) -> Self {
        self.with("--parameter", format!("{name}={value}"))
    }

    /// With the rate limits that the template names, unless a parameter names others.
    #[must_use]
    pub const fn limited(mut self) -> Self {
        self.is_limited = true;
        self
    }

    /// A variable of the local cloud's own environment.
    #[must_use]
    pub fn environment(mut self, name: &str, value: impl ToString) -> Self {
        self.environment.push((name.to_owned(), value.to_string()));
        self
    }

    /// Starts it and waits until it is ready.
    pub async fn start(self) -> Cloud {
        let mut command = Programs::built().parlance();
        command.args(["up", "--no-build", "--port", &self.port.to_string()]);
        command.arg("--data-dir").arg(self.folder.path());
        if !self.is_limited {
            command.args(GENEROUS.iter().flat_map(|rate| ["--parameter", rate]));
        }
        command.args(&self.arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for name in NOT_INHERITED {
            command.env_remove(name);
        }
        command.env("JWT_SECRET", SECRET).envs(self.environment.iter().cloned());
        let mut process = spawn(command);
        let (became_ready, ready) = oneshot::channel();
        let output = self.folder.path().join("output.log");
        keep(process.stdout.take().unwrap(), &output, Some(became_ready));
        keep(process.stderr.take().unwrap(), &output, None);
        let origin = within("the local cloud to be ready", ready)
            .await
            .unwrap_or_else(|_| panic!("the local cloud did not start:\n{}", text_of(&output)));
        Cloud { origin, process, setup: self, strangers: AtomicU64::new(0) }
    }
}

/// Copies a stream of lines into a file; tells the address of `http` once `ready` was said.
fn keep(
    stream: impl std::io::Read + Send + 'static,
    path: &Path,
    mut became_ready: Option<oneshot::Sender<String>>,
) {
    let mut file = fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
    thread::spawn(move || {
        let mut origin = String::new();
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if let Some(address) = line.strip_prefix("http ") {
                address.trim().clone_into(&mut origin);
            }
            if line == "ready"
                && let Some(became_ready) = became_ready.take()
            {
                // Who does not wait any more has failed already.
                let _ = became_ready.send(origin.clone());
            }
            if writeln!(file, "{line}").is_err() {
                return;
            }
        }
    });
}

fn text_of(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// A running local cloud; dropping it kills it.
pub struct Cloud {
    /// The origin of HTTP: `http://127.0.0.1:…`.
    pub origin: String,
    process: Child,
    setup: Setup,
    strangers: AtomicU64,
}

impl Cloud {
    /// One with no option, whose setup nobody cares about.
    pub async fn start() -> Self {
        Setup::default().start().await
    }

    /// Somebody who was never here before; `name` is how his id begins.
    pub fn person(&self, name: &str) -> Person {
        let number = self.strangers.fetch_add(1, Ordering::Relaxed);
        self.person_called(&format!("{name}-{}-{number}", std::process::id()))
    }

    /// Somebody with exactly this id.
    pub fn person_called(&self, id: &str) -> Person {
        Person::new(&self.origin, id)
    }

    /// Several strangers.
    pub fn people<const N: usize>(&self, names: [&str; N]) -> [Person; N] {
        names.map(|name| self.person(name))
    }

    /// What goes wrong in it.
    pub fn faults(&self) -> Faults {
        Faults::of(self.person_called("local"))
    }

    /// Where everything listens, by name.
    pub async fn endpoints(&self) -> Value {
        self.local("endpoints").await
    }

    /// The process ids of the children whose name begins so.
    pub async fn pids(&self, name: &str) -> Vec<i32> {
        let processes = self.local("processes").await;
        let processes = processes["processes"].as_array().unwrap();
        let of_name = |process: &&Value| process["name"].as_str().unwrap().starts_with(name);
        processes
            .iter()
            .filter(of_name)
            .map(|process| i32::try_from(process["pid"].as_i64().unwrap()).unwrap())
            .collect()
    }

    /// Kills a child and waits until the local cloud has noticed.
    pub async fn kill_child(&self, pid: i32) {
        kill(pid, Signal::KILL);
        eventually("a child to end", async || (!self.pids("").await.contains(&pid)).then_some(())).await;
    }

    /// Waits until so many children have a name that begins so.
    pub async fn pids_of(&self, name: &str, count: usize) -> Vec<i32> {
        let what = format!("{count} processes of {name}");
        eventually(&what, async || Some(self.pids(name).await).filter(|pids| pids.len() == count)).await
    }

    /// The last events of the event bus, oldest first, as its targets get them.
    pub async fn events(&self) -> Vec<Value> {
        self.local("events").await["events"].as_array().unwrap().clone()
    }

    async fn local(&self, what: &str) -> Value {
        self.person_called("local")
            .anonymous(Method::GET, &format!("/_local/{what}"))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// Everything that the local cloud, the functions and the relays have written so far.
    pub fn logs(&self) -> String {
        let folder = self.setup.folder.path();
        let logs = fs::read_dir(folder.join("logs")).unwrap().map(|file| file.unwrap().path());
        logs.chain([folder.join("output.log")]).map(|path| text_of(&path)).collect()
    }

    /// What the local cloud itself has printed.
    pub fn output(&self) -> String {
        text_of(&self.setup.folder.path().join("output.log"))
    }

    /// Ends it as Ctrl-C does.
    pub async fn stop(mut self) -> Setup {
        self.signal(Signal::TERM);
        eventually("the local cloud to end", async || self.process.try_wait().unwrap()).await;
        self.setup.clone()
    }

    /// Ends it without a warning.
    pub async fn kill(mut self) -> Setup {
        self.process.kill().unwrap();
        eventually("the local cloud to end", async || self.process.try_wait().unwrap()).await;
        // Its children are ended by the kernel, and its ports and files are theirs until then.
        tokio::time::sleep(Duration::from_millis(100)).await;
        self.setup.clone()
    }

    /// Ends it without a warning, and starts it again where it was.
    pub async fn kill_and_start(self) -> Self {
        let (_, port) = self.origin.rsplit_once(':').unwrap();
        let port = port.parse().unwrap();
        Setup { port, ..self.kill().await }.start().await
    }

    fn signal(&self, signal: Signal) {
        kill(i32::try_from(self.process.id()).unwrap(), signal);
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and need not be.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends a signal to a process that the local cloud named.
pub fn kill(pid: i32, signal: Signal) {
    // A process that ended a moment ago is a success.
    let _ = kill_process(Pid::from_raw(pid).unwrap(), signal);
}
