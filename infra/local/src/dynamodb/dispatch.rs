//! Which operations run straight on the engine, and how a request becomes an answer.

use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::engine::Engine;

/// What a request may do, which decides the database that it runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Reads items.
    Read,
    /// Writes items.
    Write,
    /// Anything else, tables among them: the engine's own server answers it.
    Other,
}

/// How a request ended.
pub(super) enum Outcome {
    /// It was done.
    Done(Vec<u8>),
    /// It was refused, nothing applied.
    Refused {
        /// The HTTP status.
        status: u16,
        /// AWS's error.
        body: String,
    },
    /// It is malformed: the engine's own server knows AWS's words for that.
    Malformed,
}

/// The kind of an operation.
pub(super) fn kind(operation: &str) -> Kind {
    match operation {
        "GetItem" | "Query" | "Scan" | "BatchGetItem" | "TransactGetItems" => Kind::Read,
        "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems" => Kind::Write,
        _ => Kind::Other,
    }
}

/// Runs an operation on items; it blocks.
pub(super) fn run(engine: &Engine, operation: &str, body: &[u8]) -> Outcome {
    match operation {
        "GetItem" => call(body, |request| engine.reader().get_item(request)),
        "Query" => call(body, |request| engine.reader().query(request)),
        "Scan" => call(body, |request| engine.reader().scan(request)),
        "BatchGetItem" => call(body, |request| engine.reader().batch_get_item(request)),
        "TransactGetItems" => call(body, |request| engine.reader().transact_get_items(request)),
        "PutItem" => write(engine, body, Database::put_item),
        "UpdateItem" => write(engine, body, Database::update_item),
        "DeleteItem" => write(engine, body, Database::delete_item),
        "BatchWriteItem" => write(engine, body, Database::batch_write_item),
        "TransactWriteItems" => write(engine, body, Database::transact_write_items),
        _ => Outcome::Malformed,
    }
}

fn write<Q: DeserializeOwned, A: Serialize>(
    engine: &Engine,
    body: &[u8],
    operation: impl FnOnce(&Database, Q) -> dynoxide::Result<A>,
) -> Outcome {
    let outcome = call(body, |request| operation(engine.writer(), request));
    if matches!(outcome, Outcome::Done(_)) {
        engine.written();
    }
    outcome
}

fn call<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    operation: impl FnOnce(Q) -> dynoxide::Result<A>,
) -> Outcome {
    let Ok(request) = serde_json::from_slice(body) else {
        return Outcome::Malformed;
    };
    match operation(request) {
        Ok(answer) => match serde_json::to_vec(&answer) {
            Ok(body) => Outcome::Done(body),
            Err(error) => refused(&DynoxideError::InternalServerError(error.to_string())),
        },
        Err(
            DynoxideError::ValidationException(_)
            | DynoxideError::KeyEmptyValueValidation(_)
            | DynoxideError::EnvelopedValidation(_)
            | DynoxideError::ConversionError(_)
            | DynoxideError::SerializationException(_),
        ) => Outcome::Malformed,
        Err(error) => refused(&error),
    }
}

fn refused(error: &DynoxideError) -> Outcome {
    Outcome::Refused { status: error.status_code(), body: error.to_json() }
}
