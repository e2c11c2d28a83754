//! One readable line per invocation, written beside the invocations: when the reader is slow, lines are lost, not time.

use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How many lines may wait to be written.
const BACKLOG: usize = 8_192;

/// Takes lines without ever blocking.
#[derive(Debug)]
pub struct Journal {
    lines: SyncSender<String>,
    lost: AtomicU64,
}

/// What one line says.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// What caused the invocation: `socket message.send`, `GET /healthz`, `stream ChatTable`.
    pub trigger: &'a str,
    /// The function's logical id.
    pub function: &'a str,
    /// From the hand-over to the answer; of a cold one from the process's start.
    pub duration: Duration,
    /// Whether a process was started for it.
    pub cold: bool,
    /// `ok`, `error`, `timeout`.
    pub ending: &'a str,
}

impl Journal {
    /// Starts the thread that writes to `output`.
    pub fn start(output: impl Write + Send + 'static) -> io::Result<Self> {
        let (lines, receiver) = sync_channel(BACKLOG);
        thread::Builder::new().name("journal".to_owned()).spawn(move || write_lines(&receiver, output))?;
        Ok(Self { lines, lost: AtomicU64::new(0) })
    }

    /// Writes a line for an invocation that has ended.
    pub fn record(&self, entry: &Entry<'_>) {
        let mut line = String::with_capacity(96);
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            // Writing to a string cannot fail.
            let _ = writeln!(line, "({lost} lines lost: the reader is slow)");
        }
        let start = if entry.cold { "cold" } else { "warm" };
        let Entry { trigger, function, ending, .. } = entry;
        let milliseconds = entry.duration.as_secs_f64() * 1_000.0;
        let clock = Clock::now();
        let _ =
            writeln!(line, "{clock}  {trigger:<28} {function:<26} {milliseconds:>9.2} ms  {start}  {ending}");
        if self.lines.try_send(line).is_err() {
            self.lost.fetch_add(lost + 1, Ordering::Relaxed);
        }
    }
}

fn write_lines(lines: &Receiver<String>, output: impl Write) {
    let mut output = BufWriter::with_capacity(64 * 1_024, output);
    while let Ok(first) = lines.recv() {
        let mut written = output.write_all(first.as_bytes());
        while written.is_ok() {
            match lines.try_recv() {
                Ok(line) => written = output.write_all(line.as_bytes()),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        if written.and_then(|()| output.flush()).is_err() {
            // Nobody reads any more (a closed pipe); lines are lost from now on.
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// The time of day, UTC, to the millisecond.
struct Clock(u128);

impl Clock {
    fn now() -> Self {
        Self(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis())
    }
}

impl std::fmt::Display for Clock {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (seconds, milliseconds) = (self.0 / 1_000 % 86_400, self.0 % 1_000);
        let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        write!(formatter, "{hours:02}:{minutes:02}:{seconds:02}.{milliseconds:03}")
    }
}
