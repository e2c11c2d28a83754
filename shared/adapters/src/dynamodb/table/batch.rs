//! Many items by their keys, asked for again while DynamoDB leaves some out.

use aws_sdk_dynamodb::types::KeysAndAttributes;
use parlance_application::ports::PortError;

use super::Table;
use crate::aws::failure::{failed, failed_because};
use crate::dynamodb::{
    attributes::Item,
    keys::Key,
    retry::{ATTEMPTS, pause},
};

impl Table {
    /// Reads at most 100 items, in any order; those that do not exist are left out.
    pub async fn get_many(&self, keys: Vec<Key>, consistent: bool) -> Result<Vec<Item>, PortError> {
        let mut items = Vec::with_capacity(keys.len());
        let mut left: Vec<Item> = keys.into_iter().map(Key::into_item).collect();
        let mut fruitless = 0;
        while !left.is_empty() {
            if fruitless == ATTEMPTS {
                return Err(failed_because(self.port, "BatchGetItem", "keys stayed unprocessed"));
            }
            pause(fruitless).await;
            let asked = left.len();
            left = self.get_some(left, consistent, &mut items).await?;
            fruitless = if left.len() < asked { 0 } else { fruitless + 1 };
        }
        Ok(items)
    }

    async fn get_some(
        &self,
        keys: Vec<Item>,
        consistent: bool,
        items: &mut Vec<Item>,
    ) -> Result<Vec<Item>, PortError> {
        let request = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .consistent_read(consistent)
            .build()
            .map_err(|error| failed_because(self.port, "BatchGetItem", error.to_string()))?;
        let answer = self
            .client
            .batch_get_item()
            .request_items(&*self.name, request)
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await
            .map_err(|error| failed(self.port, "BatchGetItem", &error))?;
        self.record("BatchGetItem", answer.consumed_capacity());
        items.extend(answer.responses.into_iter().flatten().flat_map(|(_, items)| items));
        let unprocessed = answer.unprocessed_keys.unwrap_or_default();
        Ok(unprocessed.into_values().flat_map(|left| left.keys).collect())
    }
}
