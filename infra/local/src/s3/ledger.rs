//! What a folder cannot keep of objects: their tags, the checksum of what came in parts, and the parts that have come so far.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::checksum::{Algorithm, Value};

/// A tag's name and value.
pub(super) type Tag = (String, String);

/// An upload in parts.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    pub id: String,
    pub bucket: String,
    pub key: String,
    /// How the parts' checksums are made, if it was said at the beginning.
    pub algorithm: Option<Algorithm>,
    /// Seconds since 1970.
    pub begun: i64,
}

/// A part that has come.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub number: i32,
    pub etag: String,
    pub size: u64,
    pub checksum: Option<Value>,
    /// Seconds since 1970.
    pub came: i64,
}

/// The file with all of it.
pub(super) struct Ledger(Mutex<Connection>);

type Kept<T> = rusqlite::Result<T>;

impl Ledger {
    /// Opens the file in the directory.
    pub(super) fn open(data_dir: &Path) -> Kept<Self> {
        let file = Connection::open(data_dir.join("s3.sqlite"))?;
        file.busy_timeout(std::time::Duration::from_secs(5))?;
        file.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = NORMAL;
             CREATE TABLE IF NOT EXISTS tags (
                 bucket TEXT NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
                 PRIMARY KEY (bucket, key, name)
             ) WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS joined (
                 bucket TEXT NOT NULL, key TEXT NOT NULL, algorithm TEXT NOT NULL, value TEXT NOT NULL,
                 PRIMARY KEY (bucket, key)
             ) WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS uploads (
                 id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, algorithm TEXT, tags TEXT NOT NULL,
                 begun INTEGER NOT NULL, is_ending INTEGER NOT NULL DEFAULT 0
             ) WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS parts (
                 upload TEXT NOT NULL, number INTEGER NOT NULL, etag TEXT NOT NULL, size INTEGER NOT NULL,
                 algorithm TEXT, checksum TEXT, came INTEGER NOT NULL, PRIMARY KEY (upload, number)
             ) WITHOUT ROWID;
             UPDATE uploads SET is_ending = 0;",
        )?;
        Ok(Self(Mutex::new(file)))
    }

    /// The tags of an object, by name.
    pub(super) fn tags(&self, bucket: &str, key: &str) -> Kept<Vec<Tag>> {
        let file = self.file();
        let mut tags =
            file.prepare_cached("SELECT name, value FROM tags WHERE bucket = ?1 AND key = ?2 ORDER BY name")?;
        tags.query_map([bucket, key], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    }

    /// Makes these the tags of an object.
    pub(super) fn set_tags(&self, bucket: &str, key: &str, tags: &[Tag]) -> Kept<()> {
        let mut file = self.file();
        let change = file.transaction()?;
        change.execute("DELETE FROM tags WHERE bucket = ?1 AND key = ?2", [bucket, key])?;
        for (name, value) in tags {
            change.execute(
                "INSERT INTO tags (bucket, key, name, value) VALUES (?1, ?2, ?3, ?4)",
                [bucket, key, name, value],
            )?;
        }
        change.commit()
    }

    /// The checksum of an object that came in parts.
    pub(super) fn joined(&self, bucket: &str, key: &str) -> Kept<Option<Value>> {
        let file = self.file();
        let mut joined =
            file.prepare_cached("SELECT algorithm, value FROM joined WHERE bucket = ?1 AND key = ?2")?;
        let found = joined.query_row([bucket, key], |row| value(row, 0)).optional()?;
        Ok(found.flatten())
    }

    /// Remembers, or forgets, the checksum of an object that came in parts.
    pub(super) fn set_joined(&self, bucket: &str, key: &str, checksum: Option<&Value>) -> Kept<()> {
        let file = self.file();
        match checksum {
            Some((algorithm, value)) => file.execute(
                "INSERT OR REPLACE INTO joined (bucket, key, algorithm, value) VALUES (?1, ?2, ?3, ?4)",
                [bucket, key, algorithm.as_str(), value],
            )?,
            None => file.execute("DELETE FROM joined WHERE bucket = ?1 AND key = ?2", [bucket, key])?,
        };
        Ok(())
    }

    /// Begins an upload; the tags are as the request spelled them.
    pub(super) fn begin(&self, upload: &Upload, tags: &str) -> Kept<()> {
        self.file().execute(
            "INSERT INTO uploads (id, bucket, key, algorithm, tags, begun) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (
                &upload.id,
                &upload.bucket,
                &upload.key,
                upload.algorithm.map(Algorithm::as_str),
                tags,
                upload.begun,
            ),
        )?;
        Ok(())
    }

    /// An upload that has not ended.
    pub(super) fn upload(&self, id: &str) -> Kept<Option<Upload>> {
        let file = self.file();
        let mut found = file.prepare_cached(
            "SELECT id, bucket, key, algorithm, begun FROM uploads WHERE id = ?1 AND NOT is_ending",
        )?;
        found.query_row([id], upload).optional()
    }

    /// The uploads to a bucket that have not ended, by key.
    pub(super) fn uploads(&self, bucket: &str) -> Kept<Vec<Upload>> {
        let file = self.file();
        let mut uploads = file.prepare_cached(
            "SELECT id, bucket, key, algorithm, begun FROM uploads WHERE bucket = ?1 AND NOT is_ending ORDER BY key, id",
        )?;
        uploads.query_map([bucket], upload)?.collect()
    }

    /// Claims the end of an upload: of several at once, one alone gets it.
    pub(super) fn claim_end(&self, id: &str) -> Kept<bool> {
        let claimed =
            self.file().execute("UPDATE uploads SET is_ending = 1 WHERE id = ?1 AND NOT is_ending", [id])?;
        Ok(claimed == 1)
    }

    /// Gives the claim back.
    pub(super) fn release_end(&self, id: &str) -> Kept<()> {
        self.file().execute("UPDATE uploads SET is_ending = 0 WHERE id = ?1", [id])?;
        Ok(())
    }

    /// Forgets an upload and its parts; answers the tags that its object is to have.
    pub(super) fn end(&self, id: &str) -> Kept<String> {
        let mut file = self.file();
        let change = file.transaction()?;
        let tags =
            change.query_row("DELETE FROM uploads WHERE id = ?1 RETURNING tags", [id], |row| row.get(0));
        let tags = tags.optional()?.unwrap_or_default();
        change.execute("DELETE FROM parts WHERE upload = ?1", [id])?;
        change.commit()?;
        Ok(tags)
    }

    /// Keeps what is known of a part; a part of the same number is replaced.
    pub(super) fn add_part(&self, upload: &str, part: &Part) -> Kept<()> {
        let checksum = part.checksum.as_ref();
        self.file().execute(
            "INSERT OR REPLACE INTO parts (upload, number, etag, size, algorithm, checksum, came)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            (
                upload,
                part.number,
                &part.etag,
                i64::try_from(part.size).unwrap_or(i64::MAX),
                checksum.map(|(algorithm, _)| algorithm.as_str()),
                checksum.map(|(_, value)| value),
                part.came,
            ),
        )?;
        Ok(())
    }

    /// The parts that have come, by number.
    pub(super) fn parts(&self, upload: &str) -> Kept<Vec<Part>> {
        let file = self.file();
        let mut parts = file.prepare_cached(
            "SELECT number, etag, size, algorithm, checksum, came FROM parts WHERE upload = ?1 ORDER BY number",
        )?;
        let part = |row: &Row<'_>| {
            Ok(Part {
                number: row.get(0)?,
                etag: row.get(1)?,
                size: row.get::<_, i64>(2)?.try_into().unwrap_or(0),
                checksum: value(row, 3)?,
                came: row.get(5)?,
            })
        };
        parts.query_map([upload], part)?.collect()
    }

    fn file(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The algorithm of that column with the value of the next.
fn value(row: &Row<'_>, column: usize) -> Kept<Option<Value>> {
    let algorithm: Option<String> = row.get(column)?;
    let value: Option<String> = row.get(column + 1)?;
    Ok(algorithm.and_then(|name| Algorithm::parse(&name)).zip(value))
}

fn upload(row: &Row<'_>) -> Kept<Upload> {
    let algorithm: Option<String> = row.get(3)?;
    Ok(Upload {
        id: row.get(0)?,
        bucket: row.get(1)?,
        key: row.get(2)?,
        algorithm: algorithm.and_then(|name| Algorithm::parse(&name)),
        begun: row.get(4)?,
    })
}
