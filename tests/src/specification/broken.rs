//! Values that a schema refuses, made from one that it takes: each constraint broken in turn, at every depth.

use serde_json::{Value, json};

use super::validator;

/// Something that is wrong with a value.
#[derive(Debug, Clone)]
pub struct Broken {
    /// Where, as a JSON pointer.
    pub pointer: String,
    /// The value that is refused.
    pub value: Value,
}

/// Every way in which an object of this schema goes wrong by one field. What the schema takes all the same is left out.
pub fn broken(schema: &Value, good: &Value) -> Vec<Broken> {
    let holds = validator(schema);
    assert!(holds.is_valid(good), "the good one is refused itself: {good}");
    let mut all = Vec::new();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let mut without = good.clone();
        without.as_object_mut().unwrap().remove(name);
        all.push(Broken { pointer: format!("/{name}"), value: without });
        for (below, wrong) in wrong_values(field, &good[name]) {
            let mut value = good.clone();
            value[name] = wrong;
            all.push(Broken { pointer: format!("/{name}{below}"), value });
        }
    }
    all.retain(|broken| !holds.is_valid(&broken.value));
    all
}

/// Candidates: values of every type, texts and lists beyond every limit, and whatever may be wrong further below.
fn wrong_values(schema: &Value, good: &Value) -> Vec<(String, Value)> {
    let deep = (0..100).fold(json!([]), |inner, _| json!([inner]));
    let mut wrong = vec![
        json!(null),
        json!(true),
        json!(7),
        json!(-1),
        json!(1.5),
        json!(1e30),
        json!({}),
        json!([]),
        deep,
    ];
    wrong.extend(["", " ", "\t\n", "x", "a\u{0}b", "a\u{7f}", "nonsense", "💥"].map(Value::from));
    for limit in [&schema["minimum"], &schema["maximum"]] {
        if let Some(limit) = limit.as_u64() {
            wrong.extend([json!(limit.saturating_sub(1)), json!(limit + 1)]);
        }
    }
    if let Some(limit) = schema["maxLength"].as_u64() {
        wrong.push("x".repeat(usize::try_from(limit).unwrap() + 1).into());
    }
    if let Some(limit) = schema["maxItems"].as_u64() {
        let item = good.get(0).cloned().unwrap_or_else(|| json!("x"));
        wrong.push(vec![item; usize::try_from(limit).unwrap() + 1].into());
    }
    let mut placed: Vec<(String, Value)> = wrong.into_iter().map(|value| (String::new(), value)).collect();
    if !schema["items"].is_null() {
        let items = wrong_values(&schema["items"], &good[0]);
        placed.extend(items.into_iter().map(|(below, value)| (format!("/0{below}"), json!([value]))));
    }
    if let (Some(_), Some(_)) = (schema["properties"].as_object(), good.as_object()) {
        let inner = without_null(schema);
        placed.extend(broken(&inner, good).into_iter().map(|broken| (broken.pointer, broken.value)));
    }
    placed
}

fn without_null(schema: &Value) -> Value {
    let mut schema = schema.clone();
    schema["type"] = json!("object");
    schema
}

/// Texts for each parameter of a query, and whether its schema takes them.
pub fn queries(schema: &Value) -> Vec<(String, String, bool)> {
    let texts = [
        "",
        " ",
        "x",
        "0",
        "1",
        "7",
        "-1",
        "1.5",
        "1e3",
        "201",
        "99999999999",
        "true",
        "false",
        "TRUE",
        "null",
        "[]",
        "group",
        "a\u{0}",
    ];
    let fields = schema["properties"].as_object().unwrap();
    let with_each = fields.iter().flat_map(|(name, field)| {
        let holds = validator(field);
        texts.map(|text| (name.clone(), text.to_owned(), holds.is_valid(&as_written(field, text))))
    });
    with_each.collect()
}

/// What a text of a query stands for, by its parameter's type.
fn as_written(schema: &Value, text: &str) -> Value {
    let is = |kind: &str| schema["type"] == kind || schema["type"][0] == kind;
    match text {
        "true" | "false" if is("boolean") => Value::Bool(text == "true"),
        _ if is("integer") => text.parse::<u64>().map_or_else(|_| text.into(), Value::from),
        _ => text.into(),
    }
}
