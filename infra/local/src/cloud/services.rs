//! The embedded services that a system stands on: DynamoDB, SQS, EventBridge, Redis.

use std::sync::Arc;

use super::{Error, Options, io_error};
use crate::faults::Faults;
use crate::usage::Usage;
use crate::{dynamodb, eventbridge, redis, sqs};

/// The running services; dropping them stops them.
pub(super) struct Services {
    pub dynamodb: Arc<dynamodb::Running>,
    pub sqs: Arc<sqs::Running>,
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
            events: Arc::new(eventbridge::start(buses).await.map_err(io_error("EventBridge cannot listen"))?),
            redis_url,
            _redis: redis,
        })
    }
}
