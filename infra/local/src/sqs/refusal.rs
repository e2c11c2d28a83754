//! What SQS refuses with, in the names of both of its protocols.

use serde_json::{Value, json};

/// Why a request is refused. The names are those of the service's model; which of them the service itself chooses for
/// malformed parameters is not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No queue of this name.
    NoSuchQueue,
    /// A receipt handle that was never given out.
    InvalidReceiptHandle,
    /// The message is not being processed, so its visibility cannot change.
    NotInFlight,
    /// A message with characters that SQS does not carry, or none at all.
    InvalidContents(&'static str),
    /// A parameter out of its range.
    InvalidParameter(String),
    /// A parameter that has to be there.
    MissingParameter(&'static str),
    /// A batch of nothing.
    EmptyBatch,
    /// A batch of more than ten.
    TooManyEntries,
    /// Two entries with one id.
    EntryIdsNotDistinct,
    /// A batch larger than one message may be.
    BatchTooLong,
    /// An operation that is not known here.
    UnknownOperation(String),
    /// A body that is no request.
    Unreadable(String),
    /// The file refused.
    Internal,
}

impl Refusal {
    /// The HTTP status.
    pub(crate) fn status(&self) -> u16 {
        if *self == Self::Internal { 500 } else { 400 }
    }

    /// The name in the JSON protocol.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::NoSuchQueue => "com.amazonaws.sqs#QueueDoesNotExist",
            Self::InvalidReceiptHandle => "com.amazonaws.sqs#ReceiptHandleIsInvalid",
            Self::NotInFlight => "com.amazonaws.sqs#MessageNotInflight",
            Self::InvalidContents(_) => "com.amazonaws.sqs#InvalidMessageContents",
            Self::InvalidParameter(_) => "com.amazonaws.sqs#InvalidParameterValueException",
            Self::MissingParameter(_) => "com.amazonaws.sqs#MissingRequiredParameterException",
            Self::EmptyBatch => "com.amazonaws.sqs#EmptyBatchRequest",
            Self::TooManyEntries => "com.amazonaws.sqs#TooManyEntriesInBatchRequest",
            Self::EntryIdsNotDistinct => "com.amazonaws.sqs#BatchEntryIdsNotDistinct",
            Self::BatchTooLong => "com.amazonaws.sqs#BatchRequestTooLong",
            Self::UnknownOperation(_) => "com.amazon.coral.service#UnknownOperationException",
            Self::Unreadable(_) => "com.amazon.coral.service#SerializationException",
            Self::Internal => "com.amazonaws.sqs#InternalError",
        }
    }

    /// The name in the older protocol, which SDKs still report.
    pub(crate) fn query_name(&self) -> &'static str {
        match self {
            Self::NoSuchQueue => "AWS.SimpleQueueService.NonExistentQueue",
            Self::InvalidReceiptHandle => "ReceiptHandleIsInvalid",
            Self::NotInFlight => "AWS.SimpleQueueService.MessageNotInflight",
            Self::InvalidContents(_) => "InvalidMessageContents",
            Self::InvalidParameter(_) => "InvalidParameterValue",
            Self::MissingParameter(_) => "MissingParameter",
            Self::EmptyBatch => "AWS.SimpleQueueService.EmptyBatchRequest",
            Self::TooManyEntries => "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            Self::EntryIdsNotDistinct => "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
            Self::BatchTooLong => "AWS.SimpleQueueService.BatchRequestTooLong",
            Self::UnknownOperation(_) => "InvalidAction",
            Self::Unreadable(_) => "MalformedInput",
            Self::Internal => "InternalError",
        }
    }

    /// What it says to a person.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::NoSuchQueue => "The specified queue does not exist.".into(),
            Self::InvalidReceiptHandle => "The input receipt handle is invalid.".into(),
            Self::NotInFlight => "The message is not in flight.".into(),
            Self::InvalidContents(why) => (*why).into(),
            Self::InvalidParameter(why) | Self::Unreadable(why) => why.clone(),
            Self::MissingParameter(name) => format!("The request must contain the parameter {name}."),
            Self::EmptyBatch => "There should be at least one entry in the request.".into(),
            Self::TooManyEntries => "Maximum number of entries per request are 10.".into(),
            Self::EntryIdsNotDistinct => "Two or more batch entries in the request have the same Id.".into(),
            Self::BatchTooLong => {
                "The length of all the messages put together is more than the limit.".into()
            }
            Self::UnknownOperation(name) => format!("The operation {name} is not known here."),
            Self::Internal => "The request failed.".into(),
        }
    }

    /// The body that tells the client.
    pub(crate) fn body(&self) -> Value {
        json!({ "__type": self.name(), "message": self.message() })
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        tracing::error!(%error, "SQS could not keep or find a message");
        Self::Internal
    }
}
