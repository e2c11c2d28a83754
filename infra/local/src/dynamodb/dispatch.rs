//! Which operations run straight on the engine, how a request becomes an answer, and what it consumed.

use dynoxide::DynoxideError;
use dynoxide::actions::{
    batch_get_item::{BatchGetItemRequest, BatchGetItemResponse},
    batch_write_item::{BatchWriteItemRequest, BatchWriteItemResponse},
    delete_item::{DeleteItemRequest, DeleteItemResponse},
    get_item::{GetItemRequest, GetItemResponse},
    put_item::{PutItemRequest, PutItemResponse},
    query::{QueryRequest, QueryResponse},
    scan::{ScanRequest, ScanResponse},
    transact_get_items::{TransactGetItemsRequest, TransactGetItemsResponse},
    transact_write_items::{TransactWriteItemsRequest, TransactWriteItemsResponse},
    update_item::{UpdateItemRequest, UpdateItemResponse},
};
use dynoxide::types::{ConsumedCapacity, item_size, write_capacity_units};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::engine::Engine;
use crate::usage::Usage;

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
pub(super) fn run(engine: &Engine, usage: &Usage, operation: &str, body: &[u8]) -> Outcome {
    let meter = Meter { usage, operation };
    if let Some(served) = engine.direct().answer(operation, body) {
        meter.record(&served.table, served.units);
        if meter.writes() {
            engine.written();
        }
        return Outcome::Done(served.body);
    }
    let outcome = match operation {
        "GetItem" => meter.call(body, |request| engine.reader().get_item(request)),
        "Query" => meter.call(body, |request| engine.reader().query(request)),
        "Scan" => meter.call(body, |request| engine.reader().scan(request)),
        "BatchGetItem" => meter.call(body, |request| engine.reader().batch_get_item(request)),
        "TransactGetItems" => meter.call(body, |request| engine.reader().transact_get_items(request)),
        "PutItem" => meter.call(body, |request| engine.write(|writer| writer.put_item(request))),
        "UpdateItem" => meter.call(body, |request| engine.write(|writer| writer.update_item(request))),
        "DeleteItem" => meter.call(body, |request| engine.write(|writer| writer.delete_item(request))),
        "BatchWriteItem" => {
            meter.call(body, |request| engine.write(|writer| writer.batch_write_item(request)))
        }
        "TransactWriteItems" => {
            meter.call(body, |request| engine.write(|writer| writer.transact_write_items(request)))
        }
        _ => Outcome::Malformed,
    };
    if meter.writes() && matches!(outcome, Outcome::Done(_)) {
        engine.written();
    }
    outcome
}

/// A request that can ask what it consumes.
trait Asks: DeserializeOwned {
    /// `ReturnConsumedCapacity`.
    fn mode(&mut self) -> &mut Option<String>;
}

/// An answer that can say what was consumed.
trait Tells: Serialize {
    /// Takes what it says.
    fn take(&mut self) -> Vec<ConsumedCapacity>;
    /// Puts it back.
    fn put_back(&mut self, consumed: Vec<ConsumedCapacity>);
}

macro_rules! single {
    ($($request:ty => $answer:ty),+ $(,)?) => {$(
        impl Asks for $request {
            fn mode(&mut self) -> &mut Option<String> {
                &mut self.return_consumed_capacity
            }
        }
        impl Tells for $answer {
            fn take(&mut self) -> Vec<ConsumedCapacity> {
                self.consumed_capacity.take().into_iter().collect()
            }
            fn put_back(&mut self, consumed: Vec<ConsumedCapacity>) {
                self.consumed_capacity = consumed.into_iter().next();
            }
        }
    )+};
}

macro_rules! several {
    ($($request:ty => $answer:ty),+ $(,)?) => {$(
        impl Asks for $request {
            fn mode(&mut self) -> &mut Option<String> {
                &mut self.return_consumed_capacity
            }
        }
        impl Tells for $answer {
            fn take(&mut self) -> Vec<ConsumedCapacity> {
                self.consumed_capacity.take().unwrap_or_default()
            }
            fn put_back(&mut self, consumed: Vec<ConsumedCapacity>) {
                self.consumed_capacity = Some(consumed);
            }
        }
    )+};
}

single! {
    GetItemRequest => GetItemResponse,
    QueryRequest => QueryResponse,
    ScanRequest => ScanResponse,
    PutItemRequest => PutItemResponse,
    UpdateItemRequest => UpdateItemResponse,
    DeleteItemRequest => DeleteItemResponse,
}

several! {
    BatchGetItemRequest => BatchGetItemResponse,
    TransactGetItemsRequest => TransactGetItemsResponse,
    BatchWriteItemRequest => BatchWriteItemResponse,
    TransactWriteItemsRequest => TransactWriteItemsResponse,
}

/// Notes what requests of one operation consume.
#[derive(Clone, Copy)]
struct Meter<'a> {
    usage: &'a Usage,
    operation: &'a str,
}

impl Meter<'_> {
    fn writes(self) -> bool {
        kind(self.operation) == Kind::Write
    }

    fn record(self, table: &str, units: f64) {
        let (read, write) = if self.writes() { (0.0, units) } else { (units, 0.0) };
        self.usage.table(table, self.operation, read, write);
    }

    fn call<Q: Asks, A: Tells>(
        self,
        body: &[u8],
        operation: impl FnOnce(Q) -> dynoxide::Result<A>,
    ) -> Outcome {
        let Ok(mut request) = serde_json::from_slice::<Q>(body) else {
            return Outcome::Malformed;
        };
        let mode = request.mode();
        let is_asked = mode.as_deref().is_some_and(|mode| mode != "NONE");
        if !is_asked {
            *mode = Some("TOTAL".to_owned());
        }
        match operation(request) {
            Ok(mut answer) => {
                let consumed = answer.take();
                for consumed in &consumed {
                    self.record(&consumed.table_name, consumed.capacity_units);
                }
                if is_asked {
                    answer.put_back(consumed);
                }
                match serde_json::to_vec(&answer) {
                    Ok(body) => Outcome::Done(body),
                    Err(error) => refused(&DynoxideError::InternalServerError(error.to_string())),
                }
            }
            Err(
                DynoxideError::ValidationException(_)
                | DynoxideError::KeyEmptyValueValidation(_)
                | DynoxideError::EnvelopedValidation(_)
                | DynoxideError::ConversionError(_)
                | DynoxideError::SerializationException(_),
            ) => Outcome::Malformed,
            Err(error) => {
                self.record_refusal(body, &error);
                refused(&error)
            }
        }
    }

    /// A condition that fails is billed for the item that stands there, at least for one unit; each part of a transaction twice.
    fn record_refusal(self, body: &[u8], error: &DynoxideError) {
        let tables: Tables = serde_json::from_slice(body).unwrap_or_default();
        match error {
            DynoxideError::ConditionalCheckFailedException(_, standing) => {
                let size = standing.as_ref().map(item_size).unwrap_or_default();
                self.record(&tables.table_name, write_capacity_units(size));
            }
            DynoxideError::TransactionCanceledException(_, parts) => {
                let tables = tables.transact_items.iter().filter_map(|part| part.values().next());
                for (table, part) in tables.zip(parts) {
                    let size = part.item.as_ref().map(item_size).unwrap_or_default();
                    self.record(&table.table_name, 2.0 * write_capacity_units(size));
                }
            }
            _ => {}
        }
    }
}

/// The tables that a refused request names.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Tables {
    table_name: String,
    transact_items: Vec<std::collections::HashMap<String, TableOfPart>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TableOfPart {
    #[serde(default)]
    table_name: String,
}

fn refused(error: &DynoxideError) -> Outcome {
    Outcome::Refused { status: error.status_code(), body: error.to_json() }
}
