//! Message attributes, and the digests that clients check.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use super::refusal::Refusal;

/// One attribute that a sender attached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Attribute {
    /// `String`, `Number` or `Binary`, with a label of the sender's after a dot.
    pub(crate) data_type: String,
    /// The value of a text or a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) string_value: Option<String>,
    /// The value in base64 of bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) binary_value: Option<String>,
}

/// Attributes by name, in the order that the digest is made in.
pub(crate) type Attributes = BTreeMap<String, Attribute>;

/// The bytes that attributes add to a message, each checked to have its value.
pub(super) fn checked_size(attributes: &Attributes) -> Result<usize, Refusal> {
    let mut size = 0;
    for (name, attribute) in attributes {
        let value = bytes(attribute).ok_or_else(|| {
            Refusal::InvalidParameter(format!(
                "The message attribute '{name}' must contain a non-empty value of its type."
            ))
        })?;
        size += name.len() + attribute.data_type.len() + value.len();
    }
    Ok(size)
}

fn is_binary(attribute: &Attribute) -> bool {
    attribute.data_type.starts_with("Binary")
}

fn bytes(attribute: &Attribute) -> Option<Vec<u8>> {
    let value = if is_binary(attribute) {
        BASE64.decode(attribute.binary_value.as_ref()?.as_bytes()).ok()?
    } else {
        attribute.string_value.clone()?.into_bytes()
    };
    (!value.is_empty()).then_some(value)
}

/// The MD5 of a body, in hexadecimal.
pub(crate) fn digest_of_body(body: &str) -> String {
    format!("{:x}", md5::compute(body))
}

/// The MD5 over attributes as SQS lays them out; none when there are none.
pub(super) fn digest(attributes: &Attributes) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut laid_out = Vec::new();
    let mut part = |bytes: &[u8]| {
        laid_out.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        laid_out.extend(bytes);
        laid_out.len()
    };
    let mut kinds = Vec::new();
    for (name, attribute) in attributes {
        part(name.as_bytes());
        let place = part(attribute.data_type.as_bytes());
        kinds.push((place, if is_binary(attribute) { 2 } else { 1 }));
        part(&bytes(attribute).unwrap_or_default());
    }
    for (place, kind) in kinds.into_iter().rev() {
        laid_out.insert(place, kind);
    }
    Some(format!("{:x}", md5::compute(laid_out)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_one_that_sdks_compute() {
        let attribute =
            Attribute { data_type: "String".into(), string_value: Some("bar".into()), binary_value: None };
        let attributes = Attributes::from([("foo".to_owned(), attribute)]);
        // The layout written out: lengths in four bytes, and a 1 before the value of a text.
        let expected = md5::compute(b"\0\0\0\x03foo\0\0\0\x06String\x01\0\0\0\x03bar");
        assert_eq!(digest(&attributes).unwrap(), format!("{expected:x}"));
        assert_eq!(digest(&Attributes::new()), None);
        assert_eq!(digest_of_body("hello"), "5d41402abc4b2a76b9719d911017c592");
    }

    #[test]
    fn an_attribute_without_its_value_is_refused() {
        let attribute =
            Attribute { data_type: "Binary".into(), string_value: Some("x".into()), binary_value: None };
        assert!(checked_size(&Attributes::from([("a".to_owned(), attribute)])).is_err());
    }
}
