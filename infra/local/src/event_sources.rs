//! Event sources: what reads a table's stream, a queue or the clock and calls a function with what it finds.

mod mapping;

use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::{CancellationToken, DropGuard};

pub use self::mapping::{EventMapping, MappingError, QueueMapping, ScheduleMapping, StreamMapping};
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
    /// A mapping names a stream or queue that is not there.
    #[error("no such event source: {0}")]
    NoSuchSource(String),
}

/// The running event sources; dropping it stops them.
pub struct Running {
    _guard: DropGuard,
}

/// Starts to read every mapping's source.
pub async fn start(options: Options) -> Result<Running, Error> {
    let stop = CancellationToken::new();
    let _ = options;
    Ok(Running { _guard: stop.drop_guard() })
}
