//! Logs: one JSON object per line, ids as fields, never a body, a token, a ticket or an address.

use std::{cell::RefCell, error::Error, fmt::Write, future::Future, time::Duration};

use tracing::Instrument;
use tracing_subscriber::EnvFilter;

tokio::task_local! {
    /// What the line of the present invocation will say.
    static LINE: RefCell<Line>;
}

/// What is found out in the course of an invocation. One line says all of it in the end.
#[derive(Default)]
struct Line {
    route: Option<String>,
    user: Option<String>,
    connection: Option<String>,
    conversation: Option<String>,
    attachment: Option<String>,
    status: Option<u16>,
    code: Option<&'static str>,
    error: Option<String>,
    items: Option<usize>,
    failed: Option<usize>,
}

/// Something that the line of an invocation says.
#[derive(Debug, Clone, Copy)]
pub enum Noted<'a> {
    /// The route that was selected.
    Route(&'a str),
    /// Who calls.
    User(&'a str),
    /// By which socket.
    Connection(&'a str),
    /// About which conversation.
    Conversation(&'a str),
    /// About which attachment.
    Attachment(&'a str),
    /// The status of the answer.
    Status(u16),
    /// Why the request was refused.
    Code(&'static str),
    /// What went wrong inside.
    Error(&'a str),
    /// How many things the event was about.
    Items(usize),
    /// How many of them have to come again.
    Failed(usize),
}

/// Begins to log at the level that `RUST_LOG` names, `info` without; and logs where a panic happened, but not what it said.
pub fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,symphonia=off"));
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

/// Adds to the line that the present invocation ends with.
pub fn note(noted: Noted<'_>) {
    // Outside of an invocation there is no line: in tests.
    let _ = LINE.try_with(|line| {
        let mut line = line.borrow_mut();
        match noted {
            Noted::Route(route) => line.route = Some(route.to_owned()),
            Noted::User(id) => line.user = Some(id.to_owned()),
            Noted::Connection(id) => line.connection = Some(id.to_owned()),
            Noted::Conversation(id) => line.conversation = Some(id.to_owned()),
            Noted::Attachment(id) => line.attachment = Some(id.to_owned()),
            Noted::Status(status) => line.status = Some(status),
            Noted::Code(code) => line.code = Some(code),
            Noted::Error(error) => line.error = Some(error.to_owned()),
            Noted::Items(count) => line.items = Some(count),
            Noted::Failed(count) => line.failed = Some(count),
        }
    });
}

/// How an invocation ended, as far as Lambda is concerned.
pub(crate) enum Ending {
    /// With an answer.
    Answered,
    /// With an error that is an answer.
    Refused(String),
    /// With an error.
    Failed(String),
}

/// Runs an invocation and writes its line. `ending` reads the outcome.
pub(crate) async fn invocation<T>(
    request_id: &str,
    is_cold: bool,
    work: impl Future<Output = T>,
    ending: impl FnOnce(&T) -> Ending,
) -> T {
    let started = std::time::Instant::now();
    let logged = async {
        let outcome = work.await;
        let duration_ms = millis(started.elapsed());
        let line = LINE.with(RefCell::take);
        macro_rules! log {
            ($level:ident, $error:expr, $message:literal) => {
                tracing::$level!(
                    cold = is_cold,
                    duration_ms,
                    route = line.route,
                    user.id = line.user,
                    connection.id = line.connection,
                    conversation.id = line.conversation,
                    status = line.status,
                    code = line.code,
                    items = line.items,
                    failed = line.failed,
                    error = $error,
                    $message
                )
            };
        }
        match (ending(&outcome), line.error) {
            (Ending::Failed(error), _) => log!(error, error, "failed"),
            (Ending::Answered, Some(error)) => log!(warn, error, "handled"),
            (Ending::Answered, None) => log!(info, None::<&str>, "handled"),
            (Ending::Refused(error), _) => log!(info, error, "refused"),
        }
        outcome
    };
    let span = tracing::info_span!("invocation", request.id = request_id);
    LINE.scope(RefCell::default(), logged).instrument(span).await
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

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
