//! Query strings and headers as events carry them.

use std::collections::BTreeMap;

use hyper::HeaderMap;
use serde_json::{Map, Value};

/// The parameters of a query string, decoded, in their order.
pub fn parameters(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// Values by name, several under one name in their order.
pub fn grouped(pairs: impl IntoIterator<Item = (String, String)>) -> BTreeMap<String, Vec<String>> {
    let mut grouped: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in pairs {
        grouped.entry(name).or_default().push(value);
    }
    grouped
}

/// A request's headers as pairs; bytes that are no UTF-8 are replaced.
pub fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

/// The last value of each name, as in `headers` of a WebSocket event.
pub fn last(grouped: &BTreeMap<String, Vec<String>>) -> Value {
    let last = |(name, values): (&String, &Vec<String>)| {
        (name.clone(), Value::from(values.last().cloned().unwrap_or_default()))
    };
    Value::Object(grouped.iter().map(last).collect())
}

/// All values of each name joined with commas, as in an event of payload format 2.0.
pub fn joined(grouped: &BTreeMap<String, Vec<String>>) -> Value {
    Value::Object(grouped.iter().map(|(name, values)| (name.clone(), values.join(",").into())).collect())
}

/// All values of each name.
pub fn all(grouped: &BTreeMap<String, Vec<String>>) -> Value {
    let list = |values: &Vec<String>| Value::Array(values.iter().cloned().map(Value::from).collect());
    Value::Object(grouped.iter().map(|(name, values)| (name.clone(), list(values))).collect::<Map<_, _>>())
}
