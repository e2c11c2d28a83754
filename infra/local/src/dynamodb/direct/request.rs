//! The plain forms of requests that are answered without the engine; what has any other form is not read at all.

use std::borrow::Cow;
use std::fmt;

use data_encoding::BASE64;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// What DynamoDB allows of a key's two parts, in bytes.
const LONGEST_PARTITION_KEY: usize = 2_048;
const LONGEST_SORT_KEY: usize = 1_024;
/// The most digits of a number.
const MOST_DIGITS: usize = 38;
/// Items with more attributes than this are left to the engine.
const MOST_ATTRIBUTES: usize = 32;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct GetItem<'a> {
    #[serde(borrow)]
    pub(super) table_name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) key: Attributes<'a>,
    #[serde(default)]
    pub(super) consistent_read: bool,
    #[serde(default)]
    pub(super) return_consumed_capacity: Capacity,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Query<'a> {
    #[serde(borrow)]
    pub(super) table_name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) key_condition_expression: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) expression_attribute_values: Attributes<'a>,
    #[serde(default = "yes")]
    pub(super) scan_index_forward: bool,
    #[serde(default)]
    pub(super) limit: Option<u32>,
    #[serde(borrow, default)]
    pub(super) exclusive_start_key: Option<Attributes<'a>>,
    #[serde(default)]
    pub(super) consistent_read: bool,
    #[serde(default)]
    pub(super) return_consumed_capacity: Capacity,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct PutItem<'a> {
    #[serde(borrow)]
    pub(super) table_name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) item: &'a RawValue,
    #[serde(borrow)]
    pub(super) condition_expression: Cow<'a, str>,
    #[serde(default, rename = "ReturnValuesOnConditionCheckFailure")]
    pub(super) _on_failure: OnFailure,
    #[serde(default)]
    pub(super) return_consumed_capacity: Capacity,
}

/// Whether the answer is to say what was consumed.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Capacity {
    #[default]
    None,
    Total,
}

/// What a refusal, which is left to the engine, would show.
#[derive(Clone, Copy, Default, Deserialize)]
pub(super) enum OnFailure {
    #[default]
    #[serde(rename = "NONE")]
    Nothing,
    #[serde(rename = "ALL_OLD")]
    TheOldItem,
}

const fn yes() -> bool {
    true
}

/// A value of one of the plain types.
#[derive(Deserialize)]
pub(super) enum Attribute<'a> {
    S(#[serde(borrow)] Cow<'a, str>),
    N(#[serde(borrow)] Cow<'a, str>),
    B(#[serde(borrow)] Cow<'a, str>),
    #[serde(rename = "BOOL")]
    Bool(#[expect(dead_code, reason = "what counts is that it is one")] bool),
}

impl Attribute<'_> {
    /// How many bytes it counts for, if it is stored as it is spelled.
    fn size(&self) -> Option<usize> {
        match self {
            Self::S(text) => Some(text.len()).filter(|length| *length > 0),
            Self::N(digits) => number_size(digits),
            Self::B(text) => {
                let length = BASE64.decode(text.as_bytes()).ok()?.len();
                Some(length).filter(|length| *length > 0)
            }
            Self::Bool(_) => Some(1),
        }
    }
}

/// The size of a whole number that is spelled in the one way in which it is stored.
fn number_size(digits: &str) -> Option<usize> {
    let is_whole = digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_canonical = digits == "0" || !digits.starts_with('0');
    if !is_whole || !is_canonical || digits.is_empty() || digits.len() > MOST_DIGITS {
        return None;
    }
    Some(digits.trim_end_matches('0').len().div_ceil(2) + 1)
}

/// Attributes by name, or values by placeholder, each once.
pub(super) struct Attributes<'a>(Vec<(Cow<'a, str>, Attribute<'a>)>);

impl<'a> Attributes<'a> {
    /// Reads an item; none if it is not plain.
    pub(super) fn of(item: &'a RawValue) -> Option<Self> {
        serde_json::from_str(item.get()).ok()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.0.iter().find(|(known, _)| known == name)? {
            (_, Attribute::S(text)) => Some(text),
            _ => None,
        }
    }

    /// A text that may be a partition key.
    pub(super) fn partition_key(&self, name: &str) -> Option<&str> {
        self.text(name).filter(|text| (1..=LONGEST_PARTITION_KEY).contains(&text.len()))
    }

    /// A text that may be a sort key.
    pub(super) fn sort_key(&self, name: &str) -> Option<&str> {
        self.text(name).filter(|text| (1..=LONGEST_SORT_KEY).contains(&text.len()))
    }

    /// How many bytes an item of these counts for.
    pub(super) fn size(&self) -> Option<usize> {
        self.0.iter().map(|(name, value)| Some(name.len() + value.size()?)).sum()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Attributes<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AttributesVisitor)
    }
}

struct AttributesVisitor;

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Visitor<'de> for AttributesVisitor {
    type Value = Attributes<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("attributes of plain types")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Attributes<'de>, A::Error> {
        use serde::de::Error;
        let mut attributes: Vec<(Cow<'de, str>, Attribute<'de>)> = Vec::new();
        while let Some((Name(name), value)) = map.next_entry()? {
            let is_known = attributes.iter().any(|(known, _)| *known == name);
            if is_known || name.is_empty() || attributes.len() == MOST_ATTRIBUTES {
                return Err(A::Error::custom("not plain"));
            }
            attributes.push((name, value));
        }
        Ok(Attributes(attributes))
    }
}

/// Which part of a partition a query asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Range<'a> {
    All,
    /// Sort keys that begin with this.
    Prefix(&'a str),
    /// Sort keys from one to the other, both included.
    Between(&'a str, &'a str),
}

impl Query<'_> {
    /// The partition and the range of it, where the condition has one of three forms.
    pub(super) fn condition(&self, partition: &str, sort: &str) -> Option<(&str, Range<'_>)> {
        let values = &self.expression_attribute_values;
        let (first, rest) = match self.key_condition_expression.split_once(" AND ") {
            Some((first, rest)) => (first, Some(rest)),
            None => (&*self.key_condition_expression, None),
        };
        let placeholder = first.strip_prefix(partition)?.strip_prefix(" = ")?;
        let key = values.partition_key(placeholder)?;
        let (range, used) = match rest {
            None => (Range::All, 1),
            Some(rest) => range(rest, sort, values)?,
        };
        // One that is not used is an error, which the engine words.
        (values.len() == used).then_some((key, range))
    }
}

/// The condition on the sort key, and how many placeholders the whole then has.
fn range<'a>(condition: &str, sort: &str, values: &'a Attributes<'_>) -> Option<(Range<'a>, usize)> {
    if let Some(rest) = condition.strip_prefix("begins_with(") {
        let prefix = rest.strip_prefix(sort)?.strip_prefix(", ")?.strip_suffix(')')?;
        return Some((Range::Prefix(values.sort_key(prefix)?), 2));
    }
    let (from, to) = condition.strip_prefix(sort)?.strip_prefix(" BETWEEN ")?.split_once(" AND ")?;
    let (from, to) = (values.sort_key(from)?, values.sort_key(to)?);
    (from <= to).then_some((Range::Between(from, to), 3))
}

#[cfg(test)]
mod tests {
    use dynoxide::types::AttributeValue;
    use proptest::prelude::*;

    use super::*;

    fn query(json: &str) -> Query<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_three_conditions_are_read_and_no_others() {
        let all = query(
            r#"{"TableName":"t","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"a"}}}"#,
        );
        assert_eq!(all.condition("pk", "sk"), Some(("a", Range::All)));
        assert_eq!(all.condition("other", "sk"), None);
        let prefix = query(
            r#"{"TableName":"t","KeyConditionExpression":"pk = :p AND begins_with(sk, :s)",
                "ExpressionAttributeValues":{":p":{"S":"a"},":s":{"S":"M#"}}}"#,
        );
        assert_eq!(prefix.condition("pk", "sk"), Some(("a", Range::Prefix("M#"))));
        let between = query(
            r#"{"TableName":"t","KeyConditionExpression":"pk = :p AND sk BETWEEN :f AND :t",
                "ExpressionAttributeValues":{":p":{"S":"a"},":f":{"S":"1"},":t":{"S":"2"}}}"#,
        );
        assert_eq!(between.condition("pk", "sk"), Some(("a", Range::Between("1", "2"))));
        let greater = query(
            r#"{"TableName":"t","KeyConditionExpression":"pk = :p AND sk > :s",
                "ExpressionAttributeValues":{":p":{"S":"a"},":s":{"S":"M#"}}}"#,
        );
        assert_eq!(greater.condition("pk", "sk"), None);
        let unused = query(
            r#"{"TableName":"t","KeyConditionExpression":"pk = :p",
                "ExpressionAttributeValues":{":p":{"S":"a"},":s":{"S":"M#"}}}"#,
        );
        assert_eq!(unused.condition("pk", "sk"), None);
    }

    #[test]
    fn what_is_not_plain_is_not_read() {
        for item in [
            r#"{"a":{"S":"x"},"a":{"S":"y"}}"#,
            r#"{"a":{"SS":["x"]}}"#,
            r#"{"a":{"M":{}}}"#,
            r#"{"a":{"NULL":true}}"#,
            r#"{"a":{"S":"x","N":"1"}}"#,
            r#"{"":{"S":"x"}}"#,
        ] {
            assert!(serde_json::from_str::<Attributes<'_>>(item).is_err(), "{item}");
        }
        for item in
            [r#"{"a":{"S":""}}"#, r#"{"a":{"N":"1.5"}}"#, r#"{"a":{"N":"007"}}"#, r#"{"a":{"B":"="}}"#]
        {
            assert_eq!(serde_json::from_str::<Attributes<'_>>(item).unwrap().size(), None, "{item}");
        }
        assert!(
            serde_json::from_str::<GetItem<'_>>(r#"{"TableName":"t","Key":{},"AttributesToGet":[]}"#)
                .is_err()
        );
    }

    proptest! {
        #[test]
        fn an_item_counts_for_as_much_as_the_engine_says(
            text in "[a-zé\\\\\"]{1,20}", number in any::<u64>(), zeros in 0..9_usize, bytes in prop::collection::vec(any::<u8>(), 1..20),
        ) {
            let number = format!("{number}{}", if number == 0 { String::new() } else { "0".repeat(zeros) });
            let item = serde_json::json!({
                "t": {"S": text}, "n": {"N": number}, "b": {"B": BASE64.encode(&bytes)}, "yes": {"BOOL": true},
            }).to_string();
            let engine: std::collections::HashMap<String, AttributeValue> = serde_json::from_str(&item).unwrap();
            let own: Attributes<'_> = serde_json::from_str(&item).unwrap();
            prop_assert_eq!(own.size(), Some(dynoxide::types::item_size(&engine)));
        }
    }
}
