//! Lambda: whatever calls a function (the gateway, an event source, another function) does it through `Invoke`.

mod errors;
mod function;
mod host;
mod http;
mod journal;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

pub use self::function::FunctionSettings;
pub use self::host::{Lambda, Settings};
pub use self::http::function_arn;
pub use self::journal::Journal;

/// The logical id of a function in template.yaml, which is its name here too.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionName(Arc<str>);

impl FunctionName {
    /// Takes a logical id as the template spells it.
    pub fn new(logical_id: &str) -> Self {
        Self(Arc::from(logical_id))
    }

    /// The logical id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FunctionName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// How one invocation ended.
#[derive(Clone, Debug)]
pub enum InvocationOutcome {
    /// The function returned this JSON.
    Answered(Bytes),
    /// The function returned an error, crashed, or gave an answer that the service refuses.
    FunctionError {
        /// `Unhandled` and its like, as in the header `X-Amz-Function-Error`.
        kind: String,
        /// `{"errorType": …, "errorMessage": …}`.
        payload: Bytes,
    },
    /// The function ran past its timeout and was killed.
    TimedOut {
        /// `{"errorType": …, "errorMessage": …}`.
        payload: Bytes,
    },
    /// No function of this name, or its program could not be started.
    Unavailable {
        /// Why, for the log.
        reason: String,
    },
}

/// Runs functions by name.
#[async_trait]
pub trait Invoke: Send + Sync {
    /// Runs the function and waits for its answer. `trigger` says in the log what caused it, for example `stream chat`.
    async fn invoke(&self, function: &FunctionName, trigger: &str, payload: Bytes) -> InvocationOutcome;

    /// Queues the event and returns at once; an invocation that fails is repeated twice, as AWS repeats it.
    fn invoke_async(&self, function: &FunctionName, trigger: &str, payload: Bytes);
}
