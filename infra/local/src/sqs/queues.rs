//! The queues: what may be done with them, whoever asks, over the wire or in this process.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;
use tokio::time::Instant;

use super::attributes::checked_size;
use super::refusal::Refusal;
use super::store::{Counts, Outgoing, Receipt, Received, Store};
use super::{CreatedQueue, Error, QueueSpec, queue_arn, queue_url};

/// The longest that a message may be hidden: twelve hours.
const LONGEST_VISIBILITY_SECONDS: u64 = 43_200;

/// All queues.
pub(crate) struct Queues {
    store: Mutex<Store>,
    specs: RwLock<BTreeMap<String, Arc<QueueSpec>>>,
    /// Changes whenever a message may have become visible, so that who waits looks again.
    arrivals: watch::Sender<u64>,
    region: String,
    service_url: String,
}

impl Queues {
    /// Opens the file in the directory, or memory.
    pub(super) fn open(data_dir: Option<&Path>, region: String, service_url: String) -> Result<Self, Error> {
        let path = data_dir.map(|directory| directory.join("sqs.sqlite"));
        if let Some(directory) = data_dir {
            std::fs::create_dir_all(directory)?;
        }
        Ok(Self {
            store: Mutex::new(Store::open(path.as_deref())?),
            specs: RwLock::default(),
            arrivals: watch::Sender::new(0),
            region,
            service_url,
        })
    }

    /// Makes a queue, or gives one that is there another description.
    pub(super) fn create(&self, spec: QueueSpec) -> CreatedQueue {
        let name = spec.name.clone();
        let mut specs = self.specs.write().unwrap_or_else(PoisonError::into_inner);
        specs.insert(name.clone(), Arc::new(spec));
        CreatedQueue { arn: self.arn(&name), url: self.url(&name), name }
    }

    /// The ARN of a queue.
    pub(super) fn arn(&self, name: &str) -> String {
        queue_arn(&self.region, name)
    }

    /// The URL of a queue.
    pub(super) fn url(&self, name: &str) -> String {
        queue_url(&self.service_url, name)
    }

    /// The queue that a URL names; its last segment decides, whatever address stands before it.
    pub(super) fn by_url(&self, url: &str) -> Result<Arc<QueueSpec>, Refusal> {
        self.by_name(url.rsplit('/').next().unwrap_or(url))
    }

    /// The queue that an ARN names.
    pub(crate) fn by_arn(&self, arn: &str) -> Result<Arc<QueueSpec>, Refusal> {
        self.by_name(arn.rsplit(':').next().unwrap_or(arn))
    }

    /// The queue of a name.
    pub(super) fn by_name(&self, name: &str) -> Result<Arc<QueueSpec>, Refusal> {
        let specs = self.specs.read().unwrap_or_else(PoisonError::into_inner);
        specs.get(name).cloned().ok_or(Refusal::NoSuchQueue)
    }

    /// Sends a message; answers its id.
    pub(crate) fn send(&self, queue: &QueueSpec, message: &Outgoing) -> Result<String, Refusal> {
        let size = message.body.len() + checked_size(&message.attributes)?;
        if message.body.is_empty() {
            return Err(Refusal::MissingParameter("MessageBody"));
        }
        if size > queue.maximum_bytes {
            return Err(Refusal::InvalidParameter(format!(
                "One or more parameters are invalid. Reason: Message must be shorter than {} bytes.",
                queue.maximum_bytes
            )));
        }
        if !message.body.chars().all(is_carried) {
            return Err(Refusal::InvalidContents("The message contains characters outside the allowed set."));
        }
        let id = self.store().send(&queue.name, message, now())?;
        self.arrivals.send_modify(|count| *count = count.wrapping_add(1));
        Ok(id)
    }

    /// Receives up to so many messages, waiting for the first.
    pub(crate) async fn receive(
        &self,
        queue: &QueueSpec,
        most: usize,
        hidden_for: Duration,
        wait: Duration,
    ) -> Result<Vec<Received>, Refusal> {
        let deadline = Instant::now() + wait;
        let mut arrivals = self.arrivals.subscribe();
        loop {
            arrivals.mark_unchanged();
            let next = {
                let received = self.receive_now(queue, most, hidden_for)?;
                if !received.is_empty() || Instant::now() >= deadline {
                    return Ok(received);
                }
                self.store().next_visible(&queue.name)?
            };
            let next = next.map(|at| {
                let ahead = u64::try_from(at.saturating_sub(now())).unwrap_or(0).max(1);
                Instant::now() + Duration::from_millis(ahead)
            });
            tokio::select! {
                _ = arrivals.changed() => {}
                () = tokio::time::sleep_until(next.map_or(deadline, |next| next.min(deadline))) => {}
            }
        }
    }

    fn receive_now(
        &self,
        queue: &QueueSpec,
        most: usize,
        hidden_for: Duration,
    ) -> Result<Vec<Received>, Refusal> {
        let now = now();
        let mut store = self.store();
        store.expire(&queue.name, now.saturating_sub(i64::from(queue.retention_seconds) * 1_000))?;
        if let Some(redrive) = &queue.redrive
            && let Ok(dead) = self.by_arn(&redrive.dead_letter_target_arn)
            && store.redrive(&queue.name, redrive.max_receive_count, &dead.name, now)?
        {
            tracing::warn!(queue = queue.name, "messages were received too often and set aside");
            self.arrivals.send_modify(|count| *count = count.wrapping_add(1));
        }
        Ok(store.receive(&queue.name, most, hidden_for, now)?)
    }

    /// Deletes a message that was received.
    pub(crate) fn delete(&self, queue: &QueueSpec, handle: &str) -> Result<(), Refusal> {
        let receipt = Receipt::parse(handle).ok_or(Refusal::InvalidReceiptHandle)?;
        Ok(self.store().delete(&queue.name, &receipt)?)
    }

    /// Hides a message that was received for another while from now on.
    pub(crate) fn hide(&self, queue: &QueueSpec, handle: &str, seconds: i64) -> Result<(), Refusal> {
        let receipt = Receipt::parse(handle).ok_or(Refusal::InvalidReceiptHandle)?;
        let hidden_for = visibility(seconds)?;
        let now = now();
        let until = now.saturating_add(i64::try_from(hidden_for.as_millis()).unwrap_or(i64::MAX));
        if !self.store().hide(&queue.name, &receipt, until, now)? {
            return Err(Refusal::NotInFlight);
        }
        self.arrivals.send_modify(|count| *count = count.wrapping_add(1));
        Ok(())
    }

    /// Deletes all messages of a queue.
    pub(super) fn purge(&self, queue: &QueueSpec) -> Result<(), Refusal> {
        Ok(self.store().purge(&queue.name)?)
    }

    /// How many messages a queue holds.
    pub(super) fn counts(&self, queue: &QueueSpec) -> Result<Counts, Refusal> {
        Ok(self.store().counts(&queue.name, now())?)
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Checks a visibility timeout that a caller names.
pub(super) fn visibility(seconds: i64) -> Result<Duration, Refusal> {
    match u64::try_from(seconds) {
        Ok(seconds @ ..=LONGEST_VISIBILITY_SECONDS) => Ok(Duration::from_secs(seconds)),
        _ => Err(Refusal::InvalidParameter(format!(
            "Value {seconds} for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and \
             {LONGEST_VISIBILITY_SECONDS}."
        ))),
    }
}

/// Says whether SQS carries the character.
fn is_carried(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
