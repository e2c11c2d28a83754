//! Everything that goes wrong during a proof: a few faults at a time, for a moment each, drawn at random.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::seq::IndexedRandom as _;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

use crate::faults::Faults;

/// What lasts a moment, and the largest share of calls that it hits.
const LASTING: &[(&str, f64)] = &[
    ("connections.limit", 0.5),
    ("connections.slow", 0.3),
    ("connections.reset", 0.3),
    ("connections.drop", 0.3),
    ("connections.duplicate", 0.5),
    ("connections.gone", 0.02),
    ("dynamodb.throttle", 0.3),
    ("dynamodb.conflict", 0.3),
    ("dynamodb.internal", 0.3),
    ("dynamodb.lost_reply", 0.3),
    ("dynamodb.duplicate", 0.5),
    ("dynamodb.unprocessed", 0.5),
    ("dynamodb.slow", 0.2),
    ("dynamodb.hang", 0.02),
    ("redis.hang", 0.2),
    ("redis.reset", 0.2),
    ("redis.readonly", 1.0),
    ("redis.empty", 0.1),
    ("function.kill", 0.02),
    ("function.slow", 0.1),
    ("function.twice", 0.3),
    ("stream.twice", 0.5),
    ("stream.shuffle", 0.5),
    ("stream.late", 0.3),
    ("disconnect.lost", 1.0),
];

/// The functions that may hang until they are stopped, and after how long each of them is.
const HANGING: &[&str] =
    &["WsConnectFunction", "WsMessageSendFunction", "WsDefaultFunction", "OnLogEntryFunction"];
const STOPPED_AFTER: Duration = Duration::from_secs(10);

/// What happens once.
const SUDDEN: &[&str] = &["redis.kill", "relay.kill", "sockets.cut"];

/// A storm that goes on until it is ended.
pub struct Storm {
    stop: oneshot::Sender<()>,
    task: JoinHandle<BTreeMap<String, u64>>,
}

impl Storm {
    /// Begins one.
    pub fn begin(faults: Faults) -> Self {
        let (stop, mut stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let (mut asked, mut over) = (BTreeMap::new(), Instant::now());
            while stopped.try_recv() == Err(oneshot::error::TryRecvError::Empty) {
                let fault = draw();
                *asked.entry(fault["name"].as_str().unwrap().to_owned()).or_default() += 1;
                faults.begin(&fault).await;
                over = over.max(Instant::now() + lasting(&fault));
                sleep(Duration::from_millis(rand::random_range(50..400))).await;
            }
            faults.end().await;
            sleep_until(over).await;
            asked
        });
        Self { stop, task }
    }

    /// Ends every fault, and waits for those that cannot be ended; how often each was asked for.
    pub async fn end(self) -> BTreeMap<String, u64> {
        // The storm listens until it is told.
        let _ = self.stop.send(());
        self.task.await.unwrap()
    }
}

fn draw() -> Value {
    let mut random = rand::rng();
    if rand::random_ratio(1, 12) {
        return json!({"name": SUDDEN.choose(&mut random).unwrap(), "delay_ms": 300});
    }
    let lasting = rand::random_range(100..1_000_u64);
    if rand::random_ratio(1, 25) {
        let function = HANGING.choose(&mut random).unwrap();
        return json!({"name": "function.timeout", "function": function, "rate": 0.05, "for_ms": lasting});
    }
    let (name, most) = LASTING.choose(&mut random).unwrap();
    let rate = rand::random_range(0.0..=*most);
    let moment = ["start", "after_write", "before_answer"].choose(&mut random).unwrap();
    json!({"name": name, "rate": rate, "for_ms": lasting, "delay_ms": 500, "at": moment})
}

/// For how long a fault goes on that cannot be ended: a function that hangs does until it is stopped.
fn lasting(fault: &Value) -> Duration {
    let is_hanging = fault["name"] == "function.timeout";
    if is_hanging {
        Duration::from_millis(fault["for_ms"].as_u64().unwrap()) + STOPPED_AFTER
    } else {
        Duration::ZERO
    }
}
