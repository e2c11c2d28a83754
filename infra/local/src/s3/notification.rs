//! What a bucket tells of its objects: at least once, sometimes late and out of order, in the form that EventBridge passes on.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::bucket_arn;
use crate::faults::{FaultName, Faults};
use crate::loopback::ACCOUNT;

/// The source of a bucket's events.
pub const SOURCE: &str = "aws.s3";

/// Something that has happened to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectEvent {
    /// Its bucket.
    pub bucket: String,
    /// Its key, not encoded.
    pub key: String,
    /// What has happened.
    pub change: Change,
    /// Tells which of two events of one key is the later one.
    pub sequencer: String,
}

/// What happens to objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is there, or there anew.
    Created {
        /// The operation.
        reason: &'static str,
        /// In bytes.
        size: u64,
        /// Without quotes.
        etag: String,
    },
    /// It is gone.
    Deleted,
}

impl ObjectEvent {
    /// The event's detail-type.
    pub fn detail_type(&self) -> &'static str {
        match self.change {
            Change::Created { .. } => "Object Created",
            Change::Deleted => "Object Deleted",
        }
    }

    /// The ARNs that the event names.
    pub fn resources(&self) -> Vec<String> {
        vec![bucket_arn(&self.bucket)]
    }

    /// The event's detail.
    pub fn detail(&self) -> Value {
        let mut object = json!({ "key": self.key, "sequencer": self.sequencer });
        let mut detail = json!({
            "version": "0",
            "bucket": { "name": self.bucket },
            "request-id": format!("{:016X}", rand::random::<u64>()),
            "requester": ACCOUNT,
            "source-ip-address": "127.0.0.1",
        });
        let (Some(object_map), Some(detail_map)) = (object.as_object_mut(), detail.as_object_mut()) else {
            return detail;
        };
        match &self.change {
            Change::Created { reason, size, etag } => {
                object_map.insert("size".to_owned(), json!(size));
                object_map.insert("etag".to_owned(), json!(etag));
                detail_map.insert("reason".to_owned(), json!(reason));
            }
            Change::Deleted => {
                detail_map.insert("reason".to_owned(), json!("DeleteObject"));
                detail_map.insert("deletion-type".to_owned(), json!("Permanently Deleted"));
            }
        }
        detail_map.insert("object".to_owned(), object);
        detail
    }
}

/// Tells whoever listens.
pub(super) struct Notifier {
    listeners: Arc<Mutex<Vec<UnboundedSender<Arc<ObjectEvent>>>>>,
    sequence: AtomicU64,
    faults: Faults,
}

impl Notifier {
    pub(super) fn new(faults: Faults) -> Self {
        let begun = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let begun = u64::try_from(begun.as_nanos()).unwrap_or_default();
        Self { listeners: Arc::default(), sequence: AtomicU64::new(begun), faults }
    }

    pub(super) fn subscribe(&self) -> UnboundedReceiver<Arc<ObjectEvent>> {
        let (sender, receiver) = unbounded_channel();
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        receiver
    }

    /// Tells of a change, as faults will have it.
    pub(super) fn tell(&self, bucket: &str, key: &str, change: Change) {
        let sequencer = format!("{:016X}", self.sequence.fetch_add(1, Ordering::Relaxed));
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        let event = Arc::new(ObjectEvent { bucket, key, change, sequencer });
        let times = if self.faults.hit(FaultName::S3eventTwice).is_some() { 2 } else { 1 };
        let late = self.faults.hit(FaultName::S3eventLate).map(|hit| hit.delay);
        let shuffle = self.faults.hit(FaultName::S3eventShuffle).map(|hit| hit.delay);
        for _ in 0..times {
            let pause = late.unwrap_or_default() + shuffle.map(up_to).unwrap_or_default();
            let (event, listeners) = (Arc::clone(&event), Arc::clone(&self.listeners));
            if pause.is_zero() {
                send(&listeners, &event);
            } else {
                tokio::spawn(async move {
                    tokio::time::sleep(pause).await;
                    send(&listeners, &event);
                });
            }
        }
    }
}

/// What is delayed by chance comes out of order.
fn up_to(longest: Duration) -> Duration {
    longest.mul_f64(rand::random::<f64>())
}

fn send(listeners: &Mutex<Vec<UnboundedSender<Arc<ObjectEvent>>>>, event: &Arc<ObjectEvent>) {
    let mut listeners = listeners.lock().unwrap_or_else(PoisonError::into_inner);
    listeners.retain(|listener| listener.send(Arc::clone(event)).is_ok());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_detail_has_awss_form() {
        let change = Change::Created { reason: "POST Object", size: 5, etag: "abc".to_owned() };
        let event =
            ObjectEvent { bucket: "b".into(), key: "quarantine/a b".into(), change, sequencer: "01".into() };
        let detail = event.detail();
        assert_eq!(
            detail["object"],
            json!({"key": "quarantine/a b", "size": 5, "etag": "abc", "sequencer": "01"})
        );
        assert_eq!((&detail["reason"], &detail["bucket"]["name"]), (&json!("POST Object"), &json!("b")));
        let gone = ObjectEvent { change: Change::Deleted, ..event };
        assert_eq!(gone.detail()["deletion-type"], "Permanently Deleted");
        assert_eq!(gone.detail_type(), "Object Deleted");
    }
}
