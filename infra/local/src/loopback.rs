//! What all embedded services share about their network: loopback only, one port each, one way to stop.

pub mod http;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The account that every ARN and queue URL of the local cloud names.
pub const ACCOUNT: &str = "000000000000";

/// A fresh id as AWS spells them.
pub(crate) fn uuid() -> String {
    let random = rand::random::<u128>();
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        random >> 96,
        (random >> 80) & 0xffff,
        (random >> 64) & 0xffff,
        (random >> 48) & 0xffff,
        random & 0xffff_ffff_ffff
    )
}

/// A moment since 1970 as AWS's events spell it.
pub(crate) fn rfc3339(since: Duration) -> Option<String> {
    let moment = OffsetDateTime::UNIX_EPOCH.checked_add(time::Duration::try_from(since).ok()?)?;
    moment.format(&Rfc3339).ok()
}

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
                tokio::time::sleep(Duration::from_millis(20)).await;
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
