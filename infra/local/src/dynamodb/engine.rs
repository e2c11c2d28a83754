//! The engine under the protocol: one database that writes and several that read the same file.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use dynoxide::actions::create_table::CreateTableRequest;
use dynoxide::actions::describe_table::DescribeTableRequest;
use dynoxide::actions::describe_time_to_live::DescribeTimeToLiveRequest;
use dynoxide::actions::update_time_to_live::{TimeToLiveSpecification, UpdateTimeToLiveRequest};
use dynoxide::{Database, DynoxideError};
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::sync::watch;

use super::direct::Direct;
use super::stream::StreamRecord;
use super::{CreatedTable, Error, TableSpec, stream, upkeep};

/// An open database file.
///
/// A database serialises what it does, so reads have others on the same file. They see each write that has been
/// answered: a write is committed before its answer, and a read begins after it.
pub(super) struct Engine {
    writer: Database,
    direct: Direct,
    readers: RwLock<Arc<[Database]>>,
    upkeep: Mutex<Connection>,
    /// Reads streams.
    streams: Mutex<Connection>,
    path: String,
    writes: watch::Sender<u64>,
    /// Keeps the directory of a database that is not to outlive the process.
    _temporary: Option<TempDir>,
}

impl Engine {
    /// Opens the file in the directory, or in a temporary one.
    pub(super) fn open(data_dir: Option<&Path>, readers: usize) -> Result<Self, Error> {
        let temporary = data_dir.is_none().then(TempDir::new).transpose()?;
        let directory = data_dir.or(temporary.as_ref().map(TempDir::path)).unwrap_or(Path::new("."));
        std::fs::create_dir_all(directory)?;
        let path = directory.join("dynamodb.sqlite").to_string_lossy().into_owned();
        let writer = Database::new(&path)?;
        // The log is written at each commit and never synced there: a killed process loses nothing, a cut of the
        // power may lose the last moments. The engine's own default syncs at each commit, at ten times the time.
        writer.disable_bulk_loading()?;
        let upkeep = upkeep::connect(&path)?;
        let engine = Self {
            writer,
            direct: Direct::open(&path, readers)?,
            readers: RwLock::new(open_readers(&path, readers)?),
            upkeep: Mutex::new(upkeep),
            streams: Mutex::new(upkeep::connect(&path)?),
            path,
            writes: watch::Sender::new(0),
            _temporary: temporary,
        };
        Ok(engine)
    }

    /// The database that writes, for what runs beside requests.
    pub(super) fn writer(&self) -> &Database {
        &self.writer
    }

    /// Writes, while nothing else does.
    pub(super) fn write<T>(&self, run: impl FnOnce(&Database) -> T) -> T {
        self.direct.alone(|| run(&self.writer))
    }

    /// What is answered without the engine.
    pub(super) fn direct(&self) -> &Direct {
        &self.direct
    }

    /// A database to read from; each thread has its own, so that none waits for another.
    pub(super) fn reader(&self) -> Database {
        let readers = self.readers.read().unwrap_or_else(PoisonError::into_inner).clone();
        readers.get(own_place(readers.len())).unwrap_or(&self.writer).clone()
    }

    /// Opens the readers anew, since they remember how tables are made.
    pub(super) fn tables_changed(&self) -> Result<(), Error> {
        self.direct.tables_changed();
        let mut readers = self.readers.write().unwrap_or_else(PoisonError::into_inner);
        *readers = open_readers(&self.path, readers.len())?;
        Ok(())
    }

    /// Tells whoever waits that something was written.
    pub(super) fn written(&self) {
        self.writes.send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(super) fn writes(&self) -> watch::Receiver<u64> {
        self.writes.subscribe()
    }

    /// Runs a statement on the connection that looks after the file.
    pub(super) fn upkeep<T>(
        &self,
        run: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        run(&self.upkeep.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Creates the table if it is not there, switches its TTL on, and describes it.
    pub(super) fn create_table(&self, spec: &TableSpec) -> Result<CreatedTable, Error> {
        let refused = |reason: String| Error::Table { table: spec.name.clone(), reason };
        let request: CreateTableRequest =
            serde_json::from_value(spec.create.clone()).map_err(|error| refused(error.to_string()))?;
        match self.writer.create_table(request) {
            Ok(_) | Err(DynoxideError::ResourceInUseException(_)) => {}
            Err(error) => return Err(error.into()),
        }
        if let Some(attribute) = &spec.ttl_attribute {
            self.enable_ttl(&spec.name, attribute)?;
        }
        self.tables_changed()?;
        let table = self.writer.describe_table(DescribeTableRequest { table_name: spec.name.clone() })?.table;
        Ok(CreatedTable { arn: table.table_arn, stream_arn: table.latest_stream_arn, name: table.table_name })
    }

    fn enable_ttl(&self, table: &str, attribute: &str) -> Result<(), Error> {
        let described =
            self.writer.describe_time_to_live(DescribeTimeToLiveRequest { table_name: table.to_owned() })?;
        if described.time_to_live_description.attribute_name.as_deref() != Some(attribute) {
            self.writer.update_time_to_live(UpdateTimeToLiveRequest {
                table_name: table.to_owned(),
                time_to_live_specification: TimeToLiveSpecification {
                    attribute_name: attribute.to_owned(),
                    enabled: true,
                },
            })?;
        }
        Ok(())
    }

    /// The place of the newest record of a table's stream; 0 when there is none.
    pub(super) fn last_place(&self, table: &str) -> Result<i64, Error> {
        Ok(stream::last_place(&self.streams(), table)?.unwrap_or(0))
    }

    /// The records of a table's stream after a place in it, oldest first.
    pub(super) fn stream_records(
        &self,
        table: &str,
        after: i64,
        limit: usize,
    ) -> Result<Vec<StreamRecord>, Error> {
        Ok(stream::records(&self.streams(), table, after, limit)?)
    }

    fn streams(&self) -> MutexGuard<'_, Connection> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The calling thread's own among so many readers.
pub(super) fn own_place(readers: usize) -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: usize = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    OWN.with(|own| *own).checked_rem(readers).unwrap_or(0)
}

fn open_readers(path: &str, count: usize) -> Result<Arc<[Database]>, Error> {
    (0..count)
        .map(|_| {
            let reader = Database::new(path)?;
            reader.disable_bulk_loading()?;
            Ok(reader)
        })
        .collect::<Result<Vec<_>, DynoxideError>>()
        .map(Arc::from)
        .map_err(Error::from)
}
