//! DynamoDB, embedded: tables, streams and TTL on one loopback port, kept in one file of the data directory.

mod answer;
mod direct;
mod dispatch;
mod engine;
mod server;
mod stream;
mod table;
mod upkeep;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::runtime::Runtime;
use tokio::sync::watch;

use self::engine::Engine;
use self::server::Server;
pub(crate) use self::stream::StreamRecord;
pub use self::table::{TableSpec, TableSpecError};
use crate::faults::Faults;
use crate::loopback::{self, Endpoint};
use crate::usage::Usage;

/// What the service is started with.
#[derive(Clone, Default)]
pub struct Options {
    /// Where its file lies; a temporary directory that dies with it when absent.
    pub data_dir: Option<PathBuf>,
    /// The port; 0 lets the system choose.
    pub port: u16,
    /// What is to go wrong.
    pub faults: Faults,
    /// Counts what is used.
    pub usage: Usage,
}

/// Why the service cannot start or serve.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The port cannot be bound, or the directory not be written.
    #[error("DynamoDB cannot start: {0}")]
    Start(#[from] std::io::Error),
    /// The engine refused.
    #[error("DynamoDB: {0}")]
    Engine(#[from] dynoxide::DynoxideError),
    /// The file refused.
    #[error("DynamoDB's file: {0}")]
    File(#[from] rusqlite::Error),
    /// A table's properties are none that DynamoDB knows.
    #[error("table {table}: {reason}")]
    Table {
        /// The table.
        table: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// A table as it stands after `create_tables`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedTable {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its stream's ARN, when it has a stream.
    pub stream_arn: Option<String>,
}

/// The running service; dropping it stops it.
pub struct Running {
    /// `http://127.0.0.1:port`, for `AWS_ENDPOINT_URL_DYNAMODB`.
    pub url: String,
    engine: Arc<Engine>,
    _endpoint: Endpoint,
    /// The engine blocks its threads, so it has some of its own and the gateway's stay free.
    runtime: Option<Runtime>,
}

/// Opens the file and starts to listen.
pub async fn start(options: Options) -> Result<Running, Error> {
    let listener = loopback::bind(options.port).await?;
    let endpoint = Endpoint::of(&listener)?;
    let threads = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 3);
    let engine = Arc::new(Engine::open(options.data_dir.as_deref(), threads)?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("dynamodb")
        .enable_all()
        .build()?;
    let stop = endpoint.stop().clone();
    // A listener belongs to the runtime that polls it.
    let listener = listener.into_std()?;
    let server = engine.clone();
    runtime.spawn(async move {
        let started = async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            Ok::<_, std::io::Error>((
                listener,
                Server::start(server.clone(), options.faults, options.usage, stop.clone()).await?,
            ))
        };
        match started.await {
            Ok((listener, handler)) => {
                tokio::spawn(upkeep::sweep(server.clone(), stop.clone()));
                tokio::spawn(upkeep::checkpoint(server, stop.clone()));
                loopback::http::serve(listener, Arc::new(handler), stop).await;
            }
            Err(error) => tracing::error!(%error, "DynamoDB cannot serve"),
        }
    });
    Ok(Running {
        url: format!("http://{}", endpoint.address()),
        engine,
        _endpoint: endpoint,
        runtime: Some(runtime),
    })
}

impl Running {
    /// Creates the tables that are not there yet, with their stream and TTL attribute, and describes all of them.
    pub async fn create_tables(&self, specs: &[TableSpec]) -> Result<Vec<CreatedTable>, Error> {
        let (engine, specs) = (self.engine.clone(), specs.to_vec());
        tokio::task::spawn_blocking(move || specs.iter().map(|spec| engine.create_table(spec)).collect())
            .await
            .map_err(std::io::Error::other)?
    }

    /// Changes whenever something was written.
    pub fn writes(&self) -> watch::Receiver<u64> {
        self.engine.writes()
    }

    /// The place of the newest record of a table's stream; 0 when there is none.
    pub(crate) fn last_place(&self, table: &str) -> Result<i64, Error> {
        self.engine.last_place(table)
    }

    /// The records of a table's stream after a place in it, oldest first.
    pub(crate) fn stream_records(
        &self,
        table: &str,
        after: i64,
        limit: usize,
    ) -> Result<Vec<StreamRecord>, Error> {
        self.engine.stream_records(table, after, limit)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
