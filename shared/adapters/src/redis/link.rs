//! The one connection of a process: opened when first needed, given a deadline, and left alone for a while when Redis is in trouble.

mod breaker;

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use redis::{
    AsyncConnectionConfig, Client, FromRedisValue, Pipeline, RedisError, aio::MultiplexedConnection,
};

use self::breaker::{Breaker, Opened};
use super::keys::Keys;

/// No round trip takes longer, connecting included.
const DEADLINE: Duration = Duration::from_millis(250);

/// A connection that was idle for longer may have died unseen, with its host or in a frozen function.
const LONGEST_IDLE: Duration = Duration::from_secs(60);

/// A shared connection to Redis. Clones share it.
#[derive(Clone)]
pub struct RedisLink {
    shared: Arc<Shared>,
}

struct Shared {
    client: Client,
    keys: Keys,
    state: Mutex<State>,
    connecting: tokio::sync::Mutex<()>,
    opened: AtomicU64,
    round_trips: AtomicU64,
}

struct State {
    connection: Option<Live>,
    breaker: Breaker,
}

struct Live {
    connection: MultiplexedConnection,
    generation: u64,
    used_at: Instant,
}

impl RedisLink {
    /// Prepares a link to `url` (`redis://` or `rediss://`) for the keys of one stack; nothing is opened yet.
    pub fn new(url: &str, stack_id: &str) -> Result<Self, RedisError> {
        let shared = Shared {
            client: Client::open(url)?,
            keys: Keys::of_stack(stack_id),
            state: Mutex::new(State { connection: None, breaker: Breaker::default() }),
            connecting: tokio::sync::Mutex::new(()),
            opened: AtomicU64::new(0),
            round_trips: AtomicU64::new(0),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// How many round trips were made so far.
    pub fn round_trips(&self) -> u64 {
        self.shared.round_trips.load(Ordering::Relaxed)
    }

    /// Opens the connection ahead of its first use.
    pub async fn prewarm(&self) {
        let _: Option<()> = self.run(redis::pipe().cmd("PING").ignore()).await;
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.shared.keys
    }

    pub(super) fn client(&self) -> &Client {
        &self.shared.client
    }

    /// Sends all commands at once and waits for their answers. `None`: Redis did not answer as it should in time, or is being left alone.
    pub(super) async fn run<T: FromRedisValue>(&self, commands: &Pipeline) -> Option<T> {
        if !self.state().breaker.admits(Instant::now()) {
            return None;
        }
        self.shared.round_trips.fetch_add(1, Ordering::Relaxed);
        let mut generation = None;
        let attempt = async {
            let (mut connection, current) = self.connection().await?;
            generation = Some(current);
            commands.query_async(&mut connection).await
        };
        let outcome = tokio::time::timeout(DEADLINE, attempt).await;
        let failure = match outcome {
            Ok(Ok(answer)) => {
                self.state().breaker.succeeded();
                return Some(answer);
            }
            Ok(Err(error)) => error.category().to_owned(),
            Err(_) => "no answer in time".to_owned(),
        };
        self.failed(generation, &failure);
        None
    }

    /// Drops the connection unless somebody has replaced it already: an answer may still be on its way through it.
    fn failed(&self, generation: Option<u64>, failure: &str) {
        let mut state = self.state();
        if state.connection.as_ref().map(|live| live.generation) == generation {
            state.connection = None;
        }
        if state.breaker.failed(Instant::now()) == Opened::Now {
            drop(state);
            tracing::warn!(failure, "Redis is left alone for a while");
        }
    }

    async fn connection(&self) -> Result<(MultiplexedConnection, u64), RedisError> {
        if let Some(live) = self.live() {
            return Ok(live);
        }
        let _alone = self.shared.connecting.lock().await;
        if let Some(live) = self.live() {
            return Ok(live);
        }
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let connection = self.shared.client.get_multiplexed_async_connection_with_config(&config).await?;
        let generation = self.shared.opened.fetch_add(1, Ordering::Relaxed);
        let live = Live { connection: connection.clone(), generation, used_at: Instant::now() };
        self.state().connection = Some(live);
        Ok((connection, generation))
    }

    fn live(&self) -> Option<(MultiplexedConnection, u64)> {
        let mut state = self.state();
        let live = state.connection.as_mut().filter(|live| live.used_at.elapsed() < LONGEST_IDLE)?;
        live.used_at = Instant::now();
        Some((live.connection.clone(), live.generation))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for RedisLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLink").finish_non_exhaustive()
    }
}
