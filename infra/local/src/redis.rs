//! Redis, embedded: the commands that the adapters use, over RESP2 and RESP3 on one loopback port, in memory.

use crate::faults::Faults;
use crate::loopback::Endpoint;

/// What the service is started with.
#[derive(Clone, Default)]
pub struct Options {
    /// The port; 0 lets the system choose.
    pub port: u16,
    /// What is to go wrong.
    pub faults: Faults,
}

/// The running service; dropping it stops it.
pub struct Running {
    /// `redis://127.0.0.1:port`, for `REDIS_URL`.
    pub url: String,
    _endpoint: Endpoint,
}

/// Starts to listen, with nothing stored.
pub async fn start(options: Options) -> std::io::Result<Running> {
    let listener = crate::loopback::bind(options.port).await?;
    let endpoint = Endpoint::of(&listener)?;
    Ok(Running { url: format!("redis://{}", endpoint.address()), _endpoint: endpoint })
}
