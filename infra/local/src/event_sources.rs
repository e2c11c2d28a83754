//! Event sources: what reads a table's stream, a queue or the clock and calls a function with what it finds.

mod backlog;
mod filter;
mod mapping;
mod places;
mod queue;
mod schedule;
mod stream;
mod stream_batch;

use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) use self::filter::{passes, unknown_condition};
pub use self::mapping::{
    EventMapping, MappingError, QueueMapping, ScheduleMapping, StartingPosition, StreamMapping,
};
use self::places::Places;
use crate::faults::Faults;
use crate::lambda::Invoke;
use crate::{dynamodb, sqs};

/// What the event sources are started with.
pub struct Options {
    /// The events of all functions of the template.
    pub mappings: Vec<EventMapping>,
    /// Runs the functions.
    pub invoke: Arc<dyn Invoke>,
    /// Whose streams are read.
    pub dynamodb: Arc<dynamodb::Running>,
    /// Whose queues are read, and where batches go that failed for good.
    pub sqs: Arc<sqs::Running>,
    /// Where the place in each stream is kept; forgotten at the end when absent.
    pub data_dir: Option<PathBuf>,
    /// The region that events name.
    pub region: String,
    /// What is to go wrong.
    pub faults: Faults,
}

/// Why event sources cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file of places refused.
    #[error("the places in the streams cannot be kept: {0}")]
    Store(#[from] rusqlite::Error),
    /// The stream refused.
    #[error("a stream cannot be read: {0}")]
    Stream(#[from] dynamodb::Error),
    /// A mapping names a stream or queue that is not there.
    #[error("no such event source: {0}")]
    NoSuchSource(String),
}

/// The running event sources; dropping it stops them.
pub struct Running {
    _guard: DropGuard,
}

/// What every event source is given.
struct Context {
    invoke: Arc<dyn Invoke>,
    dynamodb: Arc<dynamodb::Running>,
    queues: Arc<sqs::Queues>,
    places: Arc<Places>,
    region: String,
    faults: Faults,
}

/// Starts to read every mapping's source.
#[allow(clippy::unused_async, reason = "a source that lives elsewhere would have to be waited for")]
pub async fn start(options: Options) -> Result<Running, Error> {
    let stop = CancellationToken::new();
    let context = Arc::new(Context {
        invoke: options.invoke,
        dynamodb: options.dynamodb,
        queues: options.sqs.queues().clone(),
        places: Arc::new(Places::open(options.data_dir.as_deref())?),
        region: options.region,
        faults: options.faults,
    });
    let guard = stop.clone().drop_guard();
    for mapping in options.mappings {
        let (context, stop) = (context.clone(), stop.clone());
        match mapping {
            EventMapping::Stream(mapping) => {
                let reader = stream::Reader::open(context, mapping)?;
                tokio::spawn(async move {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = reader.run() => {}
                    }
                });
            }
            EventMapping::Queue(mapping) => {
                let queue = context.queues.by_arn(&mapping.queue_arn);
                let queue = queue.map_err(|_| Error::NoSuchSource(mapping.queue_arn.clone()))?;
                tokio::spawn(async move {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = queue::run(context, mapping, queue) => {}
                    }
                });
            }
            EventMapping::Schedule(mapping) => {
                tokio::spawn(async move {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = schedule::run(context, mapping) => {}
                    }
                });
            }
        }
    }
    Ok(Running { _guard: guard })
}
