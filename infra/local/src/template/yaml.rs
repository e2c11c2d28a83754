//! YAML with `CloudFormation`'s tags, turned into plain JSON in which intrinsic functions stand in their long form.

use serde_json::{Map, Value};
use serde_yaml_ng::Value as Yaml;

use super::error::TemplateError;

/// Parses a template's text.
pub(super) fn parse(text: &str) -> Result<Value, TemplateError> {
    plain(serde_yaml_ng::from_str(text)?)
}

fn plain(yaml: Yaml) -> Result<Value, TemplateError> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => Value::Bool(value),
        Yaml::Number(number) => number
            .as_i64()
            .map(Value::from)
            .or_else(|| number.as_u64().map(Value::from))
            .or_else(|| number.as_f64().map(Value::from))
            .unwrap_or(Value::Null),
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => Value::Array(items.into_iter().map(plain).collect::<Result<_, _>>()?),
        Yaml::Mapping(mapping) => {
            let mut members = Map::new();
            for (key, value) in mapping {
                members.insert(key_text(&key)?, plain(value)?);
            }
            Value::Object(members)
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let name = tag.trim_start_matches('!');
            let argument = plain(tagged.value)?;
            let (name, argument) = match (name, argument) {
                ("Ref" | "Condition", argument) => (name.to_owned(), argument),
                ("GetAtt", Value::String(path)) => {
                    let (resource, attribute) = path.split_once('.').unwrap_or((&path, ""));
                    ("Fn::GetAtt".to_owned(), Value::from(vec![resource, attribute]))
                }
                (_, argument) => (format!("Fn::{name}"), argument),
            };
            Value::Object(Map::from_iter([(name, argument)]))
        }
    })
}

fn key_text(key: &Yaml) -> Result<String, TemplateError> {
    match key {
        Yaml::String(text) => Ok(text.clone()),
        Yaml::Number(number) => Ok(number.to_string()),
        Yaml::Bool(value) => Ok(value.to_string()),
        _ => Err(TemplateError::part("a key", "is not a word")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn short_and_long_forms_are_the_same() {
        let short = parse("a: !Ref B\nc: !GetAtt D.E.F\ng: !Sub x${H}\ni: !If [J, !Ref K, 1]").unwrap();
        let long = json!({
            "a": {"Ref": "B"},
            "c": {"Fn::GetAtt": ["D", "E.F"]},
            "g": {"Fn::Sub": "x${H}"},
            "i": {"Fn::If": ["J", {"Ref": "K"}, 1]}
        });
        assert_eq!(short, long);
    }
}
