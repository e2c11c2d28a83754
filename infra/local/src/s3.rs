//! S3, embedded: `s3s` over a folder on one loopback port, with what a bucket adds to a folder (events, tags, CORS) and AWS's answers
//! where the folder is lax.

mod body;
mod bucket_spec;
mod checksum;
mod cors;
mod drain;
mod ledger;
mod notification;
mod server;
mod store;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tokio::sync::mpsc::UnboundedReceiver;

pub use self::bucket_spec::{BucketSpec, BucketSpecError, CorsRule};
pub use self::notification::{Change, ObjectEvent, SOURCE};
pub(crate) use self::server::length;
pub(crate) use self::store::{Store, internal};
use crate::faults::Faults;
use crate::loopback::{self, Endpoint};
use crate::usage::Usage;

/// The key and the secret with which requests, forms and URLs are signed here.
pub const CREDENTIALS: (&str, &str) = ("local", "local");

/// What the service is started with.
#[derive(Clone, Default)]
pub struct Options {
    /// Where its folder lies.
    pub data_dir: PathBuf,
    /// The port; 0 lets the system choose.
    pub port: u16,
    /// What is to go wrong.
    pub faults: Faults,
    /// Counts what is used.
    pub usage: Usage,
}

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The port cannot be bound, or the directory not be written.
    #[error("S3 cannot start: {0}")]
    Start(#[from] std::io::Error),
    /// The file beside the folder refused.
    #[error("S3 cannot keep what it knows of objects: {0}")]
    Ledger(#[from] rusqlite::Error),
    /// The folder refused.
    #[error("S3 cannot use its folder: {0}")]
    Folder(String),
}

/// The running service; dropping it stops it.
pub struct Running {
    /// `http://127.0.0.1:port`, for `AWS_ENDPOINT_URL_S3`.
    pub url: String,
    store: Arc<Store>,
    _endpoint: Endpoint,
}

/// Opens the folder and starts to listen. There is no bucket until [`Running::create_buckets`].
pub async fn start(options: Options) -> Result<Running, Error> {
    let listener = loopback::bind(options.port).await?;
    let endpoint = Endpoint::of(&listener)?;
    let url = format!("http://{}", endpoint.address());
    let store = Arc::new(Store::open(&options.data_dir, options.faults.clone())?);
    let mut service = S3ServiceBuilder::new(store::Served(Arc::clone(&store)));
    let (key, secret) = CREDENTIALS;
    service.set_auth(SimpleAuth::from_single(key, secret));
    let server = server::Server::new(service.build(), Arc::clone(&store), options.faults, options.usage);
    tokio::spawn(server::serve(listener, Arc::new(server), endpoint.stop().clone()));
    Ok(Running { url, store, _endpoint: endpoint })
}

impl Running {
    /// Makes these the buckets that there are; objects of a bucket that stays, stay.
    pub fn create_buckets(&self, specs: &[BucketSpec]) -> Result<(), Error> {
        Ok(self.store.create_buckets(specs)?)
    }

    /// Hears of what happens to objects from now on, as far as their buckets tell.
    pub fn events(&self) -> UnboundedReceiver<Arc<ObjectEvent>> {
        self.store.notifier().subscribe()
    }

    /// The objects, for what runs in this process.
    pub(crate) fn store(&self) -> &Arc<Store> {
        &self.store
    }
}

/// The name of a bucket that the template leaves to AWS to name: names of buckets are in lower case.
pub fn bucket_name(logical_id: &str) -> String {
    logical_id.to_ascii_lowercase()
}

/// The ARN of a bucket.
pub fn bucket_arn(name: &str) -> String {
    format!("arn:aws:s3:::{name}")
}

/// The folder of all buckets.
fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("s3")
}
