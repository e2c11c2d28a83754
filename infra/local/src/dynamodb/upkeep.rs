//! What the engine leaves to its host: an index over stream records, their end after a day, expired items.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

use super::engine::Engine;

/// AWS deletes expired items within days; readers compare the time themselves.
const SWEEP_EVERY: Duration = Duration::from_mins(5);

/// How soon a write is moved from the log into the file; without this, the engine does it within every 1,000th page.
const CHECKPOINT_AFTER: Duration = Duration::from_millis(200);

/// A stream keeps its records for a day.
const STREAM_RETENTION_SECONDS: i64 = 86_400;

/// So few that no write waits long for the lock.
const ROWS_PER_DELETION: usize = 500;

/// Opens a connection of its own to the engine's file, and adds what the engine's stream queries need.
pub(super) fn connect(path: &str) -> rusqlite::Result<Connection> {
    let file = Connection::open(path)?;
    file.busy_timeout(Duration::from_secs(5))?;
    file.pragma_update(None, "synchronous", "NORMAL")?;
    // Each write to a table with a stream asks for the highest number; without this it reads all records.
    file.execute_batch(
        "CREATE INDEX IF NOT EXISTS _stream_records_place
         ON _stream_records(table_name, CAST(sequence_number AS INTEGER))",
    )?;
    Ok(file)
}

/// Moves what was written from the log into the file soon after, so that no write has to do it and wait for the disk.
pub(super) async fn checkpoint(engine: Arc<Engine>, stop: CancellationToken) {
    let mut writes = engine.writes();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            changed = writes.changed() => if changed.is_err() { return },
        }
        tokio::time::sleep(CHECKPOINT_AFTER).await;
        writes.mark_unchanged();
        let engine = engine.clone();
        let moved = tokio::task::spawn_blocking(move || {
            engine.upkeep(|file| file.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())))
        });
        if let Ok(Err(error)) = moved.await {
            tracing::warn!(%error, "the log of DynamoDB's file could not be moved into it");
        }
    }
}

/// Deletes what has expired, again and again.
pub(super) async fn sweep(engine: Arc<Engine>, stop: CancellationToken) {
    let mut ticks = interval_at(Instant::now() + SWEEP_EVERY, SWEEP_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let engine = engine.clone();
        let swept = tokio::task::spawn_blocking(move || once(&engine)).await;
        if let Ok(Err(error)) = swept {
            tracing::warn!(%error, "expired items could not be deleted");
        }
    }
}

fn once(engine: &Engine) -> Result<(), super::Error> {
    if engine.write(dynoxide::Database::sweep_ttl)? > 0 {
        engine.written();
    }
    while engine.upkeep(trim)? == ROWS_PER_DELETION {}
    Ok(())
}

fn trim(file: &Connection) -> rusqlite::Result<usize> {
    file.execute(
        "DELETE FROM _stream_records WHERE id IN
         (SELECT id FROM _stream_records WHERE created_at < unixepoch() - ?1 ORDER BY id LIMIT ?2)",
        (STREAM_RETENTION_SECONDS, ROWS_PER_DELETION),
    )
}
