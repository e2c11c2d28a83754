//! Items as maps of attributes: how values are written and read back.

use std::collections::HashMap;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use parlance_domain::{head::Seq, time::Timestamp};

use super::keys::Key;

/// An item as the SDK holds it.
pub type Item = HashMap<String, AttributeValue>;

/// The attribute by which DynamoDB deletes an item, some time after it: seconds since the epoch.
pub const EXPIRES_AT: &str = "expires_at";

/// An item that is not what its key promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an item's attribute {attribute} is missing or malformed")]
pub struct MalformedItem {
    /// The attribute.
    pub attribute: &'static str,
}

/// An item in the making.
#[derive(Debug)]
pub struct ItemBuilder(Item);

impl ItemBuilder {
    /// Begins with the key.
    pub fn new(key: Key) -> Self {
        Self(key.into_item())
    }

    /// Adds an attribute.
    pub fn with(mut self, name: &str, value: AttributeValue) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    /// Adds an attribute where there is a value.
    pub fn with_some(self, name: &str, value: Option<AttributeValue>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The item.
    pub fn build(self) -> Item {
        self.0
    }
}

/// A number.
pub fn number_value(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A position.
pub fn seq_value(seq: Seq) -> AttributeValue {
    number_value(seq.get())
}

/// A point in time, in milliseconds.
pub fn time_value(time: Timestamp) -> AttributeValue {
    number_value(time.as_millis())
}

/// A text.
pub fn text_value(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// Bytes.
pub fn bytes_value(bytes: impl Into<Vec<u8>>) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

/// A text attribute.
pub fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

/// A number attribute.
pub fn number(item: &Item, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// A number attribute that must be there.
pub fn need_number(item: &Item, attribute: &'static str) -> Result<u64, MalformedItem> {
    number(item, attribute).ok_or(MalformedItem { attribute })
}

/// A text attribute that must be there.
pub fn need_text<'a>(item: &'a Item, attribute: &'static str) -> Result<&'a str, MalformedItem> {
    text(item, attribute).ok_or(MalformedItem { attribute })
}

/// A position attribute that must be there.
pub fn need_seq(item: &Item, attribute: &'static str) -> Result<Seq, MalformedItem> {
    number(item, attribute).and_then(Seq::new).ok_or(MalformedItem { attribute })
}

/// A time attribute that must be there.
pub fn need_time(item: &Item, attribute: &'static str) -> Result<Timestamp, MalformedItem> {
    need_number(item, attribute).map(Timestamp::from_millis)
}
