//! What stands in for GuardDuty Malware Protection for S3: what comes under a plan's prefixes is scanned, tagged, and told on the
//! default event bus in GuardDuty's own form.

mod archive;
mod builtin;
mod clamd;
mod plan_spec;
mod report;
mod scanner;
mod signature;
mod types;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use self::plan_spec::{PlanSpec, PlanSpecError};
pub use self::scanner::{BuiltIn, Clamd, ScanFailed, Scanner, ScannerSpec, Subject, Verdict};
use crate::eventbridge;
use crate::faults::{FaultName, Faults};
use crate::s3::{self, Change, ObjectEvent, Store};
use crate::usage::Usage;

/// The tag that says what the scan has found.
const TAG: &str = "GuardDutyMalwareScanStatus";

/// How many scans run at once.
const AT_ONCE: usize = 2;

/// The pauses after failed scans; then the scan has failed for good.
const PAUSES: [Duration; 3] = [Duration::from_millis(200), Duration::from_secs(1), Duration::ZERO];

/// How long a scan may take, and how much longer for each megabyte.
const LONGEST: Duration = Duration::from_secs(30);
const LONGEST_PER_MEGABYTE: Duration = Duration::from_millis(100);

/// What scans are done with.
pub struct Options {
    /// What is scanned.
    pub plans: Vec<PlanSpec>,
    /// By what; nothing is ever scanned when absent.
    pub scanner: Option<Arc<dyn Scanner>>,
    /// Where results are told.
    pub events: Arc<eventbridge::Running>,
    /// The region that results name.
    pub region: String,
    /// What is to go wrong.
    pub faults: Faults,
    /// Counts what is used.
    pub usage: Usage,
}

/// The running scans; dropping it ends them.
pub struct Running {
    _guard: DropGuard,
}

struct Guard {
    options: Options,
    scanner: Arc<dyn Scanner>,
    store: Arc<Store>,
    at_once: Semaphore,
}

/// Scans what comes from now on.
pub fn start(options: Options, s3: &s3::Running) -> Running {
    let stop = CancellationToken::new();
    let guard = stop.clone().drop_guard();
    if let Some(scanner) = options.scanner.clone() {
        let (store, at_once) = (Arc::clone(s3.store()), Semaphore::new(AT_ONCE));
        let running = Guard { options, scanner, store, at_once };
        tokio::spawn(Arc::new(running).run(s3.events(), stop));
    }
    Running { _guard: guard }
}

impl Guard {
    async fn run(self: Arc<Self>, mut told: UnboundedReceiver<Arc<ObjectEvent>>, stop: CancellationToken) {
        loop {
            let event = tokio::select! {
                () = stop.cancelled() => return,
                event = told.recv() => event,
            };
            let Some(event) = event else { return };
            if !matches!(event.change, Change::Created { .. }) {
                continue;
            }
            for number in 0..self.options.plans.len() {
                let (this, event, stop) = (Arc::clone(&self), Arc::clone(&event), stop.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = this.consider(number, &event) => {}
                    }
                });
            }
        }
    }

    async fn consider(&self, number: usize, event: &ObjectEvent) {
        let Some(plan) = self.options.plans.get(number).filter(|plan| plan.covers(&event.bucket, &event.key))
        else {
            return;
        };
        if let Some(hit) = self.options.faults.hit(FaultName::ScanSlow) {
            tokio::time::sleep(hit.delay).await;
        }
        // What GuardDuty tells of an object that is gone before it looks is not documented: here nothing.
        let Some(object) = self.store.object(&event.bucket, &event.key).await else { return };
        let (etag, megabytes) = (object.etag.clone(), object.size / 1_000_000);
        let subject = Subject { path: object.path, size: object.size, content_type: object.content_type };
        let limit = LONGEST + LONGEST_PER_MEGABYTE * u32::try_from(megabytes).unwrap_or(u32::MAX);
        let verdict = self.scan(&subject, limit).await;
        self.options.usage.scan(object.size);
        if self.options.faults.hit(FaultName::ScanLost).is_some() {
            return;
        }
        let is_same = self.store.object(&event.bucket, &event.key).await.is_some_and(|now| now.etag == etag);
        if plan.tags && is_same {
            let tagged = self.store.tag(&event.bucket, &event.key, TAG, report::status(verdict.as_ref()));
            if let Err(error) = tagged {
                tracing::warn!(?error, "an object could not be tagged");
            }
        }
        let resources = [plan.arn(&self.options.region)];
        let detail = report::detail(&event.bucket, &event.key, &etag, verdict.as_ref());
        let times = if self.options.faults.hit(FaultName::ScanTwice).is_some() { 2 } else { 1 };
        for _ in 0..times {
            self.options.events.publish(report::SOURCE, report::DETAIL_TYPE, &resources, &detail);
        }
    }

    /// What a scan has found; nothing when it failed, again and again.
    async fn scan(&self, subject: &Subject, limit: Duration) -> Option<Verdict> {
        let _turn = self.at_once.acquire().await.ok()?;
        for pause in PAUSES {
            if self.options.faults.hit(FaultName::ScanFail).is_some() {
                return None;
            }
            match tokio::time::timeout(limit, self.scanner.scan(subject)).await {
                Ok(Ok(verdict)) => return Some(verdict),
                Ok(Err(ScanFailed(reason))) => tracing::warn!(reason, "a scan failed"),
                Err(_) => {
                    tracing::warn!("a scan took too long");
                    return None;
                }
            }
            tokio::time::sleep(pause).await;
        }
        None
    }
}
