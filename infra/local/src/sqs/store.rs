//! The messages of all queues, in one file of `SQLite` or in memory.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::attributes::Attributes;
use crate::loopback::uuid;

/// A message on its way in.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    /// Its text.
    pub(crate) body: String,
    /// What the sender attached.
    pub(crate) attributes: Attributes,
    /// How long it stays hidden.
    pub(crate) delay: Duration,
}

/// A message that was handed to a receiver.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// Its id.
    pub(crate) message_id: String,
    /// What the receiver names it by.
    pub(crate) receipt_handle: String,
    /// Its text.
    pub(crate) body: String,
    /// What the sender attached.
    pub(crate) attributes: Attributes,
    /// When it was sent, in milliseconds since 1970.
    pub(crate) sent_at: i64,
    /// When it was first received.
    pub(crate) first_received_at: i64,
    /// How often it was received, this time included.
    pub(crate) receive_count: u32,
}

/// A receipt handle taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    row: i64,
    token: String,
}

impl Receipt {
    /// Reads a handle; `None` if it can never have been given out.
    pub(super) fn parse(handle: &str) -> Option<Self> {
        let (row, token) = handle.split_once('-')?;
        Some(Self { row: row.parse().ok()?, token: token.to_owned() })
    }
}

/// How many messages a queue holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Those that a receiver would get.
    pub(super) visible: i64,
    /// Those that a receiver is at work on.
    pub(super) in_flight: i64,
    /// Those that were sent with a delay.
    pub(super) delayed: i64,
}

/// The file. Times are milliseconds since 1970 and come from the caller.
pub(super) struct Store(Connection);

impl Store {
    /// Opens the file, or memory.
    pub(super) fn open(path: Option<&Path>) -> rusqlite::Result<Self> {
        let file = path.map_or_else(Connection::open_in_memory, Connection::open)?;
        file.busy_timeout(Duration::from_secs(5))?;
        // As for DynamoDB: a killed process loses nothing, and no message waits for the disk.
        file.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = NORMAL;
             CREATE TABLE IF NOT EXISTS messages (
                 row INTEGER PRIMARY KEY AUTOINCREMENT,
                 queue TEXT NOT NULL,
                 message_id TEXT NOT NULL,
                 body TEXT NOT NULL,
                 attributes TEXT NOT NULL,
                 sent_at INTEGER NOT NULL,
                 visible_at INTEGER NOT NULL,
                 receive_count INTEGER NOT NULL DEFAULT 0,
                 first_received_at INTEGER,
                 token TEXT
             );
             CREATE INDEX IF NOT EXISTS messages_by_visibility ON messages(queue, visible_at);",
        )?;
        Ok(Self(file))
    }

    /// Keeps a message; answers its id.
    pub(super) fn send(&self, queue: &str, message: &Outgoing, now: i64) -> rusqlite::Result<String> {
        let id = uuid();
        let attributes = serde_json::to_string(&message.attributes).unwrap_or_else(|_| "{}".into());
        let delay = i64::try_from(message.delay.as_millis()).unwrap_or(i64::MAX);
        self.0
            .prepare_cached(
                "INSERT INTO messages (queue, message_id, body, attributes, sent_at, visible_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![queue, id, message.body, attributes, now, now.saturating_add(delay)])?;
        Ok(id)
    }

    /// Hands out the messages that have been visible longest and hides them for a while.
    pub(super) fn receive(
        &mut self,
        queue: &str,
        most: usize,
        hidden_for: Duration,
        now: i64,
    ) -> rusqlite::Result<Vec<Received>> {
        let transaction = self.0.transaction()?;
        let until = now.saturating_add(i64::try_from(hidden_for.as_millis()).unwrap_or(i64::MAX));
        let mut received = {
            let mut statement = transaction.prepare_cached(
                "UPDATE messages SET visible_at = ?3, receive_count = receive_count + 1, token = ?4,
                        first_received_at = COALESCE(first_received_at, ?2)
                 WHERE row IN (SELECT row FROM messages WHERE queue = ?1 AND visible_at <= ?2
                               ORDER BY visible_at, row LIMIT ?5)
                 RETURNING row, message_id, body, attributes, sent_at, first_received_at, receive_count, token",
            )?;
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            let rows = statement.query_map(params![queue, now, until, token(), most], received)?;
            rows.collect::<rusqlite::Result<Vec<_>>>()?
        };
        transaction.commit()?;
        received.sort_by_key(|message| message.sent_at);
        Ok(received)
    }

    /// Moves messages that were received often enough to another queue; says whether there were any.
    pub(super) fn redrive(&self, queue: &str, received: u32, to: &str, now: i64) -> rusqlite::Result<bool> {
        let moved = self
            .0
            .prepare_cached(
                "UPDATE messages SET queue = ?4, token = NULL
                 WHERE queue = ?1 AND visible_at <= ?2 AND receive_count >= ?3",
            )?
            .execute(params![queue, now, received, to])?;
        Ok(moved > 0)
    }

    /// Deletes what was kept long enough.
    pub(super) fn expire(&self, queue: &str, sent_before: i64) -> rusqlite::Result<usize> {
        self.0
            .prepare_cached("DELETE FROM messages WHERE queue = ?1 AND sent_at < ?2")?
            .execute(params![queue, sent_before])
    }

    /// Deletes a message; nothing happens when it was handed to somebody else since.
    pub(super) fn delete(&self, queue: &str, receipt: &Receipt) -> rusqlite::Result<()> {
        self.0
            .prepare_cached("DELETE FROM messages WHERE row = ?1 AND queue = ?2 AND token = ?3")?
            .execute(params![receipt.row, queue, receipt.token])?;
        Ok(())
    }

    /// Hides a message from now on for another while; says whether it was being processed.
    pub(super) fn hide(
        &self,
        queue: &str,
        receipt: &Receipt,
        until: i64,
        now: i64,
    ) -> rusqlite::Result<bool> {
        let changed = self
            .0
            .prepare_cached(
                "UPDATE messages SET visible_at = ?4
                 WHERE row = ?1 AND queue = ?2 AND token = ?3 AND visible_at > ?5",
            )?
            .execute(params![receipt.row, queue, receipt.token, until, now])?;
        Ok(changed > 0)
    }

    /// Deletes all messages of a queue.
    pub(super) fn purge(&self, queue: &str) -> rusqlite::Result<()> {
        self.0.execute("DELETE FROM messages WHERE queue = ?1", [queue])?;
        Ok(())
    }

    /// When the next message of a queue becomes visible.
    pub(super) fn next_visible(&self, queue: &str) -> rusqlite::Result<Option<i64>> {
        self.0
            .prepare_cached("SELECT MIN(visible_at) FROM messages WHERE queue = ?1")?
            .query_row([queue], |row| row.get(0))
            .optional()
            .map(Option::flatten)
    }

    /// How many messages a queue holds.
    pub(super) fn counts(&self, queue: &str, now: i64) -> rusqlite::Result<Counts> {
        self.0.query_row(
            "SELECT COUNT(*) FILTER (WHERE visible_at <= ?2),
                    COUNT(*) FILTER (WHERE visible_at > ?2 AND receive_count > 0),
                    COUNT(*) FILTER (WHERE visible_at > ?2 AND receive_count = 0)
             FROM messages WHERE queue = ?1",
            params![queue, now],
            |row| Ok(Counts { visible: row.get(0)?, in_flight: row.get(1)?, delayed: row.get(2)? }),
        )
    }
}

fn received(row: &Row<'_>) -> rusqlite::Result<Received> {
    let (number, token): (i64, String) = (row.get(0)?, row.get(7)?);
    let attributes: String = row.get(3)?;
    Ok(Received {
        message_id: row.get(1)?,
        receipt_handle: format!("{number}-{token}"),
        body: row.get(2)?,
        attributes: serde_json::from_str(&attributes).unwrap_or_default(),
        sent_at: row.get(4)?,
        first_received_at: row.get(5)?,
        receive_count: row.get(6)?,
    })
}

fn token() -> String {
    format!("{:032x}", rand::random::<u128>())
}
