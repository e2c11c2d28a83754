//! The errors that Lambda itself reports of an invocation, in AWS's words.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::InvocationOutcome;

const UNHANDLED: &str = "Unhandled";

fn body(error_type: &str, message: &str) -> Bytes {
    Bytes::from(json!({ "errorType": error_type, "errorMessage": message }).to_string())
}

/// The process ended while it held the event, or before it could take it.
pub(super) fn exited(request_id: &str, how: &str) -> InvocationOutcome {
    let how = how.replacen("signal:", "Runtime exited with error: signal:", 1).replacen(
        "exit status:",
        "Runtime exited with error: exit status",
        1,
    );
    let payload = body("Runtime.ExitError", &format!("RequestId: {request_id} Error: {how}"));
    InvocationOutcome::FunctionError { kind: UNHANDLED.to_owned(), payload }
}

/// The function ran past its timeout.
pub(super) fn timed_out(request_id: &str, timeout: Duration) -> InvocationOutcome {
    let message =
        format!("RequestId: {request_id} Error: Task timed out after {:.2} seconds", timeout.as_secs_f64());
    InvocationOutcome::TimedOut { payload: body("Sandbox.Timedout", &message) }
}

/// The answer is larger than a synchronous invocation may return.
pub(super) fn answer_too_large(most: usize) -> InvocationOutcome {
    let message = format!("Response payload size exceeded maximum allowed payload size ({most} bytes).");
    let payload = body("Function.ResponseSizeTooLarge", &message);
    InvocationOutcome::FunctionError { kind: UNHANDLED.to_owned(), payload }
}

/// What the function itself reported.
pub(super) fn reported(payload: Bytes) -> InvocationOutcome {
    InvocationOutcome::FunctionError { kind: UNHANDLED.to_owned(), payload }
}

/// The body of a refusal by the Invoke operation.
pub(super) fn refusal(kind: &str, message: &str) -> Value {
    json!({ "Type": kind, "Message": message })
}
