//! EventBridge, embedded: `PutEvents` over AWS JSON 1.1 on one loopback port, rules with patterns to functions and queues, and the
//! last events for whoever asks.

mod bus;
mod delivery;
mod protocol;
mod recent;
mod rule;

use std::io;
use std::sync::Arc;

use serde_json::Value;

pub use self::delivery::Targets;
pub use self::rule::{Destination, RuleError, RuleSpec, TargetSpec};
use crate::faults::Faults;
use crate::loopback::{self, Endpoint};

/// What the service is started with.
#[derive(Clone, Default)]
pub struct Options {
    /// The port; 0 lets the system choose.
    pub port: u16,
    /// The region that events name.
    pub region: String,
    /// What is to go wrong.
    pub faults: Faults,
}

/// The running service; dropping it stops it.
pub struct Running {
    /// `http://127.0.0.1:port`, for `AWS_ENDPOINT_URL_EVENTBRIDGE`.
    pub url: String,
    core: Arc<bus::Core>,
    _endpoint: Endpoint,
}

/// Starts to listen. There is no bus until [`Running::connect`].
pub async fn start(options: Options) -> io::Result<Running> {
    let listener = loopback::bind(options.port).await?;
    let endpoint = Endpoint::of(&listener)?;
    let url = format!("http://{}", endpoint.address());
    let core = Arc::new(bus::Core::new(options.region, options.faults.clone(), endpoint.stop().clone()));
    let handler = Arc::new(protocol::Server::new(Arc::clone(&core), options.faults));
    tokio::spawn(loopback::http::serve(listener, handler, endpoint.stop().clone()));
    Ok(Running { url, core, _endpoint: endpoint })
}

impl Running {
    /// Makes these the buses and rules that there are, whose targets are reached through `targets`.
    pub fn connect(&self, buses: Vec<String>, rules: Vec<RuleSpec>, targets: Targets) {
        self.core.connect(buses, rules, targets);
    }

    /// Puts an event of an AWS service on the default bus.
    pub fn publish(&self, source: &str, detail_type: &str, resources: &[String], detail: &Value) {
        self.core.publish(source, detail_type, resources, detail);
    }

    /// The last events of all buses, oldest first, as targets get them.
    pub fn recent(&self) -> Vec<Value> {
        self.core.recent()
    }
}

/// The ARN of a bus.
pub fn bus_arn(region: &str, name: &str) -> String {
    format!("arn:aws:events:{region}:{}:event-bus/{name}", loopback::ACCOUNT)
}

/// The ARN of a rule; on AWS it names the bus too.
pub fn rule_arn(region: &str, name: &str) -> String {
    format!("arn:aws:events:{region}:{}:rule/{name}", loopback::ACCOUNT)
}
