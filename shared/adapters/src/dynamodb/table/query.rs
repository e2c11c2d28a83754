//! Ranges of one partition, a page at a time or whole.

use aws_sdk_dynamodb::types::AttributeValue;
use parlance_application::ports::PortError;

use super::Table;
use crate::aws::failure::failed;
use crate::dynamodb::{attributes::Item, keys::Key};

/// Which part of a partition to read.
#[derive(Debug, Clone)]
pub struct RangeQuery {
    /// The partition.
    pub partition: String,
    /// Which sort keys.
    pub sort: SortRange,
    /// Whether the highest sort key comes first.
    pub descending: bool,
    /// Whether everything acknowledged before must be seen.
    pub consistent: bool,
    /// At most this many items.
    pub limit: Option<i32>,
}

/// A range of sort keys.
#[derive(Debug, Clone)]
pub enum SortRange {
    /// All that begin so.
    Prefix(&'static str),
    /// From one to the other, both included.
    Between(String, String),
}

/// A page of a range.
#[derive(Debug)]
pub struct ItemPage {
    /// The items, in the range's order.
    pub items: Vec<Item>,
    /// Where the next page begins, unless this is the last. A page may be empty and not be the last.
    pub next: Option<Key>,
}

impl Table {
    /// Reads one page of a range, from where the last one ended.
    pub async fn page(&self, query: &RangeQuery, start: Option<Key>) -> Result<ItemPage, PortError> {
        let call = self
            .client
            .query()
            .table_name(&*self.name)
            .scan_index_forward(!query.descending)
            .consistent_read(query.consistent)
            .set_limit(query.limit)
            .set_exclusive_start_key(start.map(Key::into_item))
            .set_return_consumed_capacity(self.capacity())
            .expression_attribute_values(":p", AttributeValue::S(query.partition.clone()));
        let call = match &query.sort {
            SortRange::Prefix(prefix) => call
                .key_condition_expression("pk = :p AND begins_with(sk, :s)")
                .expression_attribute_values(":s", AttributeValue::S((*prefix).to_owned())),
            SortRange::Between(from, to) => call
                .key_condition_expression("pk = :p AND sk BETWEEN :f AND :t")
                .expression_attribute_values(":f", AttributeValue::S(from.clone()))
                .expression_attribute_values(":t", AttributeValue::S(to.clone())),
        };
        let answer = call.send().await.map_err(|error| failed(self.port, "Query", &error))?;
        self.record("Query", answer.consumed_capacity());
        let next = answer.last_evaluated_key.as_ref().and_then(Key::of);
        Ok(ItemPage { items: answer.items.unwrap_or_default(), next })
    }

    /// Reads the first page that has an item, or the last page: DynamoDB may answer with empty pages in between.
    pub async fn fruitful_page(&self, query: &RangeQuery) -> Result<ItemPage, PortError> {
        let mut page = self.page(query, None).await?;
        while page.items.is_empty() && page.next.is_some() {
            page = self.page(query, page.next).await?;
        }
        Ok(page)
    }

    /// Reads a whole range, page by page.
    pub async fn all(&self, query: &RangeQuery) -> Result<Vec<Item>, PortError> {
        let mut page = self.page(query, None).await?;
        let mut items = page.items;
        while let Some(next) = page.next {
            page = self.page(query, Some(next)).await?;
            items.append(&mut page.items);
        }
        Ok(items)
    }
}
