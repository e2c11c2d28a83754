//! One table and the calls that the adapters make on it, with the outcomes that they act on and the failures that they pass on.

mod batch;
mod query;
mod transaction;

use std::{collections::HashMap, error::Error, sync::Arc};

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::{delete_item::DeleteItemError, put_item::PutItemError, update_item::UpdateItemError},
    types::{
        AttributeValue, ConsumedCapacity, ReturnConsumedCapacity, ReturnValue,
        ReturnValuesOnConditionCheckFailure,
    },
};
use parlance_application::ports::PortError;

pub use self::{
    query::{RangeQuery, SortRange},
    transaction::{Refusal, Transacted, Write},
};
use super::{
    attributes::Item,
    capacity::CapacityMeter,
    keys::{self, Key},
};
use crate::aws::failure::failed;

/// A condition on a write, or an update's expression: its text and what its `#names` and `:values` stand for.
#[derive(Debug, Clone, Default)]
pub struct Expression {
    /// The text.
    pub text: &'static str,
    /// What each `#name` stands for.
    pub names: Vec<(&'static str, &'static str)>,
    /// What each `:value` stands for.
    pub values: Vec<(&'static str, AttributeValue)>,
}

impl Expression {
    /// Holds where there is no item.
    pub fn absent() -> Self {
        Self { text: "attribute_not_exists(pk)", ..Self::default() }
    }

    fn names(&self) -> Option<HashMap<String, String>> {
        let names = self.names.iter().map(|(name, attribute)| ((*name).to_owned(), (*attribute).to_owned()));
        (!self.names.is_empty()).then(|| names.collect())
    }

    fn values(&self) -> Option<Item> {
        let values = self.values.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        (!self.values.is_empty()).then(|| values.collect())
    }
}

/// What became of a conditional write.
#[derive(Debug)]
pub enum Written {
    /// It was written.
    Done,
    /// The condition failed; the item that stands there, if there is one.
    Refused(Option<Item>),
    /// A transaction was writing there; nothing was written.
    Contended,
}

/// One table.
#[derive(Debug, Clone)]
pub struct Table {
    client: Client,
    name: Arc<str>,
    port: &'static str,
    meter: Option<Arc<CapacityMeter>>,
}

impl Table {
    /// Names the table; failures are those of `port`.
    pub fn new(client: Client, name: &str, port: &'static str, meter: Option<Arc<CapacityMeter>>) -> Self {
        Self { client, name: name.into(), port, meter }
    }

    /// Which port the table keeps, for its errors.
    pub fn port(&self) -> &'static str {
        self.port
    }

    /// Opens a connection ahead of its first use, by asking for a user that does not exist.
    pub async fn prewarm(&self) {
        let nobody = Key { partition: keys::USER.into(), sort: keys::USER.into() };
        if let Err(error) = self.get(nobody, false).await {
            tracing::debug!(error = &error as &dyn Error, "not connected ahead");
        }
    }

    /// Reads one item.
    pub async fn get(&self, key: Key, consistent: bool) -> Result<Option<Item>, PortError> {
        let answer = self
            .client
            .get_item()
            .table_name(&*self.name)
            .set_key(Some(key.into_item()))
            .consistent_read(consistent)
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await
            .map_err(|error| failed(self.port, "GetItem", &error))?;
        self.record("GetItem", answer.consumed_capacity());
        Ok(answer.item)
    }

    /// Writes one item if the condition holds; without one, whatever stands there.
    pub async fn put(&self, item: Item, condition: Option<Expression>) -> Result<Written, PortError> {
        let mut call = self
            .client
            .put_item()
            .table_name(&*self.name)
            .set_item(Some(item))
            .set_return_consumed_capacity(self.capacity());
        if let Some(condition) = condition {
            call = call
                .condition_expression(condition.text)
                .set_expression_attribute_names(condition.names())
                .set_expression_attribute_values(condition.values())
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        }
        let answer = call.send().await;
        self.record("PutItem", answer.as_ref().ok().and_then(|answer| answer.consumed_capacity()));
        self.written("PutItem", answer)
    }

    /// Changes one item if the condition holds; names and values are those of both expressions.
    pub async fn update_if(
        &self,
        key: Key,
        update: Expression,
        condition: &'static str,
    ) -> Result<Written, PortError> {
        let answer = self
            .client
            .update_item()
            .table_name(&*self.name)
            .set_key(Some(key.into_item()))
            .update_expression(update.text)
            .condition_expression(condition)
            .set_expression_attribute_names(update.names())
            .set_expression_attribute_values(update.values())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await;
        self.record("UpdateItem", answer.as_ref().ok().and_then(|answer| answer.consumed_capacity()));
        self.written("UpdateItem", answer)
    }

    /// Deletes one item and returns what stood there.
    pub async fn take(&self, key: Key) -> Result<Option<Item>, PortError> {
        let answer = self
            .client
            .delete_item()
            .table_name(&*self.name)
            .set_key(Some(key.into_item()))
            .return_values(ReturnValue::AllOld)
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await
            .map_err(|error| failed(self.port, "DeleteItem", &error))?;
        self.record("DeleteItem", answer.consumed_capacity());
        Ok(answer.attributes)
    }

    /// Deletes one item if the condition holds.
    pub async fn delete_if(&self, key: Key, condition: Expression) -> Result<Written, PortError> {
        let answer = self
            .client
            .delete_item()
            .table_name(&*self.name)
            .set_key(Some(key.into_item()))
            .condition_expression(condition.text)
            .set_expression_attribute_names(condition.names())
            .set_expression_attribute_values(condition.values())
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await;
        self.record("DeleteItem", answer.as_ref().ok().and_then(|answer| answer.consumed_capacity()));
        self.written("DeleteItem", answer)
    }

    fn written<T, E: ConditionalError>(
        &self,
        operation: &'static str,
        answer: Result<T, SdkError<E>>,
    ) -> Result<Written, PortError> {
        match answer {
            Ok(_) => Ok(Written::Done),
            Err(error) => error
                .as_service_error()
                .and_then(ConditionalError::answer)
                .ok_or_else(|| failed(self.port, operation, &error)),
        }
    }

    fn capacity(&self) -> Option<ReturnConsumedCapacity> {
        self.meter.as_ref().map(|_| ReturnConsumedCapacity::Total)
    }

    fn record<'a>(&self, operation: &'static str, capacity: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        if let Some(meter) = &self.meter {
            meter.record(operation, capacity);
        }
    }
}

/// The error of a conditional write, which may be an answer.
trait ConditionalError: Error + ProvideErrorMetadata + 'static {
    fn answer(&self) -> Option<Written>;
}

impl ConditionalError for PutItemError {
    fn answer(&self) -> Option<Written> {
        match self {
            Self::ConditionalCheckFailedException(refusal) => Some(Written::Refused(refusal.item.clone())),
            Self::TransactionConflictException(_) => Some(Written::Contended),
            _ => None,
        }
    }
}

impl ConditionalError for UpdateItemError {
    fn answer(&self) -> Option<Written> {
        match self {
            Self::ConditionalCheckFailedException(refusal) => Some(Written::Refused(refusal.item.clone())),
            Self::TransactionConflictException(_) => Some(Written::Contended),
            _ => None,
        }
    }
}

impl ConditionalError for DeleteItemError {
    fn answer(&self) -> Option<Written> {
        match self {
            Self::ConditionalCheckFailedException(refusal) => Some(Written::Refused(refusal.item.clone())),
            Self::TransactionConflictException(_) => Some(Written::Contended),
            _ => None,
        }
    }
}
