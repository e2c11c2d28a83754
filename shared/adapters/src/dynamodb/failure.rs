//! DynamoDB's refusals: which of them are answers, and which are failures.

use std::error::Error;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use parlance_application::ports::PortError;

/// A call that failed. Its text names operation and cause and never an item.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: {cause}")]
pub struct CallFailed {
    operation: &'static str,
    cause: String,
}

/// Turns a failed call into the port's error.
pub fn failed<E>(port: &'static str, operation: &'static str, error: &SdkError<E>) -> PortError
where
    E: Error + ProvideErrorMetadata + 'static,
{
    let cause = match error {
        SdkError::ServiceError(context) => {
            let error = context.err();
            format!("{} ({})", error.code().unwrap_or("unknown"), error.message().unwrap_or("no message"))
        }
        other => causes(other),
    };
    PortError::new(port, CallFailed { operation, cause })
}

/// A failure that is not the SDK's.
pub fn failed_because(port: &'static str, operation: &'static str, cause: impl Into<String>) -> PortError {
    PortError::new(port, CallFailed { operation, cause: cause.into() })
}

/// The whole chain by `Display`: `Debug` would print responses, and with them what people wrote.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
