//! What was asked of DynamoDB and what it cost: calls and capacity units by operation.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use aws_sdk_dynamodb::types::ConsumedCapacity;

/// Counts calls and units. DynamoDB reports units only where a meter is given.
#[derive(Debug, Default)]
pub struct CapacityMeter {
    usage: Mutex<BTreeMap<&'static str, Usage>>,
}

/// What one operation has used.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Usage {
    /// How often it was called, retries of the SDK not counted.
    pub calls: u64,
    /// The capacity units that DynamoDB reported; a refused write reports none although it is billed.
    pub units: f64,
}

impl CapacityMeter {
    /// What every operation has used since the last [`CapacityMeter::take`].
    pub fn take(&self) -> BTreeMap<&'static str, Usage> {
        std::mem::take(&mut *self.usage.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn record<'a>(
        &self,
        operation: &'static str,
        capacity: impl IntoIterator<Item = &'a ConsumedCapacity>,
    ) {
        let mut usage = self.usage.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = usage.entry(operation).or_default();
        entry.calls += 1;
        entry.units += capacity.into_iter().filter_map(ConsumedCapacity::capacity_units).sum::<f64>();
    }
}
