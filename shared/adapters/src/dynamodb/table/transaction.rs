//! Several writes, all or nothing.

use aws_sdk_dynamodb::{
    operation::transact_write_items::{TransactWriteItemsError, TransactWriteItemsOutput},
    types::{
        CancellationReason, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure,
        TransactWriteItem, Update,
    },
};
use parlance_application::ports::PortError;

use super::{Expression, Table};
use crate::aws::failure::{failed, failed_because};
use crate::dynamodb::{
    attributes::Item,
    keys::Key,
    retry::{ATTEMPTS, pause},
};

/// One write of a transaction.
#[derive(Debug, Clone)]
pub enum Write {
    /// Puts an item; a condition that fails returns the item that stands there.
    Put(Item, Option<Expression>),
    /// Changes an item. Names and values are those of both expressions.
    Update(Key, Expression, &'static str),
    /// Deletes an item.
    Delete(Key, Option<Expression>),
    /// Changes nothing, and stands in the way unless the condition holds.
    Check(Key, Expression),
}

/// What became of a transaction.
#[derive(Debug)]
pub enum Transacted {
    /// All of it was written.
    Done,
    /// Nothing was written: why, for each write in its order.
    Refused(Vec<Refusal>),
}

/// Why one write of a transaction stood in its way.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// It did not.
    None,
    /// Its condition failed; the item that stands there, where it was asked for.
    Condition(Option<Item>),
    /// Another transaction was writing there.
    Conflict,
}

impl Table {
    /// Writes all or nothing, and again while DynamoDB only has too much to do.
    pub async fn transact(&self, writes: &[Write]) -> Result<Transacted, PortError> {
        for failures in 0..ATTEMPTS {
            pause(failures).await;
            let Some(reasons) = self.transact_once(writes).await? else {
                return Ok(Transacted::Done);
            };
            if let Some(refusals) = refusals(&reasons) {
                return Ok(Transacted::Refused(refusals));
            }
            if let Some(reason) = reasons.iter().find(|reason| !is_throttling(reason) && !is_none(reason)) {
                let code = reason.code().unwrap_or("unknown");
                return Err(failed_because(self.port, "TransactWriteItems", code));
            }
        }
        Err(failed_because(self.port, "TransactWriteItems", "stayed throttled"))
    }

    /// The SDK gives each call its own token, so that its own retries cannot apply it twice.
    async fn transact_once(&self, writes: &[Write]) -> Result<Option<Vec<CancellationReason>>, PortError> {
        let items = writes.iter().map(|write| self.request(write)).collect::<Result<Vec<_>, _>>()?;
        let answer = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items))
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await;
        let capacity = answer.as_ref().map(TransactWriteItemsOutput::consumed_capacity).unwrap_or_default();
        self.record("TransactWriteItems", capacity);
        match answer {
            Ok(_) => Ok(None),
            Err(error) => match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    Ok(Some(cancelled.cancellation_reasons().to_vec()))
                }
                _ => Err(failed(self.port, "TransactWriteItems", &error)),
            },
        }
    }

    fn request(&self, write: &Write) -> Result<TransactWriteItem, PortError> {
        let request = TransactWriteItem::builder();
        let request = match write {
            Write::Put(item, condition) => {
                let mut put = Put::builder().table_name(&*self.name).set_item(Some(item.clone()));
                if let Some(condition) = condition {
                    put = put
                        .condition_expression(condition.text)
                        .set_expression_attribute_names(condition.names())
                        .set_expression_attribute_values(condition.values())
                        .return_values_on_condition_check_failure(
                            ReturnValuesOnConditionCheckFailure::AllOld,
                        );
                }
                put.build().map(|put| request.put(put))
            }
            Write::Update(key, update, condition) => Update::builder()
                .table_name(&*self.name)
                .set_key(Some(key.clone().into_item()))
                .update_expression(update.text)
                .condition_expression(*condition)
                .set_expression_attribute_names(update.names())
                .set_expression_attribute_values(update.values())
                .build()
                .map(|update| request.update(update)),
            Write::Delete(key, condition) => {
                let mut delete =
                    Delete::builder().table_name(&*self.name).set_key(Some(key.clone().into_item()));
                if let Some(condition) = condition {
                    delete = delete
                        .condition_expression(condition.text)
                        .set_expression_attribute_names(condition.names())
                        .set_expression_attribute_values(condition.values());
                }
                delete.build().map(|delete| request.delete(delete))
            }
            Write::Check(key, condition) => ConditionCheck::builder()
                .table_name(&*self.name)
                .set_key(Some(key.clone().into_item()))
                .condition_expression(condition.text)
                .set_expression_attribute_names(condition.names())
                .set_expression_attribute_values(condition.values())
                .build()
                .map(|check| request.condition_check(check)),
        };
        let request =
            request.map_err(|error| failed_because(self.port, "TransactWriteItems", error.to_string()))?;
        Ok(request.build())
    }
}

/// The refusals, unless throttling or something unforeseen was all that stood in the way.
fn refusals(reasons: &[CancellationReason]) -> Option<Vec<Refusal>> {
    let refusals: Vec<_> = reasons
        .iter()
        .map(|reason| match reason.code() {
            Some("ConditionalCheckFailed") => Refusal::Condition(reason.item().cloned()),
            Some("TransactionConflict") => Refusal::Conflict,
            _ => Refusal::None,
        })
        .collect();
    refusals.iter().any(|refusal| *refusal != Refusal::None).then_some(refusals)
}

fn is_none(reason: &CancellationReason) -> bool {
    reason.code().is_none_or(|code| code == "None")
}

fn is_throttling(reason: &CancellationReason) -> bool {
    matches!(reason.code(), Some("ThrottlingError" | "ProvisionedThroughputExceeded"))
}
