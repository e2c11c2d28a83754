//! The issuer's keys in this process: read from the table, and fetched anew for a key that nobody knows, at most once a minute.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use parlance_application::ports::{PortError, environment::Clock};
use parlance_domain::time::Timestamp;

use super::key_set::{KeySet, SigningKey};
use crate::{
    dynamodb::{DynamoSigningKeys, FetchedKeys},
    lambda::LambdaFunction,
};

/// After so long the table is read again even for keys that are known: one may have been withdrawn.
const REREAD_AFTER: Duration = Duration::from_secs(5 * 60);

/// An unknown key makes the set be fetched no more often than this.
const REFRESH_AFTER: Duration = Duration::from_secs(60);

/// How long a fetch is waited for: so often, so long.
const LOOKS: u32 = 10;
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// Knows the keys of one issuer.
#[derive(Debug)]
pub struct SigningKeySource {
    issuer: String,
    stored: DynamoSigningKeys,
    refresh: Option<LambdaFunction>,
    clock: Pacer,
    known: Mutex<Known>,
    reading: tokio::sync::Mutex<()>,
}

struct Pacer(Arc<dyn Clock>);

impl std::fmt::Debug for Pacer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pacer")
    }
}

#[derive(Debug, Clone, Default)]
struct Known {
    keys: Arc<KeySet>,
    fetched_at: Option<Timestamp>,
    read_at: Option<Timestamp>,
    refreshed_at: Option<Timestamp>,
}

impl SigningKeySource {
    /// Reads the keys of `issuer` from the table; `refresh` is the function that fetches them.
    pub fn new(
        issuer: &str,
        stored: DynamoSigningKeys,
        refresh: Option<LambdaFunction>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            issuer: issuer.to_owned(),
            stored,
            refresh,
            clock: Pacer(clock),
            known: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
        }
    }

    /// The key of exactly this id.
    pub(super) async fn find(
        &self,
        id: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<Arc<SigningKey>>, PortError> {
        if !is_due(self.known().read_at, REREAD_AFTER, now)
            && let Some(key) = self.known().keys.find(id)
        {
            return Ok(Some(key));
        }
        let _alone = self.reading.lock().await;
        let reread =
            if is_due(self.known().read_at, REREAD_AFTER, now) { self.read(now).await } else { Ok(()) };
        // A table that cannot be read just now does not make a known key unknown.
        if let Some(key) = self.known().keys.find(id) {
            return Ok(Some(key));
        }
        reread?;
        if is_due(self.known().refreshed_at, REFRESH_AFTER, now) {
            self.known().refreshed_at = Some(now);
            self.fetch_anew(id, now).await?;
        }
        Ok(self.known().keys.find(id))
    }

    /// Perhaps another process had it fetched already; else asks for it and waits until the table shows it.
    async fn fetch_anew(&self, id: Option<&str>, now: Timestamp) -> Result<(), PortError> {
        self.read(now).await?;
        let Some(refresh) = &self.refresh else { return Ok(()) };
        if self.known().keys.find(id).is_some() {
            return Ok(());
        }
        let before = self.known().fetched_at;
        refresh.hand_over(b"{}".to_vec()).await?;
        for _ in 0..LOOKS {
            self.clock.0.sleep(BETWEEN_LOOKS).await;
            self.read(now).await?;
            if self.known().fetched_at != before {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn read(&self, now: Timestamp) -> Result<(), PortError> {
        let stored = self.stored.find(&self.issuer).await?;
        let mut known = self.known();
        known.read_at = Some(now);
        if let Some(FetchedKeys { json, fetched_at }) = stored
            && known.fetched_at != Some(fetched_at)
        {
            known.keys = Arc::new(KeySet::parse(&json).unwrap_or_default());
            known.fetched_at = Some(fetched_at);
        }
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_due(last: Option<Timestamp>, after: Duration, now: Timestamp) -> bool {
    last.is_none_or(|last| now.since(last) >= after)
}
