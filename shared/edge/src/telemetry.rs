//! Logs: one JSON object per line, ids as fields, never a body, a token, a ticket or an address.

use std::{error::Error, fmt::Write, time::Duration};

use tracing::{Span, Value, field::Empty};
use tracing_subscriber::EnvFilter;

/// Begins to log at the level that `RUST_LOG` names, `info` without; and logs where a panic happened, but not what it said.
pub fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(filter)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(false)
        .init();
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, "panicked");
    }));
}

/// The span of one invocation. What is found out in its course is recorded in it, so that one line says all.
pub(crate) fn invocation(request_id: &str, is_cold: bool) -> Span {
    tracing::info_span!(
        "invocation",
        request.id = request_id,
        cold = is_cold,
        route = Empty,
        user.id = Empty,
        connection.id = Empty,
        conversation.id = Empty,
        status = Empty,
        code = Empty,
        error = Empty,
        connections = Empty,
        failed = Empty,
    )
}

/// Adds a field to the line that the present invocation ends with.
pub fn record(field: &str, value: impl Value) {
    Span::current().record(field, value);
}

/// An error and everything that caused it, as one line for the log.
pub fn causes(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let _ = write!(line, ": {cause}");
        next = cause.source();
    }
    line
}

/// A duration as milliseconds with a fraction.
pub fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
