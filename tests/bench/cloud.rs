//! The local cloud under test: one that runs already, or one that is started for a load and ended after it.

use std::{
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::timeout,
};

use crate::Failure;

/// Where the local cloud is.
pub enum Place {
    /// It runs already, at this origin.
    Running(String),
    /// It is to be started.
    Started {
        /// With how many relays.
        relays: usize,
        /// With one process per concurrent invocation.
        is_isolated: bool,
        /// With these limits of the gateway.
        limits: &'static [&'static str],
    },
}

/// The local cloud under test.
pub struct Cloud {
    /// Its origin, `http://127.0.0.1:8080`.
    pub origin: String,
    /// The secret that tokens are signed with.
    pub secret: String,
    child: Option<Child>,
    lines: Arc<Mutex<Vec<String>>>,
}

const READY_WITHIN: Duration = Duration::from_mins(1);

impl Cloud {
    /// Finds or starts it.
    pub async fn at(place: Place) -> Result<Self, Failure> {
        match place {
            Place::Running(origin) => {
                let secret =
                    std::env::var("JWT_SECRET").map_err(|_| "--url needs JWT_SECRET in the environment")?;
                let origin = origin.trim_end_matches('/').to_owned();
                Ok(Self { origin, secret, child: None, lines: Arc::default() })
            }
            Place::Started { relays, is_isolated, limits } => Self::start(relays, is_isolated, limits).await,
        }
    }

    async fn start(relays: usize, is_isolated: bool, limits: &[&str]) -> Result<Self, Failure> {
        let secret = format!("{:032x}", rand::random::<u128>());
        let mut command = Command::new(program()?);
        command
            .args(["up", "--no-build", "--ephemeral", "--port", "0", "--relay", &relays.to_string()])
            .args(["--rate-limits", "off"])
            .args(is_isolated.then_some("--isolated"))
            .args(limits.iter().flat_map(|limit| ["--limit", limit]))
            .env("JWT_SECRET", &secret)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn()?;
        let output = child.stdout.take().ok_or("no output")?;
        let mut output = BufReader::new(output).lines();
        let mut origin = None;
        let ready = async {
            while let Some(line) = output.next_line().await? {
                let address = line.split_whitespace().find(|word| word.starts_with("ws://"));
                if let Some(address) = address.filter(|_| line.starts_with("websocket")) {
                    origin = Some(address.replacen("ws://", "http://", 1).trim_end_matches('/').to_owned());
                }
                if line == "ready" {
                    return Ok(());
                }
            }
            Err(Failure::from("the local cloud ended before it was ready"))
        };
        timeout(READY_WITHIN, ready).await??;
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let kept = Arc::clone(&lines);
        tokio::spawn(async move {
            while let Ok(Some(line)) = output.next_line().await {
                // Only cold starts are of interest afterwards.
                if line.contains("  cold  ") {
                    kept.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                }
            }
        });
        Ok(Self {
            origin: origin.ok_or("the local cloud named no address")?,
            secret,
            child: Some(child),
            lines,
        })
    }

    /// Lets something fail, in the words of `POST /_local/faults`.
    pub async fn fail(&self, fault: &serde_json::Value) -> Result<(), Failure> {
        let address = format!("{}/_local/faults", self.origin);
        reqwest::Client::new().post(address).json(fault).send().await?.error_for_status()?;
        Ok(())
    }

    /// What the local cloud printed of functions that were started, as (logical id, milliseconds from exec to the first answer).
    pub fn cold_starts(&self) -> Vec<(String, f64)> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().filter_map(|line| cold_start(line)).collect()
    }

    /// Ends it, if it was started here.
    pub async fn end(mut self) {
        let Some(child) = &mut self.child else { return };
        if let Some(id) = child.id() {
            // It stops its own children when it is asked to end; `kill` is the shell's way to ask.
            let asked = Command::new("kill").args(["-TERM", &id.to_string()]).status().await;
            if asked.is_ok() {
                // One that does not end when it is asked is killed when it is dropped.
                let _ = timeout(Duration::from_secs(10), child.wait()).await;
            }
        }
    }
}

fn cold_start(line: &str) -> Option<(String, f64)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let unit = words.iter().position(|word| *word == "ms")?;
    let function = words.get(unit.checked_sub(2)?)?;
    let millis = words.get(unit.checked_sub(1)?)?.parse().ok()?;
    Some(((*function).to_owned(), millis))
}

fn program() -> Result<PathBuf, Failure> {
    let own = std::env::current_exe()?;
    let program = own.parent().ok_or("no folder")?.join("parlance");
    if program.is_file() {
        Ok(program)
    } else {
        Err("build everything first: cargo build --release --workspace".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cold_start_is_read_from_its_line() {
        let line =
            "01:02:03.004  socket message.send          WsMessageSendFunction           12.34 ms  cold  ok";
        assert_eq!(cold_start(line), Some(("WsMessageSendFunction".to_owned(), 12.34)));
        assert_eq!(cold_start("ready"), None);
    }
}
