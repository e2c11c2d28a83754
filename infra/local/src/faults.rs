//! Faults on demand: the registry of what is to go wrong, which every embedded service asks at its one seam.

mod name;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

pub use self::name::FaultName;

/// The moment of an invocation at which a `function.*` fault strikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultMoment {
    /// Before the function has read its event.
    #[default]
    Start,
    /// After its first write has been applied.
    AfterWrite,
    /// When all is done but the answer.
    BeforeAnswer,
}

/// What `POST /_local/faults` takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultSpec {
    /// What goes wrong.
    pub name: FaultName,
    /// The share of requests that it hits, 0 to 1.
    #[serde(default = "always")]
    pub rate: f64,
    /// How long it lasts; until it is ended when absent.
    #[serde(default)]
    pub for_ms: Option<u64>,
    /// How long the slow ones wait.
    #[serde(default = "one_second")]
    pub delay_ms: u64,
    /// The logical id of the only function that it hits; all when it is absent or `any`.
    #[serde(default)]
    pub function: Option<String>,
    /// When a `function.*` fault strikes.
    #[serde(default)]
    pub at: FaultMoment,
}

/// The longest that a slow one waits.
const LONGEST_DELAY_MS: u64 = 3_600_000;

impl FaultSpec {
    /// Refuses what would never hit anything, so that no test believes in it. `functions` are those that there are.
    pub fn checked(mut self, functions: &[String]) -> Result<Self, String> {
        if !(0.0..=1.0).contains(&self.rate) {
            return Err("rate: a share from 0 to 1 is expected".to_owned());
        }
        if self.delay_ms > LONGEST_DELAY_MS {
            return Err(format!("delay_ms: at most {LONGEST_DELAY_MS} is expected"));
        }
        self.function = self.function.filter(|function| function != "any");
        match &self.function {
            Some(_) if !self.name.as_str().starts_with("function.") => {
                Err("function: only faults of functions hit a single one".to_owned())
            }
            Some(function) if !functions.contains(function) => {
                Err(format!("function: any, or one of {} is expected", functions.join(", ")))
            }
            _ => Ok(self),
        }
    }
}

fn always() -> f64 {
    1.0
}

fn one_second() -> u64 {
    1_000
}

/// A fault that hits the request at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// How long a slow one waits.
    pub delay: Duration,
    /// When a `function.*` fault strikes.
    pub at: FaultMoment,
}

struct Active {
    spec: FaultSpec,
    ends: Option<Instant>,
}

struct Registry {
    active: Mutex<Vec<Active>>,
    /// The length of `active`, so that a request pays one atomic load while nothing is set.
    count: AtomicUsize,
    once: broadcast::Sender<FaultSpec>,
}

/// The faults of one local cloud; clones share them.
#[derive(Clone)]
pub struct Faults(Arc<Registry>);

impl Default for Faults {
    fn default() -> Self {
        Self(Arc::new(Registry {
            active: Mutex::new(Vec::new()),
            count: AtomicUsize::new(0),
            once: broadcast::channel(16).0,
        }))
    }
}

impl Faults {
    /// Begins a fault; one that happens once happens now and is never listed.
    pub fn set(&self, spec: FaultSpec) {
        if spec.name.happens_once() {
            // Nobody listening means that there is nothing to kill.
            let _listeners = self.0.once.send(spec);
            return;
        }
        let ends = spec.for_ms.map(|ms| Instant::now() + Duration::from_millis(ms));
        let mut active = self.active();
        active.retain(|other| other.spec.name != spec.name || other.spec.function != spec.function);
        active.push(Active { spec, ends });
        self.0.count.store(active.len(), Ordering::Release);
    }

    /// Ends the faults of these names, or all where none is named.
    pub fn clear(&self, names: &[FaultName]) {
        let mut active = self.active();
        active.retain(|fault| !names.is_empty() && !names.contains(&fault.spec.name));
        self.0.count.store(active.len(), Ordering::Release);
    }

    /// The faults that have not ended.
    pub fn list(&self) -> Vec<FaultSpec> {
        self.active().iter().map(|fault| fault.spec.clone()).collect()
    }

    /// Says whether the fault hits this request.
    pub fn hit(&self, name: FaultName) -> Option<Hit> {
        self.hit_function(name, None)
    }

    /// Says whether the fault hits this request of the function with that logical id.
    pub fn hit_function(&self, name: FaultName, function: Option<&str>) -> Option<Hit> {
        if self.0.count.load(Ordering::Acquire) == 0 {
            return None;
        }
        self.active()
            .iter()
            .filter(|fault| fault.spec.name == name)
            .filter(|fault| fault.spec.function.is_none() || fault.spec.function.as_deref() == function)
            .find(|fault| fault.spec.rate >= 1.0 || rand::random::<f64>() < fault.spec.rate)
            .map(|fault| Hit { delay: Duration::from_millis(fault.spec.delay_ms), at: fault.spec.at })
    }

    /// Hears of the faults that happen once, from now on.
    pub fn once(&self) -> broadcast::Receiver<FaultSpec> {
        self.0.once.subscribe()
    }

    /// The faults in force, those that ran out removed.
    fn active(&self) -> MutexGuard<'_, Vec<Active>> {
        let mut active = self.0.active.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        active.retain(|fault| fault.ends.is_none_or(|ends| now < ends));
        self.0.count.store(active.len(), Ordering::Release);
        active
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(json: &str) -> FaultSpec {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_fault_hits_until_it_is_cleared() {
        let faults = Faults::default();
        assert_eq!(faults.hit(FaultName::DynamodbSlow), None);
        faults.set(spec(r#"{"name":"dynamodb.slow","delay_ms":7}"#));
        assert_eq!(faults.hit(FaultName::DynamodbSlow).unwrap().delay, Duration::from_millis(7));
        assert_eq!(faults.hit(FaultName::DynamodbHang), None);
        faults.clear(&[FaultName::DynamodbHang]);
        assert_eq!(faults.list().len(), 1);
        faults.clear(&[FaultName::DynamodbHang, FaultName::DynamodbSlow]);
        assert_eq!(faults.hit(FaultName::DynamodbSlow), None);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn a_fault_ends_by_itself_after_its_time() {
        let faults = Faults::default();
        faults.set(spec(r#"{"name":"redis.hang","for_ms":0}"#));
        assert_eq!(faults.hit(FaultName::RedisHang), None);
    }

    #[test]
    fn a_fault_of_one_function_spares_the_others() {
        let faults = Faults::default();
        faults.set(spec(r#"{"name":"function.kill","function":"A","at":"after_write"}"#));
        assert_eq!(faults.hit_function(FaultName::FunctionKill, Some("B")), None);
        let hit = faults.hit_function(FaultName::FunctionKill, Some("A")).unwrap();
        assert_eq!(hit.at, FaultMoment::AfterWrite);
    }

    #[test]
    fn every_name_stands_in_the_documentation() {
        let documentation = include_str!("../../../docs/local-cloud.md");
        for name in FaultName::ALL {
            assert!(documentation.contains(&format!("`{}`", name.as_str())), "{}", name.as_str());
        }
    }

    #[test]
    fn what_would_hit_nothing_is_refused() {
        let functions = ["WsSyncFunction".to_owned()];
        let checked = |json: &str| spec(json).checked(&functions);
        for (json, named) in [
            (r#"{"name":"redis.hang","rate":-0.1}"#, "rate"),
            (r#"{"name":"redis.hang","rate":1.1}"#, "rate"),
            (r#"{"name":"redis.hang","delay_ms":3600001}"#, "delay_ms"),
            (r#"{"name":"function.kill","function":"ws-sync"}"#, "function"),
            (r#"{"name":"function.kill","function":""}"#, "function"),
            (r#"{"name":"redis.hang","function":"WsSyncFunction"}"#, "function"),
        ] {
            assert!(checked(json).unwrap_err().starts_with(named), "{json}");
        }
        let one = r#"{"name":"function.kill","function":"WsSyncFunction","rate":0}"#;
        assert_eq!(checked(one).unwrap().function.as_deref(), Some("WsSyncFunction"));
        assert_eq!(checked(r#"{"name":"function.kill","function":"any"}"#).unwrap().function, None);
    }

    #[test]
    fn what_happens_once_is_heard_and_not_listed() {
        let faults = Faults::default();
        let mut once = faults.once();
        faults.set(spec(r#"{"name":"redis.kill"}"#));
        assert_eq!(once.try_recv().unwrap().name, FaultName::RedisKill);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn an_unknown_name_and_an_unknown_field_are_refused() {
        assert!(serde_json::from_str::<FaultSpec>(r#"{"name":"dynamodb.explode"}"#).is_err());
        assert!(serde_json::from_str::<FaultSpec>(r#"{"name":"dynamodb.slow","speed":1}"#).is_err());
    }

    #[test]
    fn every_name_reads_back_as_itself() {
        for name in FaultName::ALL {
            let json = serde_json::to_string(name).unwrap();
            assert_eq!(json, format!("\"{}\"", name.as_str()));
            assert_eq!(serde_json::from_str::<FaultName>(&json).unwrap(), *name);
        }
    }
}
