//! The buses: what is put on one is remembered and goes to the targets of every rule that it matches.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::delivery::Targets;
use super::recent::Recent;
use super::rule::{DEFAULT_BUS, RuleSpec};
use crate::faults::{FaultName, Faults};
use crate::loopback::{ACCOUNT, rfc3339, uuid};

/// All buses.
pub(super) struct Core {
    /// The region that events name.
    pub(super) region: String,
    faults: Faults,
    stop: CancellationToken,
    recent: Mutex<Recent>,
    wiring: OnceLock<Wiring>,
}

struct Wiring {
    buses: Vec<String>,
    rules: Vec<Arc<RuleSpec>>,
    targets: Targets,
}

impl Core {
    pub(super) fn new(region: String, faults: Faults, stop: CancellationToken) -> Self {
        Self { region, faults, stop, recent: Mutex::default(), wiring: OnceLock::new() }
    }

    pub(super) fn connect(&self, buses: Vec<String>, rules: Vec<RuleSpec>, targets: Targets) {
        let rules = rules.into_iter().map(Arc::new).collect();
        if self.wiring.set(Wiring { buses, rules, targets }).is_err() {
            tracing::error!("the buses were connected before");
        }
    }

    pub(super) fn recent(&self) -> Vec<Value> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).list()
    }

    /// Whether there is a bus of that name; the default one is always there.
    pub(super) fn has(&self, bus: &str) -> bool {
        bus == DEFAULT_BUS
            || self.wiring.get().is_some_and(|wiring| wiring.buses.iter().any(|name| name == bus))
    }

    /// Puts an event of an AWS service on the default bus.
    pub(super) fn publish(&self, source: &str, detail_type: &str, resources: &[String], detail: &Value) {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let event = json!({
            "version": "0",
            "id": uuid(),
            "detail-type": detail_type,
            "source": source,
            "account": ACCOUNT,
            "time": rfc3339(Duration::from_secs(since.as_secs())),
            "region": self.region,
            "resources": resources,
            "detail": detail,
        });
        self.put(DEFAULT_BUS, event);
    }

    /// Puts an event, as targets get it, on a bus.
    pub(super) fn put(&self, bus: &str, event: Value) {
        let event = Arc::new(event);
        let bytes = Bytes::from(event.to_string());
        let times = if self.faults.hit(FaultName::EventsTwice).is_some() { 2 } else { 1 };
        for _ in 0..times {
            let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
            recent.add(Arc::clone(&event), bytes.len());
            drop(recent);
            self.deliver(bus, &event, &bytes);
        }
    }

    fn deliver(&self, bus: &str, event: &Value, bytes: &Bytes) {
        let Some(wiring) = self.wiring.get() else { return };
        for rule in wiring.rules.iter().filter(|rule| rule.matches(bus, event)) {
            for number in 0..rule.targets.len() {
                let (rule, targets, bytes) = (Arc::clone(rule), wiring.targets.clone(), bytes.clone());
                let stop = self.stop.clone();
                tokio::spawn(async move {
                    let Some(target) = rule.targets.get(number) else { return };
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = targets.deliver(&rule.name, target, bytes) => {}
                    }
                });
            }
        }
    }
}
