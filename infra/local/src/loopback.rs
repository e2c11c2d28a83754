//! What all embedded services share about their network: loopback only, one port each, one way to stop.

pub mod http;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The account that every ARN and queue URL of the local cloud names.
pub const ACCOUNT: &str = "000000000000";

/// Binds a loopback port; 0 lets the system choose.
pub async fn bind(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// Takes the next connection, with small answers sent at once; failures of single connections are passed over.
pub async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                if stream.set_nodelay(true).is_ok() {
                    return stream;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }
    }
}

/// Where a service listens; dropping it stops the service.
#[derive(Debug)]
pub struct Endpoint {
    address: SocketAddr,
    stop: CancellationToken,
    _guard: DropGuard,
}

impl Endpoint {
    /// Names a listener's address and makes the token that its tasks watch.
    pub fn of(listener: &TcpListener) -> io::Result<Self> {
        let stop = CancellationToken::new();
        Ok(Self { address: listener.local_addr()?, _guard: stop.clone().drop_guard(), stop })
    }

    /// The address it listens at.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends when the service is to stop.
    pub fn stop(&self) -> &CancellationToken {
        &self.stop
    }
}
