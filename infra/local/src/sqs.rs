//! SQS, embedded: queues with delay, visibility and a dead-letter queue, over AWS JSON 1.0 on one loopback port.

mod attributes;
mod batch;
mod protocol;
mod queue_spec;
mod queues;
mod refusal;
mod store;

use std::path::PathBuf;
use std::sync::Arc;

pub(crate) use self::attributes::{Attributes, digest_of_body};
pub(crate) use self::protocol::system_attributes;
pub use self::queue_spec::{QueueSpec, QueueSpecError, Redrive};
pub(crate) use self::queues::Queues;
pub(crate) use self::store::{Outgoing, Received};
use crate::faults::Faults;
use crate::loopback::{self, Endpoint};
use crate::usage::Usage;

/// What the service is started with.
#[derive(Clone, Default)]
pub struct Options {
    /// Where its file lies; memory when absent.
    pub data_dir: Option<PathBuf>,
    /// The port; 0 lets the system choose.
    pub port: u16,
    /// The region that queue ARNs name.
    pub region: String,
    /// What is to go wrong.
    pub faults: Faults,
    /// Counts what is used.
    pub usage: Usage,
}

/// Why the service cannot start or serve.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The port cannot be bound, or the directory not be written.
    #[error("SQS cannot start: {0}")]
    Start(#[from] std::io::Error),
    /// The file refused.
    #[error("SQS cannot keep its messages: {0}")]
    Store(#[from] rusqlite::Error),
}

/// A queue as it stands after `create_queues`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedQueue {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its URL, which is what clients name it by.
    pub url: String,
}

/// The running service; dropping it stops it.
pub struct Running {
    /// `http://127.0.0.1:port`, for `AWS_ENDPOINT_URL_SQS`.
    pub url: String,
    queues: Arc<Queues>,
    _endpoint: Endpoint,
}

/// Opens the file and starts to listen.
pub async fn start(options: Options) -> Result<Running, Error> {
    let listener = loopback::bind(options.port).await?;
    let endpoint = Endpoint::of(&listener)?;
    let url = format!("http://{}", endpoint.address());
    let queues = Arc::new(Queues::open(options.data_dir.as_deref(), options.region, url.clone())?);
    let handler = Arc::new(protocol::Server::new(queues.clone(), options.faults, options.usage));
    tokio::spawn(loopback::http::serve(listener, handler, endpoint.stop().clone()));
    Ok(Running { url, queues, _endpoint: endpoint })
}

impl Running {
    /// Makes these the queues that there are, and describes them; messages of a queue that stays, stay.
    #[allow(clippy::unused_async, reason = "a queue that lives elsewhere would have to be waited for")]
    pub async fn create_queues(&self, specs: &[QueueSpec]) -> Result<Vec<CreatedQueue>, Error> {
        Ok(specs.iter().map(|spec| self.queues.create(spec.clone())).collect())
    }

    /// The queues, for what runs in this process.
    pub(crate) fn queues(&self) -> &Arc<Queues> {
        &self.queues
    }
}

/// The URL of a queue of the service at that address.
pub fn queue_url(service_url: &str, name: &str) -> String {
    format!("{service_url}/{}/{name}", loopback::ACCOUNT)
}

/// The ARN of a queue.
pub fn queue_arn(region: &str, name: &str) -> String {
    format!("arn:aws:sqs:{region}:{}:{name}", loopback::ACCOUNT)
}
