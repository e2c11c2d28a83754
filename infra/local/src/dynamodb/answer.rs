//! DynamoDB's answers, and the errors that faults put in their place.

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;

use crate::faults::FaultName;
use crate::loopback::http::json;

const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

/// What the caller gets for a request that was done.
pub(super) fn done(body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    json(StatusCode::OK, CONTENT_TYPE, body)
}

/// What the caller gets for a request that was refused.
pub(super) fn refused(status: u16, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    json(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), CONTENT_TYPE, body)
}

/// The error that stands for a fault, for the faults that refuse.
pub(super) fn fault(name: FaultName, writes: bool) -> Option<Response<Full<Bytes>>> {
    let (status, kind, message) = match name {
        FaultName::DynamodbThrottle => (
            400,
            "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
            "The level of configured provisioned throughput for the table was exceeded. Consider increasing your \
             provisioning level with the UpdateTable API.",
        ),
        FaultName::DynamodbConflict if writes => (
            400,
            "com.amazonaws.dynamodb.v20120810#TransactionConflictException",
            "Transaction is ongoing for the item",
        ),
        FaultName::DynamodbInternal => {
            (500, "com.amazonaws.dynamodb.v20120810#InternalServerError", "Internal server error")
        }
        _ => return None,
    };
    Some(refused(status, serde_json::json!({ "__type": kind, "message": message }).to_string()))
}

/// A transaction that met another one.
pub(super) fn canceled_by_conflict(parts: usize) -> Response<Full<Bytes>> {
    canceled(parts, "TransactionConflict", "Transaction is ongoing for the item")
}

/// A transaction that came too fast.
pub(super) fn canceled_by_throttling(parts: usize) -> Response<Full<Bytes>> {
    let message = "Throughput exceeds the current capacity for one or more tables or indexes. DynamoDB is automatically scaling \
                   your table or index so please try again shortly.";
    canceled(parts, "ThrottlingError", message)
}

/// A transaction that was cancelled for the sake of its first part.
fn canceled(parts: usize, code: &str, message: &str) -> Response<Full<Bytes>> {
    let reasons: Vec<_> = (0..parts.max(1))
        .map(|part| match part {
            0 => serde_json::json!({"Code": code, "Message": message}),
            _ => serde_json::json!({"Code": "None"}),
        })
        .collect();
    let codes: Vec<_> = (0..parts.max(1)).map(|part| if part == 0 { code } else { "None" }).collect();
    let body = serde_json::json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": format!(
            "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
            codes.join(", ")
        ),
        "CancellationReasons": reasons,
    });
    refused(400, body.to_string())
}

/// A batch of which nothing was done, if it is one.
pub(super) fn unprocessed(operation: &str, request: &[u8]) -> Option<Response<Full<Bytes>>> {
    let request: serde_json::Value = serde_json::from_slice(request).ok()?;
    let items = request.get("RequestItems")?;
    let body = match operation {
        "BatchWriteItem" => serde_json::json!({ "UnprocessedItems": items }),
        "BatchGetItem" => serde_json::json!({ "Responses": {}, "UnprocessedKeys": items }),
        _ => return None,
    };
    Some(done(body.to_string()))
}
