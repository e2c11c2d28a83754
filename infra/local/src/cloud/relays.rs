//! Programs that run all the time: started as often as asked for, and again when one ends.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::faults::{FaultName, FaultSpec, Faults};
use crate::processes::{Processes, Program};
use crate::template::Service;

/// The wait before a program that ended is started again.
const PAUSE: Duration = Duration::from_millis(500);

/// Keeps `count` processes of each service running until told to stop.
pub fn start(
    services: &[Service],
    count: usize,
    binaries: &Path,
    environment: &[(String, String)],
    processes: &Arc<Processes>,
    stop: &CancellationToken,
    faults: &Faults,
) {
    for service in services {
        for number in 1..=count {
            let mut variables = service.environment.clone();
            variables.extend(environment.iter().cloned());
            let program = Program {
                name: format!("{}-{number}", service.name),
                path: binaries.join(&service.binary),
                environment: variables,
            };
            let once = faults.once();
            tokio::spawn(keep_running(program, Arc::clone(processes), stop.clone(), once));
        }
    }
}

async fn keep_running(
    program: Program,
    processes: Arc<Processes>,
    stop: CancellationToken,
    mut once: broadcast::Receiver<FaultSpec>,
) {
    while !stop.is_cancelled() {
        match processes.spawn(&program) {
            Ok(child) => {
                let how = tokio::select! {
                    how = child.ended() => how,
                    () = told_to_kill(&mut once) => {
                        child.signal(Signal::KILL);
                        child.ended().await
                    }
                };
                if !stop.is_cancelled() {
                    tracing::warn!(name = %program.name, how, "a relay has ended and is started again");
                }
            }
            Err(error) => tracing::error!(name = %program.name, %error, "a relay cannot be started"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// Ends when the fault `relay.kill` is asked for.
async fn told_to_kill(once: &mut broadcast::Receiver<FaultSpec>) {
    loop {
        match once.recv().await {
            Ok(fault) if fault.name == FaultName::RelayKill => return,
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return std::future::pending().await,
        }
    }
}
