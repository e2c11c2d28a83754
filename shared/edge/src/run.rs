//! Runs a function: the runtime, the logs, and the loop that asks Lambda for the next event.

use std::{
    future::Future,
    pin::Pin,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use tokio::runtime::Builder;

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

/// An event that is not of the shape that the function was routed.
#[derive(Debug, thiserror::Error)]
#[error("the event cannot be read")]
struct UnreadableEvent(#[source] serde_json::Error);

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
    serve(Box::pin(async { Ok(Arc::new(build().await?) as Arc<dyn JsonFunction>) }))
}

/// A function whose types are behind it. What follows is compiled once for all functions, which keeps their builds short.
#[async_trait]
trait JsonFunction: Send + Sync {
    async fn call_json(&self, event: &RawValue) -> Result<Box<RawValue>, lambda_runtime::Error>;
}

#[async_trait]
impl<F: Function> JsonFunction for F {
    async fn call_json(&self, event: &RawValue) -> Result<Box<RawValue>, lambda_runtime::Error> {
        let event = serde_json::from_str(event.get()).map_err(UnreadableEvent)?;
        Ok(serde_json::value::to_raw_value(&self.call(event).await?)?)
    }
}

type Building<'a> = Pin<Box<dyn Future<Output = Result<Arc<dyn JsonFunction>, StartError>> + 'a>>;

fn serve(building: Building<'_>) -> ExitCode {
    telemetry::init();
    let served = scheduler().enable_all().build().map_err(StartError::from).and_then(|runtime| {
        runtime.block_on(async {
            let function = building.await?;
            Runtime::new(service_fn(handler(function))).run_concurrent().await
        })
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = telemetry::causes(error.as_ref()), "the function cannot run");
            ExitCode::FAILURE
        }
    }
}

type Answering = Pin<Box<dyn Future<Output = Result<Box<RawValue>, lambda_runtime::Error>> + Send>>;

fn handler(
    function: Arc<dyn JsonFunction>,
) -> impl Fn(LambdaEvent<Box<RawValue>>) -> Answering + Clone + Send + 'static {
    let is_cold = Arc::new(AtomicBool::new(true));
    move |event| {
        let (function, cold) = (Arc::clone(&function), is_cold.swap(false, Ordering::Relaxed));
        Box::pin(async move {
            let LambdaEvent { payload, context } = event;
            telemetry::invocation(&context.request_id, cold, function.call_json(&payload), ending).await
        })
    }
}

/// One event at a time needs one thread, which starts sooner; several at once share the processors.
fn scheduler() -> Builder {
    let concurrency = std::env::var("AWS_LAMBDA_MAX_CONCURRENCY").ok().and_then(|text| text.parse().ok());
    if concurrency.unwrap_or(1_u32) > 1 { Builder::new_multi_thread() } else { Builder::new_current_thread() }
}

fn ending<T>(outcome: &Result<T, lambda_runtime::Error>) -> Ending {
    match outcome {
        Ok(_) => Ending::Answered,
        Err(error) if error.is::<Refused>() => Ending::Refused(error.to_string()),
        Err(error) => Ending::Failed(telemetry::causes(error.as_ref())),
    }
}
