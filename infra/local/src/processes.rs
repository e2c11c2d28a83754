//! Child processes (functions, relays): started, listed, signalled, and never left behind.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;
use tokio::sync::watch;

mod launcher;

pub use launcher::{LAUNCH, launch};

/// What the host's environment passes on to children; everything else comes from the template.
const INHERITED: [&str; 6] = ["PATH", "HOME", "TMPDIR", "RUST_LOG", "RUST_BACKTRACE", "SSL_CERT_FILE"];

/// What to start.
#[derive(Clone, Debug)]
pub struct Program {
    /// The name under which it is listed, and the stem of its log file.
    pub name: String,
    /// The executable.
    pub path: PathBuf,
    /// Its whole environment, beside the few variables that every program inherits.
    pub environment: BTreeMap<String, String>,
}

/// Every child of this process.
#[derive(Debug)]
pub struct Processes {
    logs: PathBuf,
    launcher: Option<PathBuf>,
    running: Mutex<BTreeMap<u32, Arc<Child>>>,
}

impl Processes {
    /// Prepares the folder for the children's output. With a `launcher` (this program itself) children die with their parent.
    pub fn new(logs: &Path, launcher: Option<PathBuf>) -> io::Result<Arc<Self>> {
        fs::create_dir_all(logs)?;
        Ok(Arc::new(Self { logs: logs.to_owned(), launcher, running: Mutex::default() }))
    }

    /// Starts a program; its output is appended to `<name>.log`. Must be called from a thread that outlives the child.
    pub fn spawn(self: &Arc<Self>, program: &Program) -> io::Result<Arc<Child>> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.logs.join(format!("{}.log", program.name)))?;
        let mut command = match &self.launcher {
            Some(launcher) => {
                let mut command = Command::new(launcher);
                command.arg(LAUNCH).arg(std::process::id().to_string()).arg(&program.path);
                command
            }
            None => Command::new(&program.path),
        };
        let inherited =
            INHERITED.iter().filter_map(|key| Some((OsString::from(key), std::env::var_os(key)?)));
        let mut child = command
            .env_clear()
            .envs(inherited)
            .envs(&program.environment)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let pid = child.id().ok_or_else(|| io::Error::other("the process ended at once"))?;
        let (ended, exit) = watch::channel(None);
        let handle = Arc::new(Child { name: program.name.clone(), pid, alive: Mutex::new(true), exit });
        lock(&self.running).insert(pid, Arc::clone(&handle));
        let (this, watched) = (Arc::clone(self), Arc::clone(&handle));
        tokio::spawn(async move {
            let status = child.wait().await;
            *lock(&watched.alive) = false;
            lock(&this.running).remove(&pid);
            ended.send_replace(Some(describe(status)));
        });
        Ok(handle)
    }

    /// The children that run now.
    pub fn running(&self) -> Vec<Arc<Child>> {
        lock(&self.running).values().cloned().collect()
    }

    /// Asks every child to end, and kills after `grace` those that have not.
    pub async fn stop_all(&self, grace: Duration) {
        for child in self.running() {
            child.signal(Signal::TERM);
            child.signal(Signal::CONT);
        }
        let all_ended = async {
            for child in self.running() {
                child.ended().await;
            }
        };
        if tokio::time::timeout(grace, all_ended).await.is_err() {
            for child in self.running() {
                child.signal(Signal::KILL);
                child.ended().await;
            }
        }
    }
}

/// One child process.
#[derive(Debug)]
pub struct Child {
    /// The name that its program was given.
    pub name: String,
    /// Its process id.
    pub pid: u32,
    alive: Mutex<bool>,
    exit: watch::Receiver<Option<String>>,
}

impl Child {
    /// Sends a signal, unless the process has ended (its id may belong to another by now).
    pub fn signal(&self, signal: Signal) {
        let alive = lock(&self.alive);
        if *alive && let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) {
            // A process that ended a moment ago is a success.
            let _ = kill_process(pid, signal);
        }
    }

    /// Waits for the end and says how it came: `exit status: 1`, `signal: 9 (SIGKILL)`.
    pub async fn ended(&self) -> String {
        let mut exit = self.exit.clone();
        match exit.wait_for(Option::is_some).await {
            Ok(description) => description.clone().unwrap_or_default(),
            Err(_) => "unknown".to_owned(),
        }
    }
}

fn describe(status: io::Result<ExitStatus>) -> String {
    status.map_or_else(|error| error.to_string(), |status| status.to_string())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
