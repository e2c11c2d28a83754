//! Where reading a stream stands, kept over restarts.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};

/// The places of all readers.
pub(super) struct Places(Mutex<Connection>);

impl Places {
    /// Opens the file in the directory, or memory.
    pub(super) fn open(data_dir: Option<&Path>) -> rusqlite::Result<Self> {
        let path = data_dir.map(|directory| directory.join("event-sources.sqlite"));
        let file = path.map_or_else(Connection::open_in_memory, Connection::open)?;
        file.busy_timeout(Duration::from_secs(5))?;
        file.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = NORMAL;
             CREATE TABLE IF NOT EXISTS places (
                 source TEXT NOT NULL, function TEXT NOT NULL, place INTEGER NOT NULL,
                 PRIMARY KEY (source, function)
             ) WITHOUT ROWID;",
        )?;
        Ok(Self(Mutex::new(file)))
    }

    /// The place up to which the function has handled the source.
    pub(super) fn get(&self, source: &str, function: &str) -> rusqlite::Result<Option<i64>> {
        self.file()
            .query_row(
                "SELECT place FROM places WHERE source = ?1 AND function = ?2",
                [source, function],
                |row| row.get(0),
            )
            .optional()
    }

    /// Remembers the place.
    pub(super) fn set(&self, source: &str, function: &str, place: i64) -> rusqlite::Result<()> {
        self.file()
            .prepare_cached("INSERT OR REPLACE INTO places (source, function, place) VALUES (?1, ?2, ?3)")?
            .execute((source, function, place))?;
        Ok(())
    }

    fn file(&self) -> std::sync::MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_reopening() {
        let directory = tempfile::tempdir().unwrap();
        let places = Places::open(Some(directory.path())).unwrap();
        assert_eq!(places.get("chat", "F").unwrap(), None);
        places.set("chat", "F", 7).unwrap();
        places.set("chat", "F", 9).unwrap();
        drop(places);
        let places = Places::open(Some(directory.path())).unwrap();
        assert_eq!(places.get("chat", "F").unwrap(), Some(9));
        assert_eq!(places.get("chat", "G").unwrap(), None);
    }
}
