//! Failed calls to AWS, told so that nothing of what people wrote is told with them.

use std::error::Error;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use parlance_application::ports::PortError;

/// A call that failed. Its text names operation and cause and never a payload.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: {cause}")]
pub struct CallFailed {
    operation: &'static str,
    cause: String,
}

/// Turns a failed call into the port's error.
pub fn failed<E, R>(port: &'static str, operation: &'static str, error: &SdkError<E, R>) -> PortError
where
    E: Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug + 'static,
{
    let cause = match error {
        SdkError::ServiceError(context) => {
            let error = context.err();
            format!("{} ({})", error.code().unwrap_or("unknown"), error.message().unwrap_or("no message"))
        }
        other => causes(other),
    };
    failed_because(port, operation, cause)
}

/// A failure that is not the SDK's.
pub fn failed_because(port: &'static str, operation: &'static str, cause: impl Into<String>) -> PortError {
    PortError::new(port, CallFailed { operation, cause: cause.into() })
}

/// The whole chain by `Display`: `Debug` would print responses.
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
