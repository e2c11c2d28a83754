//! Runs a function: the runtime, the logs, and the loop that asks Lambda for the next event.

use std::{
    future::Future,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use serde::{Serialize, de::DeserializeOwned};

use crate::telemetry::{self, Ending};

/// What Lambda calls: one kind of event in, one kind of answer out.
#[async_trait]
pub trait Function: Send + Sync + 'static {
    /// The event as Lambda hands it over.
    type Event: DeserializeOwned + Send + 'static;
    /// The answer as Lambda takes it.
    type Answer: Serialize + Send + 'static;

    /// Handles one event. An error fails the invocation, so that Lambda repeats it where it repeats.
    async fn call(&self, event: Self::Event) -> Result<Self::Answer, lambda_runtime::Error>;
}

/// An error that is an answer: Lambda is told, the log counts it as nothing unusual.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub &'static str);

/// Why a function could not start.
pub type StartError = Box<dyn std::error::Error + Send + Sync>;

/// Starts the function that `build` makes and serves it until the process ends.
///
/// Several invocations run at once where `AWS_LAMBDA_MAX_CONCURRENCY` allows it, otherwise one at a time.
pub fn run<F, B, Building>(build: B) -> ExitCode
where
    F: Function,
    B: FnOnce() -> Building,
    Building: Future<Output = Result<F, StartError>>,
{
    telemetry::init();
    match serve(build) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = telemetry::causes(error.as_ref()), "the function cannot run");
            ExitCode::FAILURE
        }
    }
}

fn serve<F, B, Building>(build: B) -> Result<(), StartError>
where
    F: Function,
    B: FnOnce() -> Building,
    Building: Future<Output = Result<F, StartError>>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let function = Arc::new(build().await?);
        let is_cold = Arc::new(AtomicBool::new(true));
        let service = service_fn(move |event: LambdaEvent<F::Event>| {
            let (function, cold) = (Arc::clone(&function), is_cold.swap(false, Ordering::Relaxed));
            async move {
                let LambdaEvent { payload, context } = event;
                telemetry::invocation(&context.request_id, cold, function.call(payload), ending).await
            }
        });
        Runtime::new(service).run_concurrent().await
    })
}

fn ending<T>(outcome: &Result<T, lambda_runtime::Error>) -> Ending {
    match outcome {
        Ok(_) => Ending::Answered,
        Err(error) if error.is::<Refused>() => Ending::Refused(error.to_string()),
        Err(error) => Ending::Failed(telemetry::causes(error.as_ref())),
    }
}
