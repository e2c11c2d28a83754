//! A program that stands between the functions and a service, for tests that take the service away.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

/// Forwards connections to a service until it is cut.
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    is_cut: AtomicBool,
    cut: Notify,
    trap: Mutex<Option<Trap>>,
}

impl State {
    fn springs(&self, bytes: &[u8]) -> Option<Trap> {
        let mut trap = self.trap.lock().unwrap();
        if trap.as_ref().is_some_and(|trap| contains(bytes, trap.pattern)) { trap.take() } else { None }
    }
}

/// Waits for a request that contains `pattern`; its answer is withheld for ever.
struct Trap {
    pattern: &'static [u8],
    sprung: oneshot::Sender<()>,
}

impl Proxy {
    /// Stands before the service at this address, which need not listen yet.
    pub async fn before(service: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<State>::default();
        let shared = Arc::clone(&state);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                if state.is_cut.load(Ordering::SeqCst) {
                    continue;
                }
                tokio::spawn(async move {
                    let ended = state.cut.notified();
                    tokio::select! {
                        () = ended => {}
                        () = forward(client, service, &state) => {}
                    }
                });
            }
        });
        Self { address, state, accepting }
    }

    /// Cuts all connections, and each that is made from now on.
    pub fn cut(&self) {
        self.state.is_cut.store(true, Ordering::SeqCst);
        self.state.cut.notify_waiters();
    }

    /// Lets connections through again.
    pub fn mend(&self) {
        self.state.is_cut.store(false, Ordering::SeqCst);
    }

    /// Lets the next request that contains `pattern` through and withholds its answer; done when the service has answered.
    pub fn withhold_answer_to(&self, pattern: &'static str) -> oneshot::Receiver<()> {
        let (sprung, answered) = oneshot::channel();
        *self.state.trap.lock().unwrap() = Some(Trap { pattern: pattern.as_bytes(), sprung });
        answered
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

async fn forward(mut client: TcpStream, service: SocketAddr, state: &State) {
    let Ok(mut service) = TcpStream::connect(service).await else { return };
    let (mut from_client, mut from_service) = (vec![0; 65_536], vec![0; 65_536]);
    let mut caught: Option<Trap> = None;
    loop {
        tokio::select! {
            read = client.read(&mut from_client) => {
                let Some(bytes) = read.ok().filter(|length| *length > 0).map(|length| &from_client[..length]) else { return };
                caught = caught.or_else(|| state.springs(bytes));
                if service.write_all(bytes).await.is_err() { return }
            }
            read = service.read(&mut from_service) => {
                let Some(bytes) = read.ok().filter(|length| *length > 0).map(|length| &from_service[..length]) else { return };
                if let Some(trap) = caught.take() {
                    // A test that does not wait for it needs no telling.
                    let _ = trap.sprung.send(());
                    std::future::pending::<()>().await;
                }
                if client.write_all(bytes).await.is_err() { return }
            }
        }
    }
}

fn contains(bytes: &[u8], pattern: &[u8]) -> bool {
    bytes.windows(pattern.len()).any(|window| window == pattern)
}

/// A port that is free now, for a service that has to be told one.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
