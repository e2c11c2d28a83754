//! The embedded services that a system stands on: DynamoDB, SQS, S3, EventBridge, Redis.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedReceiver;

use super::{Error, Options, io_error};
use crate::faults::Faults;
use crate::guardduty::{self, PlanSpec, ScannerSpec};
use crate::usage::Usage;
use crate::{dynamodb, eventbridge, redis, s3, sqs};

/// The running services; dropping them stops them.
pub(super) struct Services {
    pub dynamodb: Arc<dynamodb::Running>,
    pub sqs: Arc<sqs::Running>,
    pub s3: Arc<s3::Running>,
    pub events: Arc<eventbridge::Running>,
    /// Where Redis is, embedded or not.
    pub redis_url: String,
    _redis: Option<redis::Running>,
}

impl Services {
    pub async fn start(
        options: &Options,
        region: &str,
        faults: &Faults,
        usage: &Usage,
    ) -> Result<Self, Error> {
        let (data_dir, ports) = (Some(options.data_dir.clone()), options.ports);
        let tables = dynamodb::Options {
            data_dir: data_dir.clone(),
            port: ports.dynamodb,
            faults: faults.clone(),
            usage: usage.clone(),
        };
        let queues = sqs::Options {
            data_dir,
            port: ports.sqs,
            region: region.to_owned(),
            faults: faults.clone(),
            usage: usage.clone(),
        };
        let objects = s3::Options {
            data_dir: options.data_dir.clone(),
            port: ports.s3,
            faults: faults.clone(),
            usage: usage.clone(),
        };
        let buses =
            eventbridge::Options { port: ports.events, region: region.to_owned(), faults: faults.clone() };
        let (redis_url, redis) = if let Some(url) = &options.redis_url {
            (url.clone(), None)
        } else {
            let embedded = redis::Options { port: ports.redis, faults: faults.clone(), usage: usage.clone() };
            let redis = redis::start(embedded).await.map_err(io_error("Redis cannot listen"))?;
            (redis.url.clone(), Some(redis))
        };
        Ok(Self {
            dynamodb: Arc::new(dynamodb::start(tables).await?),
            sqs: Arc::new(sqs::start(queues).await?),
            s3: Arc::new(s3::start(objects).await?),
            events: Arc::new(eventbridge::start(buses).await.map_err(io_error("EventBridge cannot listen"))?),
            redis_url,
            _redis: redis,
        })
    }

    /// From now on EventBridge hears of what happens to objects, and what plans cover is scanned.
    pub fn watch_buckets(
        &self,
        plans: &[PlanSpec],
        scanner: &ScannerSpec,
        region: &str,
        faults: &Faults,
        usage: &Usage,
    ) -> guardduty::Running {
        tokio::spawn(pass_on(self.s3.events(), Arc::clone(&self.events)));
        let scans = guardduty::Options {
            plans: plans.to_vec(),
            scanner: scanner.scanner(),
            events: Arc::clone(&self.events),
            region: region.to_owned(),
            faults: faults.clone(),
            usage: usage.clone(),
        };
        guardduty::start(scans, &self.s3)
    }
}

/// Lets EventBridge know what buckets tell.
async fn pass_on(mut told: UnboundedReceiver<Arc<s3::ObjectEvent>>, events: Arc<eventbridge::Running>) {
    while let Some(event) = told.recv().await {
        events.publish(s3::SOURCE, event.detail_type(), &event.resources(), &event.detail());
    }
}
