//! `CloudFormation`'s intrinsic functions, conditions and parameters, with local values for what AWS would make.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use super::error::TemplateError;
use super::{at, section};
use crate::loopback::ACCOUNT;
use crate::{eventbridge, lambda, s3, sqs};

/// What the local cloud knows of resources that exist by now.
#[derive(Clone, Debug, Default)]
pub struct Circumstances {
    /// The region that ARNs name.
    pub region: String,
    /// Values of parameters, over their defaults.
    pub parameters: BTreeMap<String, String>,
    /// Attributes of resources by `logical id.attribute`.
    pub attributes: BTreeMap<String, String>,
    /// Where SQS listens.
    pub sqs_url: String,
    /// The values of secrets by logical id.
    pub secrets: BTreeMap<String, String>,
}

/// Resolves values of one template under given circumstances.
pub(super) struct Resolver<'a> {
    circumstances: &'a Circumstances,
    parameters: BTreeMap<String, Value>,
    conditions: HashMap<String, &'a Value>,
    mappings: &'a Value,
    types: HashMap<String, String>,
}

type Resolved = Result<Option<Value>, String>;

impl<'a> Resolver<'a> {
    /// Reads the parts of the template that values refer to.
    pub fn new(template: &'a Value, circumstances: &'a Circumstances) -> Result<Self, TemplateError> {
        let mut parameters = BTreeMap::new();
        for (name, parameter) in members(section(template, "Parameters")) {
            let given = circumstances.parameters.get(name).map(|value| Value::from(value.as_str()));
            let value = given.or_else(|| parameter.get("Default").cloned());
            let Some(value) = value else {
                return Err(TemplateError::part(format!("parameter {name}"), "has no default and no value"));
            };
            parameters.insert(name.clone(), typed(&value, at(parameter, "/Type").unwrap_or("String")));
        }
        if let Some(unknown) = circumstances.parameters.keys().find(|name| !parameters.contains_key(*name)) {
            return Err(TemplateError::part(format!("parameter {unknown}"), "does not exist"));
        }
        let kind = |(id, resource): (&String, &Value)| {
            (id.clone(), at(resource, "/Type").unwrap_or_default().to_owned())
        };
        Ok(Self {
            circumstances,
            parameters,
            conditions: members(section(template, "Conditions"))
                .map(|(name, value)| (name.clone(), value))
                .collect(),
            mappings: section(template, "Mappings"),
            types: members(section(template, "Resources")).map(kind).collect(),
        })
    }

    /// The value with all functions applied; none where it is `AWS::NoValue`.
    pub fn resolve(&self, value: &Value) -> Resolved {
        match value {
            Value::Array(items) => {
                let mut resolved = Vec::with_capacity(items.len());
                for item in items {
                    resolved.extend(self.resolve(item)?);
                }
                Ok(Some(Value::Array(resolved)))
            }
            Value::Object(object) => {
                if let Some((name, argument)) = function(object) {
                    return self.apply(name, argument);
                }
                let mut resolved = Map::new();
                for (key, value) in object {
                    if let Some(value) = self.resolve(value).map_err(|error| format!("{key}: {error}"))? {
                        resolved.insert(key.clone(), value);
                    }
                }
                Ok(Some(Value::Object(resolved)))
            }
            Value::String(text) => self.reveal(text).map(|text| Some(Value::String(text))),
            other => Ok(Some(other.clone())),
        }
    }

    /// Whether a condition of that name holds.
    pub fn holds(&self, name: &str) -> Result<bool, String> {
        let condition = self.conditions.get(name).ok_or_else(|| format!("no condition {name}"))?;
        self.truth(condition)
    }

    fn truth(&self, condition: &Value) -> Result<bool, String> {
        let object = condition.as_object().ok_or("a condition is not a function")?;
        let (name, argument) = function(object).ok_or("a condition is not a function")?;
        let each = || argument.as_array().ok_or_else(|| format!("{name} wants a list"));
        match name {
            "Condition" => self.holds(argument.as_str().unwrap_or_default()),
            "Fn::Not" => each()?.first().map_or(Ok(false), |inner| self.truth(inner).map(|truth| !truth)),
            "Fn::And" => each()?.iter().try_fold(true, |all, inner| Ok(self.truth(inner)? && all)),
            "Fn::Or" => each()?.iter().try_fold(false, |any, inner| Ok(self.truth(inner)? || any)),
            "Fn::Equals" => {
                let [left, right] = each()?.as_slice() else {
                    return Err("Fn::Equals wants two values".to_owned());
                };
                Ok(self.text(left)? == self.text(right)?)
            }
            other => Err(format!("{other} is not supported in a condition")),
        }
    }

    fn apply(&self, name: &str, argument: &Value) -> Resolved {
        match name {
            "Ref" => self.reference(argument.as_str().unwrap_or_default()),
            "Fn::GetAtt" => {
                let [resource, attribute @ ..] = list(argument)? else {
                    return Err("Fn::GetAtt wants a resource and an attribute".to_owned());
                };
                let attribute: Vec<&str> = attribute.iter().filter_map(Value::as_str).collect();
                self.attribute(resource.as_str().unwrap_or_default(), &attribute.join(".")).map(text_value)
            }
            "Fn::Sub" => self.substitute(argument).map(text_value),
            "Fn::If" => {
                let [condition, then, otherwise] = list(argument)? else {
                    return Err("Fn::If wants a condition and two values".to_owned());
                };
                let holds = self.holds(condition.as_str().unwrap_or_default())?;
                self.resolve(if holds { then } else { otherwise })
            }
            "Fn::Join" => {
                let [separator, parts] = list(argument)? else {
                    return Err("Fn::Join wants a separator and a list".to_owned());
                };
                let parts = self.resolve(parts)?.unwrap_or_default();
                let parts: Vec<String> = list(&parts)?.iter().map(plain_text).collect::<Result<_, _>>()?;
                Ok(text_value(parts.join(separator.as_str().unwrap_or_default())))
            }
            "Fn::Split" => {
                let [separator, text] = list(argument)? else {
                    return Err("Fn::Split wants a separator and a text".to_owned());
                };
                let text = self.text(text)?;
                Ok(Some(text.split(separator.as_str().unwrap_or_default()).map(Value::from).collect()))
            }
            "Fn::Select" => {
                let [index, items] = list(argument)? else {
                    return Err("Fn::Select wants an index and a list".to_owned());
                };
                let items = self.resolve(items)?.unwrap_or_default();
                let index: usize = self.text(index)?.parse().map_err(|_| "Fn::Select wants an index")?;
                list(&items)?
                    .get(index)
                    .cloned()
                    .map(Some)
                    .ok_or_else(|| "Fn::Select: no such item".to_owned())
            }
            "Fn::FindInMap" => {
                let keys: Vec<String> =
                    list(argument)?.iter().map(|key| self.text(key)).collect::<Result<_, _>>()?;
                let found = keys.iter().try_fold(self.mappings, |place, key| place.get(key));
                found.cloned().map(Some).ok_or_else(|| format!("Fn::FindInMap: no {}", keys.join(".")))
            }
            other => Err(format!("the function {other} is not supported")),
        }
    }

    fn reference(&self, name: &str) -> Resolved {
        if let Some(value) = self.parameters.get(name) {
            return Ok(Some(value.clone()));
        }
        let region = &self.circumstances.region;
        let text = match name {
            "AWS::NoValue" => return Ok(None),
            "AWS::Region" => region.clone(),
            "AWS::AccountId" => ACCOUNT.to_owned(),
            "AWS::Partition" => "aws".to_owned(),
            "AWS::URLSuffix" => "amazonaws.com".to_owned(),
            "AWS::StackName" => "local".to_owned(),
            "AWS::StackId" => format!("arn:aws:cloudformation:{region}:{ACCOUNT}:stack/local"),
            _ => match self.types.get(name).map(String::as_str) {
                None => return Err(format!("Ref: there is no {name}")),
                Some("AWS::SQS::Queue") => sqs::queue_url(&self.circumstances.sqs_url, name),
                Some("AWS::S3::Bucket") => s3::bucket_name(name),
                Some("AWS::SecretsManager::Secret") => {
                    format!("arn:aws:secretsmanager:{region}:{ACCOUNT}:secret:{name}")
                }
                Some("AWS::ApiGatewayV2::Api" | "AWS::Serverless::HttpApi") => name.to_ascii_lowercase(),
                Some(_) => name.to_owned(),
            },
        };
        Ok(text_value(text))
    }

    fn attribute(&self, resource: &str, attribute: &str) -> Result<String, String> {
        if let Some(known) = self.circumstances.attributes.get(&format!("{resource}.{attribute}")) {
            return Ok(known.clone());
        }
        let region = &self.circumstances.region;
        match (self.types.get(resource).map(String::as_str), attribute) {
            (Some("AWS::Serverless::Function"), "Arn") => Ok(lambda::function_arn(region, resource)),
            (Some("AWS::SQS::Queue"), "Arn") => Ok(sqs::queue_arn(region, resource)),
            (Some("AWS::SQS::Queue"), "QueueName") => Ok(resource.to_owned()),
            (Some("AWS::DynamoDB::Table"), "Arn") => {
                Ok(format!("arn:aws:dynamodb:{region}:{ACCOUNT}:table/{resource}"))
            }
            (Some("AWS::S3::Bucket"), "Arn") => Ok(s3::bucket_arn(&s3::bucket_name(resource))),
            (Some("AWS::S3::Bucket"), "RegionalDomainName") => {
                Ok(format!("{}.s3.{region}.amazonaws.com", s3::bucket_name(resource)))
            }
            (Some("AWS::Events::EventBus"), "Arn") => Ok(eventbridge::bus_arn(region, resource)),
            (Some("AWS::Events::Rule"), "Arn") => Ok(eventbridge::rule_arn(region, resource)),
            (None, _) => Err(format!("Fn::GetAtt: there is no {resource}")),
            (Some(kind), _) => {
                Err(format!("Fn::GetAtt: {attribute} of {resource} ({kind}) is not supported"))
            }
        }
    }

    fn substitute(&self, argument: &Value) -> Result<String, String> {
        let (template, own) = match argument {
            Value::String(template) => (template.as_str(), None),
            Value::Array(parts) => match parts.as_slice() {
                [Value::String(template), own] => (template.as_str(), Some(own)),
                _ => return Err("Fn::Sub wants a text and a map".to_owned()),
            },
            _ => return Err("Fn::Sub wants a text".to_owned()),
        };
        let mut text = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("${") {
            text.push_str(before);
            let (name, after) = after.split_once('}').ok_or("Fn::Sub: ${ without }")?;
            match (name.strip_prefix('!'), own.and_then(|own| own.get(name)), name.split_once('.')) {
                (Some(literal), _, _) => text.extend(["${", literal, "}"]),
                (None, Some(value), _) => text.push_str(&self.text(value)?),
                (None, None, Some((resource, attribute))) => {
                    text.push_str(&self.attribute(resource, attribute)?);
                }
                (None, None, None) => {
                    let value = self.reference(name)?.unwrap_or_default();
                    text.push_str(&plain_text(&value)?);
                }
            }
            rest = after;
        }
        text.push_str(rest);
        self.reveal(&text)
    }

    /// Replaces `{{resolve:secretsmanager:…:SecretString}}`.
    fn reveal(&self, text: &str) -> Result<String, String> {
        let Some((before, reference)) = text.split_once("{{resolve:") else { return Ok(text.to_owned()) };
        let (reference, after) = reference.split_once("}}").ok_or("{{resolve: without }}")?;
        let secret = reference
            .strip_prefix("secretsmanager:")
            .and_then(|reference| reference.strip_suffix(":SecretString").or(Some(reference)))
            .and_then(|secret| secret.rsplit(':').next())
            .ok_or_else(|| format!("the dynamic reference {reference} is not supported"))?;
        let value = self.circumstances.secrets.get(secret).ok_or_else(|| format!("no secret {secret}"))?;
        Ok(format!("{before}{value}{}", self.reveal(after)?))
    }

    fn text(&self, value: &Value) -> Result<String, String> {
        plain_text(&self.resolve(value)?.unwrap_or_default())
    }
}

fn typed(value: &Value, kind: &str) -> Value {
    match (kind, value) {
        ("CommaDelimitedList" | "List<Number>", Value::String(text)) => {
            text.split(',').map(|item| Value::from(item.trim())).collect()
        }
        (_, Value::Number(number)) => Value::from(number.to_string()),
        (_, other) => other.clone(),
    }
}

/// The only member of an object, if it is a function.
fn function(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = object.iter().next().filter(|_| object.len() == 1)?;
    let is_function =
        name == "Ref" || name.starts_with("Fn::") || (name == "Condition" && argument.is_string());
    is_function.then_some((name.as_str(), argument))
}

#[expect(clippy::unnecessary_wraps, reason = "every function may answer nothing")]
fn text_value(text: String) -> Option<Value> {
    Some(Value::String(text))
}

fn list(value: &Value) -> Result<&[Value], String> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| "a list is wanted".to_owned())
}

/// `CloudFormation`'s texts: numbers and booleans are texts too.
pub(super) fn plain_text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(value) => Ok(value.to_string()),
        Value::Null => Ok(String::new()),
        Value::Array(_) | Value::Object(_) => Err(format!("a text is wanted instead of {value}")),
    }
}

/// The members of an object; none if it is something else.
pub(super) fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}
