//! A raw socket of one user, which notes for each message when it came, and does as little as possible beside.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures::{
    SinkExt as _, StreamExt as _,
    stream::{SplitSink, SplitStream},
};
use tokio::{net::TcpStream, task::JoinHandle, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

use crate::{Failure, cloud::Cloud, people::Person};

pub type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens a socket.
pub async fn open(cloud: &Cloud, person: &Person) -> Result<Stream, Failure> {
    let origin = cloud.origin.replacen("http", "ws", 1);
    let address = format!("{origin}/ws/messaging/?token={}", person.token);
    let config = WebSocketConfig::default().read_buffer_size(4_096).write_buffer_size(0);
    // The error could show the address, which holds the token.
    match timeout(Duration::from_secs(30), connect_async_with_config(address, Some(config), true)).await {
        Ok(Ok((stream, _))) => Ok(stream),
        Ok(Err(_)) => Err("a handshake failed".into()),
        Err(_) => Err("a handshake took more than 30 s".into()),
    }
}

/// What all sockets of a load share.
#[derive(Debug)]
pub struct Clock {
    started: Instant,
    from: AtomicU64,
    until: AtomicU64,
}

impl Clock {
    pub fn start() -> Arc<Self> {
        let (from, until) = (AtomicU64::new(u64::MAX), AtomicU64::new(u64::MAX));
        Arc::new(Self { started: Instant::now(), from, until })
    }

    /// Microseconds since the start.
    pub fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Counts the messages that are sent from now on.
    pub fn begin(&self) {
        self.until.store(u64::MAX, Ordering::Relaxed);
        self.from.store(self.now(), Ordering::Relaxed);
    }

    /// Counts no message that is sent from now on.
    pub fn end(&self) {
        self.until.store(self.now(), Ordering::Relaxed);
    }

    /// Whether a message that was sent then counts.
    pub fn counts(&self, sent: u64) -> bool {
        sent >= self.from.load(Ordering::Relaxed) && sent < self.until.load(Ordering::Relaxed)
    }
}

/// What one socket noted. Times are microseconds from sending.
#[derive(Debug, Default)]
pub struct Notes {
    /// Of each ack.
    pub acks: Vec<u32>,
    /// Of each event, the first time that it came.
    pub deliveries: Vec<u32>,
    /// Frames with at least one event.
    pub frames: u64,
    /// Events that came again.
    pub repeated: u64,
    /// Refusals and frames of the gateway's own.
    pub refused: u64,
    /// The first refusal.
    pub refusal: Option<String>,
    seen: Vec<u64>,
}

/// The receiving half of a socket: its notes, and the task that fills them.
pub struct Ear {
    pub notes: Arc<Mutex<Notes>>,
    task: JoinHandle<()>,
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Splits a socket into what sends and what listens. `known` follows the newest position that an ack named.
pub fn listen(stream: Stream, clock: Arc<Clock>, known: Arc<AtomicU64>) -> (SplitSink<Stream, Message>, Ear) {
    let (sink, source) = stream.split();
    let notes = Arc::<Mutex<Notes>>::default();
    let task = tokio::spawn(hear(source, Arc::clone(&notes), clock, known));
    (sink, Ear { notes, task })
}

async fn hear(
    mut source: SplitStream<Stream>,
    notes: Arc<Mutex<Notes>>,
    clock: Arc<Clock>,
    known: Arc<AtomicU64>,
) {
    while let Some(Ok(message)) = source.next().await {
        if let Message::Text(text) = message {
            let now = clock.now();
            let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
            notes.take(&text, now, &clock, &known);
        }
    }
}

impl Notes {
    fn take(&mut self, text: &str, now: u64, clock: &Clock, known: &AtomicU64) {
        if text.starts_with(r#"{"type":"ack""#) {
            if let Some(seq) = number_after(text, r#""seq":"#) {
                known.fetch_max(seq, Ordering::Relaxed);
            }
            if let Some(mark) = Mark::all(text).next() {
                // The ack stands for the event: one that comes all the same is repeated.
                self.is_new(mark.number);
                if clock.counts(mark.sent) {
                    self.acks.push(micros(now, mark.sent));
                }
            }
            return;
        }
        let mut is_counted = false;
        let mut is_event = false;
        for mark in Mark::all(text) {
            is_event = true;
            let is_new = self.is_new(mark.number);
            if clock.counts(mark.sent) {
                is_counted = true;
                if is_new {
                    self.deliveries.push(micros(now, mark.sent));
                } else {
                    self.repeated += 1;
                }
            }
        }
        self.frames += u64::from(is_counted);
        let is_other_event = text.starts_with(r#"{"type":"#) && !text.starts_with(r#"{"type":"nack""#);
        if !is_event && !is_other_event {
            self.refused += 1;
            self.refusal.get_or_insert_with(|| text.chars().take(300).collect());
        }
    }

    fn is_new(&mut self, number: u32) -> bool {
        let (word, bit) = ((number / 64) as usize, 1_u64 << (number % 64));
        if self.seen.len() <= word {
            self.seen.resize(word + 1, 0);
        }
        self.seen.get_mut(word).is_some_and(|word| {
            let is_new = *word & bit == 0;
            *word |= bit;
            is_new
        })
    }

    /// Takes the figures and keeps what was seen.
    pub fn drain(&mut self) -> Self {
        let seen = std::mem::take(&mut self.seen);
        let drained = std::mem::take(self);
        self.seen = seen;
        drained
    }
}

fn micros(now: u64, sent: u64) -> u32 {
    u32::try_from(now.saturating_sub(sent)).unwrap_or(u32::MAX)
}

fn number_after(text: &str, key: &str) -> Option<u64> {
    let (_, rest) = text.split_once(key)?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// What stands in a message's text: when it was sent, and which message of its conversation it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// By the clock of the load.
    pub sent: u64,
    /// 0, 1, 2, …
    pub number: u32,
}

const FENCE: &str = "@@";

impl Mark {
    /// A text of about a hundred bytes that holds the mark.
    pub fn text(self) -> String {
        format!(
            "{FENCE}{:016x}{:08x} and then a few more words, so that it is as long as what people write to each other",
            self.sent, self.number
        )
    }

    fn all(text: &str) -> impl Iterator<Item = Self> {
        text.match_indices(FENCE).filter_map(|(at, _)| {
            let sent = text.get(at + 2..at + 18)?;
            let number = text.get(at + 18..at + 26)?;
            Some(Self {
                sent: u64::from_str_radix(sent, 16).ok()?,
                number: u32::from_str_radix(number, 16).ok()?,
            })
        })
    }
}

/// Sends one message.
pub async fn send(
    sink: &mut SplitSink<Stream, Message>,
    conversation: &str,
    mark: Mark,
    after: u64,
) -> Result<(), Failure> {
    let Mark { sent, number } = mark;
    let text = mark.text();
    let frame = format!(
        r#"{{"type":"message.send","id":"{number:x}","data":{{"conversation_id":"{conversation}","client_id":"{sent:x}-{number:x}","after":{after},"content":"{text}"}}}}"#
    );
    Ok(sink.send(Message::text(frame)).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_counts_once_and_only_while_it_is_counted() {
        let clock = Clock::start();
        let known = AtomicU64::new(0);
        let mut notes = Notes::default();
        let mark = |number| Mark { sent: clock.now(), number }.text();
        let event = |text: &str| format!(r#"{{"type":"message.created","data":{{"content":"{text}"}}}}"#);
        notes.take(&event(&mark(0)), clock.now(), &clock, &known);
        assert!(notes.deliveries.is_empty(), "it was sent before");
        clock.begin();
        let (one, two) = (mark(1), mark(2));
        let batch = format!(r#"{{"type":"batch","events":[{},{}]}}"#, event(&one), event(&two));
        notes.take(&batch, clock.now(), &clock, &known);
        notes.take(&event(&one), clock.now(), &clock, &known);
        assert_eq!((notes.deliveries.len(), notes.frames, notes.repeated), (2, 2, 1));
        notes.take(&format!(r#"{{"type":"ack","seq":7,"data":{{"content":"{two}"}}}}"#), 0, &clock, &known);
        assert_eq!((notes.acks.len(), known.load(Ordering::Relaxed)), (1, 7));
        let own = mark(3);
        notes.take(&format!(r#"{{"type":"ack","seq":8,"data":{{"content":"{own}"}}}}"#), 0, &clock, &known);
        notes.take(&event(&own), clock.now(), &clock, &known);
        assert_eq!((notes.deliveries.len(), notes.repeated), (2, 2), "the stream tells the sender too");
        notes.take(r#"{"message":"Internal server error"}"#, 0, &clock, &known);
        assert_eq!(notes.refused, 1);
    }
}
