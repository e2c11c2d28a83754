//! Redis, embedded: the commands that the adapters use, over RESP2 and RESP3 on one loopback port, in memory.

mod channels;
mod commands;
mod connection;
mod keyspace;
mod reply;
mod request;
mod session;
mod sorted_set;
mod value;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::channels::Channels;
use self::keyspace::Keyspace;
use crate::faults::{FaultName, Faults};
use crate::loopback::{self, Endpoint};
use crate::usage::Usage;

/// What the service is started with.
#[derive(Clone, Default)]
pub struct Options {
    /// The port; 0 lets the system choose.
    pub port: u16,
    /// What is to go wrong.
    pub faults: Faults,
    /// Counts what is used.
    pub usage: Usage,
}

/// The running service; dropping it stops it.
pub struct Running {
    /// `redis://127.0.0.1:port`, for `REDIS_URL`.
    pub url: String,
    _endpoint: Endpoint,
}

/// What all connections share.
struct Shared {
    keyspace: Mutex<Keyspace>,
    channels: Mutex<Channels>,
    faults: Faults,
    usage: Usage,
    connections: AtomicU64,
}

impl Shared {
    /// The keys, with the clock at now.
    fn keyspace(&self) -> MutexGuard<'_, Keyspace> {
        let mut keyspace = self.keyspace.lock().unwrap_or_else(PoisonError::into_inner);
        keyspace.advance_to(now());
        keyspace
    }

    fn channels(&self) -> MutexGuard<'_, Channels> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Starts to listen, with nothing stored.
pub async fn start(options: Options) -> io::Result<Running> {
    let listener = loopback::bind(options.port).await?;
    let endpoint = Endpoint::of(&listener)?;
    let shared = Arc::new(Shared {
        keyspace: Mutex::default(),
        channels: Mutex::default(),
        faults: options.faults,
        usage: options.usage,
        connections: AtomicU64::new(0),
    });
    tokio::spawn(lives(listener, endpoint.address(), shared, endpoint.stop().clone()));
    Ok(Running { url: format!("redis://{}", endpoint.address()), _endpoint: endpoint })
}

/// Serves until the end; a kill ends one life, and after its delay another begins on the same port with nothing stored.
async fn lives(listener: TcpListener, address: SocketAddr, shared: Arc<Shared>, stop: CancellationToken) {
    let mut listener = Some(listener);
    let mut once = shared.faults.once();
    loop {
        let bound = match listener.take() {
            Some(bound) => Ok(bound),
            None => TcpListener::bind(address).await,
        };
        let bound = match bound {
            Ok(bound) => bound,
            Err(error) => {
                tracing::warn!(%error, "Redis cannot come back yet");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let life = stop.child_token();
        let killed = async {
            loop {
                match once.recv().await {
                    Ok(fault) if fault.name == FaultName::RedisKill => return fault.delay_ms,
                    Ok(_) | Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
                    Err(tokio::sync::broadcast::error::RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        let away = tokio::select! {
            () = stop.cancelled() => return,
            () = serve(bound, shared.clone(), life.clone()) => return,
            away = killed => away,
        };
        life.cancel();
        shared.keyspace().clear();
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_millis(away)) => {}
        }
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>, life: CancellationToken) {
    let mut sweep = tokio::time::interval(Duration::from_millis(500));
    sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            stream = loopback::accept(&listener) => {
                let id = shared.connections.fetch_add(1, Ordering::Relaxed) + 1;
                tokio::spawn(connection::serve(stream, id, shared.clone(), life.child_token()));
            }
            _ = sweep.tick() => shared.keyspace().sweep(),
        }
    }
}
