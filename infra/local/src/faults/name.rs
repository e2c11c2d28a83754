//! The names of all faults, as `POST /_local/faults` spells them.

use serde::{Deserialize, Serialize};

/// What can be asked to go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FaultName {
    /// A post to a connection answers 410, and the connection is cut, as it is where API Gateway says so.
    #[serde(rename = "connections.gone")]
    ConnectionsGone,
    /// A post to a connection answers 429.
    #[serde(rename = "connections.limit")]
    ConnectionsLimit,
    /// A post to a connection takes long.
    #[serde(rename = "connections.slow")]
    ConnectionsSlow,
    /// A post to a connection ends in a reset.
    #[serde(rename = "connections.reset")]
    ConnectionsReset,
    /// A post answers 200 and the frame is lost.
    #[serde(rename = "connections.drop")]
    ConnectionsDrop,
    /// A post's frame arrives twice.
    #[serde(rename = "connections.duplicate")]
    ConnectionsDuplicate,
    /// A request is refused for its rate, nothing applied.
    #[serde(rename = "dynamodb.throttle")]
    DynamodbThrottle,
    /// A write collides with a transaction, nothing applied.
    #[serde(rename = "dynamodb.conflict")]
    DynamodbConflict,
    /// A request answers 500, nothing applied.
    #[serde(rename = "dynamodb.internal")]
    DynamodbInternal,
    /// A request is applied and its answer is lost.
    #[serde(rename = "dynamodb.lost_reply")]
    DynamodbLostReply,
    /// A write is applied twice, as by a retry that the caller never saw.
    #[serde(rename = "dynamodb.duplicate")]
    DynamodbDuplicate,
    /// A batch call leaves all of its parts unprocessed.
    #[serde(rename = "dynamodb.unprocessed")]
    DynamodbUnprocessed,
    /// A request takes long.
    #[serde(rename = "dynamodb.slow")]
    DynamodbSlow,
    /// A request is never answered.
    #[serde(rename = "dynamodb.hang")]
    DynamodbHang,
    /// The server stops, its data lost, and comes back after the delay.
    #[serde(rename = "redis.kill")]
    RedisKill,
    /// Commands are not answered.
    #[serde(rename = "redis.hang")]
    RedisHang,
    /// A command ends in a closed connection.
    #[serde(rename = "redis.reset")]
    RedisReset,
    /// Writes are refused as by a replica.
    #[serde(rename = "redis.readonly")]
    RedisReadonly,
    /// Everything is forgotten.
    #[serde(rename = "redis.empty")]
    RedisEmpty,
    /// The function's process is killed.
    #[serde(rename = "function.kill")]
    FunctionKill,
    /// The function runs into its timeout.
    #[serde(rename = "function.timeout")]
    FunctionTimeout,
    /// The function takes long.
    #[serde(rename = "function.slow")]
    FunctionSlow,
    /// The function is invoked twice for one event.
    #[serde(rename = "function.twice")]
    FunctionTwice,
    /// A batch of stream records is delivered twice.
    #[serde(rename = "stream.twice")]
    StreamTwice,
    /// A batch of stream records arrives out of order.
    #[serde(rename = "stream.shuffle")]
    StreamShuffle,
    /// Stream records arrive late.
    #[serde(rename = "stream.late")]
    StreamLate,
    /// A request to S3 is refused for its rate.
    #[serde(rename = "s3.throttle")]
    S3Throttle,
    /// A request to S3 answers 500, nothing applied.
    #[serde(rename = "s3.internal")]
    S3Internal,
    /// A request to S3 takes long.
    #[serde(rename = "s3.slow")]
    S3Slow,
    /// A request to S3 is not answered while it lasts.
    #[serde(rename = "s3.hang")]
    S3Hang,
    /// A bucket's event is delivered twice.
    #[serde(rename = "s3event.twice")]
    S3eventTwice,
    /// A bucket's events arrive out of order.
    #[serde(rename = "s3event.shuffle")]
    S3eventShuffle,
    /// A bucket's events arrive late.
    #[serde(rename = "s3event.late")]
    S3eventLate,
    /// A scan comes to no result and says so.
    #[serde(rename = "scan.fail")]
    ScanFail,
    /// A scan begins late.
    #[serde(rename = "scan.slow")]
    ScanSlow,
    /// A scan's result is never told.
    #[serde(rename = "scan.lost")]
    ScanLost,
    /// A scan's result is told twice.
    #[serde(rename = "scan.twice")]
    ScanTwice,
    /// An entry of `PutEvents` is refused for its rate, the others are put.
    #[serde(rename = "events.throttle")]
    EventsThrottle,
    /// An event goes to the targets of its rules twice.
    #[serde(rename = "events.twice")]
    EventsTwice,
    /// One relay is killed.
    #[serde(rename = "relay.kill")]
    RelayKill,
    /// Every socket is cut.
    #[serde(rename = "sockets.cut")]
    SocketsCut,
    /// `$disconnect` is not called.
    #[serde(rename = "disconnect.lost")]
    DisconnectLost,
}

impl FaultName {
    /// Every name there is.
    pub const ALL: &'static [Self] = &[
        Self::ConnectionsGone,
        Self::ConnectionsLimit,
        Self::ConnectionsSlow,
        Self::ConnectionsReset,
        Self::ConnectionsDrop,
        Self::ConnectionsDuplicate,
        Self::DynamodbThrottle,
        Self::DynamodbConflict,
        Self::DynamodbInternal,
        Self::DynamodbLostReply,
        Self::DynamodbDuplicate,
        Self::DynamodbUnprocessed,
        Self::DynamodbSlow,
        Self::DynamodbHang,
        Self::RedisKill,
        Self::RedisHang,
        Self::RedisReset,
        Self::RedisReadonly,
        Self::RedisEmpty,
        Self::FunctionKill,
        Self::FunctionTimeout,
        Self::FunctionSlow,
        Self::FunctionTwice,
        Self::StreamTwice,
        Self::StreamShuffle,
        Self::StreamLate,
        Self::S3Throttle,
        Self::S3Internal,
        Self::S3Slow,
        Self::S3Hang,
        Self::S3eventTwice,
        Self::S3eventShuffle,
        Self::S3eventLate,
        Self::ScanFail,
        Self::ScanSlow,
        Self::ScanLost,
        Self::ScanTwice,
        Self::EventsThrottle,
        Self::EventsTwice,
        Self::RelayKill,
        Self::SocketsCut,
        Self::DisconnectLost,
    ];

    /// The name as it is spelled outside.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConnectionsGone => "connections.gone",
            Self::ConnectionsLimit => "connections.limit",
            Self::ConnectionsSlow => "connections.slow",
            Self::ConnectionsReset => "connections.reset",
            Self::ConnectionsDrop => "connections.drop",
            Self::ConnectionsDuplicate => "connections.duplicate",
            Self::DynamodbThrottle => "dynamodb.throttle",
            Self::DynamodbConflict => "dynamodb.conflict",
            Self::DynamodbInternal => "dynamodb.internal",
            Self::DynamodbLostReply => "dynamodb.lost_reply",
            Self::DynamodbDuplicate => "dynamodb.duplicate",
            Self::DynamodbUnprocessed => "dynamodb.unprocessed",
            Self::DynamodbSlow => "dynamodb.slow",
            Self::DynamodbHang => "dynamodb.hang",
            Self::RedisKill => "redis.kill",
            Self::RedisHang => "redis.hang",
            Self::RedisReset => "redis.reset",
            Self::RedisReadonly => "redis.readonly",
            Self::RedisEmpty => "redis.empty",
            Self::FunctionKill => "function.kill",
            Self::FunctionTimeout => "function.timeout",
            Self::FunctionSlow => "function.slow",
            Self::FunctionTwice => "function.twice",
            Self::StreamTwice => "stream.twice",
            Self::StreamShuffle => "stream.shuffle",
            Self::StreamLate => "stream.late",
            Self::S3Throttle => "s3.throttle",
            Self::S3Internal => "s3.internal",
            Self::S3Slow => "s3.slow",
            Self::S3Hang => "s3.hang",
            Self::S3eventTwice => "s3event.twice",
            Self::S3eventShuffle => "s3event.shuffle",
            Self::S3eventLate => "s3event.late",
            Self::ScanFail => "scan.fail",
            Self::ScanSlow => "scan.slow",
            Self::ScanLost => "scan.lost",
            Self::ScanTwice => "scan.twice",
            Self::EventsThrottle => "events.throttle",
            Self::EventsTwice => "events.twice",
            Self::RelayKill => "relay.kill",
            Self::SocketsCut => "sockets.cut",
            Self::DisconnectLost => "disconnect.lost",
        }
    }

    /// Finds a name by its spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|name| name.as_str() == text)
    }

    /// Says whether it strikes once, when it is asked for, instead of lasting.
    pub const fn happens_once(self) -> bool {
        matches!(self, Self::RedisKill | Self::RelayKill | Self::SocketsCut)
    }
}
