//! Route selection: which route a frame belongs to, by `$request.body.…` of the template.

use std::fmt;

use serde::de::{Deserialize as _, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A `RouteSelectionExpression`: the path of a field in a JSON frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectionExpression(Vec<String>);

impl SelectionExpression {
    /// Reads `$request.body.type` and deeper paths; AWS's other forms are not understood.
    pub fn parse(expression: &str) -> Option<Self> {
        let bare = expression.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        let path = match bare {
            Some(inner) => inner.strip_prefix("request.body.")?,
            None => expression.strip_prefix("$request.body.")?,
        };
        let segments: Vec<String> = path.split('.').map(str::to_owned).collect();
        segments.iter().all(|segment| !segment.is_empty()).then_some(Self(segments))
    }

    /// The value that the frame holds there, unless the frame is no JSON object or has no plain value at that place.
    pub fn evaluate(&self, frame: &str) -> Option<String> {
        let mut json = serde_json::Deserializer::from_str(frame);
        let selected = Select(&self.0).deserialize(&mut json).ok()?;
        json.end().ok()?;
        selected
    }
}

struct Select<'a>(&'a [String]);

impl<'de> DeserializeSeed<'de> for Select<'_> {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Select<'_> {
    type Value = Option<String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut selected = None;
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            match self.0.split_first() {
                Some((wanted, rest)) if *wanted == key => selected = map.next_value_seed(Select(rest))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(selected)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.0.is_empty().then(|| text.to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(self.0.is_empty().then(|| value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(self.0.is_empty().then(|| value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(self.0.is_empty().then(|| value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(self.0.is_empty().then(|| value.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        Option::<String>::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(expression: &str, frame: &str) -> Option<String> {
        SelectionExpression::parse(expression).unwrap().evaluate(frame)
    }

    #[test]
    fn a_frame_is_selected_by_its_field() {
        assert_eq!(
            select("$request.body.type", r#"{"id":1,"type":"message.send"}"#).as_deref(),
            Some("message.send")
        );
        assert_eq!(select("${request.body.type}", r#"{"type":"\u0061"}"#).as_deref(), Some("a"));
        assert_eq!(select("$request.body.type", r#"{"type":7}"#).as_deref(), Some("7"));
    }

    #[test]
    fn a_nested_field_is_found_at_its_depth_only() {
        let frame = r#"{"type":"outer","data":{"type":"inner"}}"#;
        assert_eq!(select("$request.body.data.type", frame).as_deref(), Some("inner"));
        assert_eq!(select("$request.body.type", frame).as_deref(), Some("outer"));
        assert_eq!(select("$request.body.type", r#"{"data":{"type":"inner"}}"#), None);
    }

    #[test]
    fn what_has_no_plain_value_there_belongs_to_the_default_route() {
        for frame in [
            "",
            "hello",
            "[1]",
            "\"type\"",
            "null",
            "{}",
            r#"{"type":null}"#,
            r#"{"type":{}}"#,
            r#"{"type":["a"]}"#,
            r#"{"type":"a""#,
            r#"{"type":"a"} x"#,
        ] {
            assert_eq!(select("$request.body.type", frame), None, "{frame}");
        }
    }

    #[test]
    fn deep_nesting_is_passed_over_without_recursion() {
        let frame = format!("{{\"x\":{}1{},\"type\":\"a\"}}", "[".repeat(5_000), "]".repeat(5_000));
        assert_eq!(select("$request.body.type", &frame).as_deref(), Some("a"));
    }

    #[test]
    fn other_expressions_are_not_understood() {
        for expression in ["$request.header.type", "$request.body.", "type", "$request.body.a..b"] {
            assert_eq!(SelectionExpression::parse(expression), None, "{expression}");
        }
    }
}
