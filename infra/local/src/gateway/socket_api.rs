//! The WebSocket API: who may connect, which function gets which frame, and what comes back.

mod authorizer;
mod event;
mod handshake;
mod proxy_answer;
mod session;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use super::connections::Connections;
use super::limits::Limits;
use crate::faults::{FaultName, Faults};
use crate::lambda::{FunctionName, InvocationOutcome, Invoke};
use crate::template::{SocketApi as Description, SocketAuthorizer};
use crate::usage::Usage;

pub use self::handshake::Handshake;

/// One running WebSocket API.
pub struct SocketApi {
    id: String,
    stage: String,
    region: String,
    domain: String,
    description: Description,
    routes: HashMap<String, Route>,
    authorizer: Option<SocketAuthorizer>,
    limits: Arc<Limits>,
    invoke: Arc<dyn Invoke>,
    faults: Faults,
    usage: Usage,
    /// The second in which a handshake came last, and how many have come in it.
    handshakes: Mutex<(u64, usize)>,
    /// Its open connections.
    pub connections: Arc<Connections>,
}

/// A route, with what its invocations are called in the journal.
struct Route {
    function: FunctionName,
    is_two_way: bool,
    trigger: String,
}

impl SocketApi {
    /// Runs the API that the template describes.
    pub fn new(
        description: Description,
        region: &str,
        limits: Arc<Limits>,
        invoke: Arc<dyn Invoke>,
        faults: Faults,
        usage: Usage,
    ) -> Arc<Self> {
        let route = |(key, route): (&String, &crate::template::SocketRoute)| {
            let trigger = format!("socket {key}");
            let route = Route { function: route.function.clone(), is_two_way: route.is_two_way, trigger };
            (key.clone(), route)
        };
        Arc::new(Self {
            id: description.id.clone(),
            stage: description.stage.clone(),
            region: region.to_owned(),
            domain: format!("{}.execute-api.{region}.amazonaws.com", description.id),
            routes: description.routes.iter().map(route).collect(),
            authorizer: description.authorizer.clone(),
            description,
            limits,
            invoke,
            faults,
            usage,
            handshakes: Mutex::default(),
            connections: Arc::default(),
        })
    }

    /// The stage's name, which is the first segment of its paths.
    pub fn stage(&self) -> &str {
        &self.stage
    }

    fn route(&self, frame: &str) -> Option<(&str, &Route)> {
        let selected = self.description.selection.evaluate(frame);
        let selected = selected.filter(|key| !key.starts_with('$'));
        let route = selected.and_then(|key| self.routes.get_key_value(&key));
        route.or_else(|| self.routes.get_key_value("$default")).map(|(key, route)| (key.as_str(), route))
    }

    /// Whether one more handshake may come in this second.
    fn lets_in(&self) -> bool {
        let most = self.limits.handshakes_per_second;
        let second = super::clock::epoch_ms() / 1_000;
        let mut handshakes = self.handshakes.lock().unwrap_or_else(PoisonError::into_inner);
        if handshakes.0 != second {
            *handshakes = (second, 0);
        }
        handshakes.1 += 1;
        most == 0 || handshakes.1 <= most
    }

    async fn call(
        &self,
        function: &FunctionName,
        trigger: &str,
        event: Bytes,
        most: Duration,
    ) -> InvocationOutcome {
        match tokio::time::timeout(most, self.invoke.invoke(function, trigger, event)).await {
            Ok(outcome) => outcome,
            Err(_) => InvocationOutcome::TimedOut { payload: Bytes::new() },
        }
    }

    /// Cuts every connection whenever the fault `sockets.cut` is asked for.
    pub async fn cut_when_told(self: Arc<Self>) {
        let mut once = self.faults.once();
        while let Ok(fault) = once.recv().await {
            if fault.name == FaultName::SocketsCut {
                self.connections.all().iter().for_each(|connection| connection.cut());
            }
        }
    }

    /// Asks connections to close that were silent or open for too long, for ever.
    pub async fn sweep(self: Arc<Self>) {
        let shortest = self.limits.idle.min(self.limits.lifetime);
        let period = (shortest / 8).clamp(Duration::from_millis(20), Duration::from_secs(5));
        let mut ticks = tokio::time::interval(period);
        loop {
            ticks.tick().await;
            self.connections.close_overdue(self.limits.idle, self.limits.lifetime);
        }
    }
}
