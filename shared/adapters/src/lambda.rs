//! Invoking other functions.

pub mod inspection;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_lambda::{
    Client,
    config::{Builder, timeout::TimeoutConfig},
    primitives::Blob,
    types::InvocationType,
};
use parlance_application::ports::{
    PortError,
    delivery::{FanOutInvoker, FanOutOrder},
};
use parlance_domain::{
    connection::Connection,
    ids::{ConnectionId, UserId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::{
    aws::failure::failed,
    dynamodb::{decode_scope, encode_scope},
};

/// A function that is invoked with events.
#[derive(Debug, Clone)]
pub struct LambdaFunction {
    client: Client,
    name: String,
    port: &'static str,
}

impl LambdaFunction {
    /// Names the function; failures are those of `port`.
    pub fn new(client: Client, name: &str, port: &'static str) -> Self {
        Self { client, name: name.to_owned(), port }
    }

    /// Hands over an event; it is handled at least once.
    pub async fn hand_over(&self, payload: Vec<u8>) -> Result<(), PortError> {
        let call = self
            .client
            .invoke()
            .function_name(&self.name)
            .invocation_type(InvocationType::Event)
            .payload(Blob::new(payload));
        call.send().await.map_err(|error| failed(self.port, "Invoke", &error)).map(drop)
    }

    /// Asks a question and waits for the answer, no longer than this.
    pub async fn ask(&self, payload: Vec<u8>, patience: Duration) -> Result<Answered, PortError> {
        let timeouts =
            TimeoutConfig::builder().operation_attempt_timeout(patience).operation_timeout(patience).build();
        let call = self
            .client
            .invoke()
            .function_name(&self.name)
            .invocation_type(InvocationType::RequestResponse)
            .payload(Blob::new(payload));
        let call = call.customize().config_override(Builder::new().timeout_config(timeouts));
        let answer = call.send().await.map_err(|error| failed(self.port, "Invoke", &error))?;
        if answer.function_error().is_some() {
            return Ok(Answered::Failed);
        }
        Ok(Answered::With(answer.payload.map(Blob::into_inner).unwrap_or_default()))
    }
}

/// What became of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// This came back.
    With(Vec<u8>),
    /// The function failed, died, or took too long.
    Failed,
}

/// The function `fan-out`.
#[derive(Debug, Clone)]
pub struct LambdaFanOut {
    function: LambdaFunction,
}

impl LambdaFanOut {
    /// Hands over to this function.
    pub fn new(function: LambdaFunction) -> Self {
        Self { function }
    }
}

#[async_trait]
impl FanOutInvoker for LambdaFanOut {
    async fn hand_over(&self, order: &FanOutOrder) -> Result<(), PortError> {
        let payload =
            encode_fan_out_order(order).map_err(|error| PortError::new(self.function.port, error))?;
        self.function.hand_over(payload).await
    }
}

#[derive(Serialize, Deserialize)]
struct FanOutEvent<'a> {
    frame: std::borrow::Cow<'a, str>,
    #[serde(default, rename = "droppable", skip_serializing_if = "std::ops::Not::not")]
    is_droppable: bool,
    connections: Vec<FanOutConnection>,
}

#[derive(Serialize, Deserialize)]
struct FanOutConnection {
    id: ConnectionId,
    user: UserId,
    scope: String,
    expires_at: u64,
    opened_at: u64,
}

/// An order that cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[error("an order for fan-out cannot be read")]
pub struct MalformedOrder;

/// The event that `fan-out` is invoked with. Frames are text, so the event carries them as such.
pub fn encode_fan_out_order(order: &FanOutOrder) -> Result<Vec<u8>, MalformedOrder> {
    let connections = order.connections.iter().map(|connection| FanOutConnection {
        id: connection.id.clone(),
        user: connection.user.clone(),
        scope: encode_scope(connection.scope),
        expires_at: connection.expires_at.as_millis(),
        opened_at: connection.opened_at.as_millis(),
    });
    let frame = std::str::from_utf8(&order.frame).map_err(|_| MalformedOrder)?;
    let event = FanOutEvent {
        frame: frame.into(),
        is_droppable: order.is_droppable,
        connections: connections.collect(),
    };
    serde_json::to_vec(&event).map_err(|_| MalformedOrder)
}

/// Reads the event that `fan-out` is invoked with.
pub fn decode_fan_out_order(event: &serde_json::Value) -> Result<FanOutOrder, MalformedOrder> {
    let event = FanOutEvent::deserialize(event).map_err(|_| MalformedOrder)?;
    let connections = event.connections.into_iter().map(|connection| {
        Ok(Connection {
            scope: decode_scope(&connection.scope).ok_or(MalformedOrder)?,
            id: connection.id,
            user: connection.user,
            expires_at: Timestamp::from_millis(connection.expires_at),
            opened_at: Timestamp::from_millis(connection.opened_at),
        })
    });
    let connections = connections.collect::<Result<_, _>>()?;
    let frame = event.frame.into_owned().into_bytes();
    Ok(FanOutOrder { frame, is_droppable: event.is_droppable, connections })
}

#[cfg(test)]
mod tests {
    use parlance_domain::{connection::SocketScope, ids::ConversationId};

    use super::*;

    #[test]
    fn an_order_comes_out_as_it_went_in() {
        let connection = Connection {
            id: ConnectionId::parse("abc=").unwrap(),
            user: UserId::parse("al\"ice").unwrap(),
            scope: SocketScope::Conversation(ConversationId::from_bytes([2; 16])),
            expires_at: Timestamp::from_millis(5),
            opened_at: Timestamp::from_millis(4),
        };
        let frame = br#"{"type":"\u0041"}"#.to_vec();
        for is_droppable in [false, true] {
            let connections = vec![connection.clone(); 250];
            let order = FanOutOrder { frame: frame.clone(), is_droppable, connections };
            let payload = encode_fan_out_order(&order).unwrap();
            assert!(payload.len() < 64 * 1024, "{} bytes", payload.len());
            let event = serde_json::from_slice(&payload).unwrap();
            assert_eq!(decode_fan_out_order(&event).unwrap(), order);
        }
        assert!(decode_fan_out_order(&serde_json::json!({"frame": 1})).is_err());
    }
}
