//! The template, read the way `CloudFormation` and SAM read it, as far as the system needs; the rest is refused by name.

mod error;
mod functions;
mod properties;
mod resolver;
mod secret;
mod system;
mod websocket;
mod yaml;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use self::properties::Properties;
use self::resolver::{Resolver, members, plain_text};
use crate::dynamodb::TableSpec;
use crate::eventbridge::RuleSpec;
use crate::guardduty::PlanSpec;
use crate::s3::BucketSpec;
use crate::sqs::QueueSpec;

pub use self::error::TemplateError;
pub use self::resolver::Circumstances;
pub use self::secret::SecretSpec;
pub use self::system::{
    Cors, HttpApi, HttpRoute, IdentitySource, Service, SocketApi, SocketAuthorizer, SocketRoute, System,
};

/// A template's text, understood as a document, not yet as a system.
#[derive(Debug)]
pub struct Template(Value);

/// What has no counterpart on one machine: rights, networks, logs, alarms, and what runs beside.
const PASSED_OVER: [&str; 13] = [
    "AWS::ApiGateway::",
    "AWS::CloudFormation::",
    "AWS::CloudFront::",
    "AWS::CloudWatch::",
    "AWS::EC2::",
    "AWS::ECS::Cluster",
    "AWS::ECS::Service",
    "AWS::ElastiCache::",
    "AWS::IAM::",
    "AWS::Lambda::Permission",
    "AWS::Logs::",
    "AWS::S3::BucketPolicy",
    "AWS::SQS::QueuePolicy",
];

const SECTIONS: [&str; 11] = [
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Globals",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
];

const ATTRIBUTES: [&str; 7] =
    ["Condition", "DeletionPolicy", "DependsOn", "Metadata", "Properties", "Type", "UpdateReplacePolicy"];

impl Template {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self, TemplateError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| TemplateError::Read { path: path.to_owned(), source })?;
        Self::parse(&text)
    }

    /// Reads a text.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let document = yaml::parse(text)?;
        if let Some((unknown, _)) = members(&document).find(|(name, _)| !SECTIONS.contains(&name.as_str())) {
            return Err(TemplateError::part(unknown, "this section is not supported"));
        }
        Ok(Self(document))
    }

    /// Whether it has a parameter of that name.
    pub fn has_parameter(&self, name: &str) -> bool {
        section(&self.0, "Parameters").get(name).is_some()
    }

    /// The names of its parameters.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        members(section(&self.0, "Parameters")).map(|(name, _)| name.as_str())
    }

    /// The programs that functions and services run, whatever the conditions.
    pub fn programs(&self) -> impl Iterator<Item = &str> {
        let programs = |(_, resource)| {
            at(resource, "/Metadata/BuildProperties/Binary").or_else(|| at(resource, "/Metadata/Binary"))
        };
        members(section(&self.0, "Resources")).filter_map(programs)
    }

    /// The tables alone, which must exist before attributes of theirs can be known.
    pub fn tables(&self, circumstances: &Circumstances) -> Result<Vec<(String, TableSpec)>, TemplateError> {
        let resolver = Resolver::new(&self.0, circumstances)?;
        let mut tables = Vec::new();
        for (logical_id, resource) in self.present(&resolver)? {
            if at(resource, "/Type") == Some("AWS::DynamoDB::Table") {
                tables.push((logical_id.to_owned(), table(logical_id, resource, &resolver)?));
            }
        }
        Ok(tables)
    }

    /// The secrets that are to be generated once and kept.
    pub fn secrets(
        &self,
        circumstances: &Circumstances,
    ) -> Result<BTreeMap<String, SecretSpec>, TemplateError> {
        let resolver = Resolver::new(&self.0, circumstances)?;
        let mut secrets = BTreeMap::new();
        for (logical_id, resource) in self.present(&resolver)? {
            if at(resource, "/Type") == Some("AWS::SecretsManager::Secret") {
                let properties = Properties::new(logical_id, object(resource), &resolver);
                secrets.insert(logical_id.to_owned(), SecretSpec::read(properties)?);
            }
        }
        Ok(secrets)
    }

    /// The whole system, once the circumstances are known.
    pub fn system(&self, circumstances: &Circumstances) -> Result<System, TemplateError> {
        let resolver = Resolver::new(&self.0, circumstances)?;
        let mut system = System::default();
        let mut sockets = websocket::Parts::default();
        for (logical_id, resource) in self.present(&resolver)? {
            let kind = at(resource, "/Type").unwrap_or_default();
            let mut properties = Properties::new(logical_id, object(resource), &resolver);
            match kind {
                "AWS::Serverless::Function" => {
                    functions::read(
                        logical_id,
                        resource,
                        section(&self.0, "Globals"),
                        &resolver,
                        &mut system,
                    )?;
                }
                "AWS::Serverless::HttpApi" => http_api(properties, &mut system, &resolver)?,
                "AWS::DynamoDB::Table" => system.tables.push(table(logical_id, resource, &resolver)?),
                "AWS::SQS::Queue" => {
                    let all = properties.take_all()?;
                    let queue = QueueSpec::parse(logical_id, &all);
                    system.queues.push(queue.map_err(|error| properties.error(error.to_string()))?);
                }
                "AWS::S3::Bucket" => {
                    let all = properties.take_all()?;
                    let bucket = BucketSpec::parse(logical_id, &all);
                    system.buckets.push(bucket.map_err(|error| properties.error(error.to_string()))?);
                }
                "AWS::GuardDuty::MalwareProtectionPlan" => {
                    properties.pass_over(&["Role"]);
                    let all = properties.take_all()?;
                    let plan = PlanSpec::parse(logical_id, &all);
                    system.plans.push(plan.map_err(|error| properties.error(error.to_string()))?);
                }
                "AWS::Events::EventBus" => {
                    properties.pass_over(&["Description", "KmsKeyIdentifier", "Name", "Tags"]);
                    properties.finish()?;
                    system.buses.push(logical_id.to_owned());
                }
                "AWS::Events::Rule" => {
                    let all = properties.take_all()?;
                    let rule = RuleSpec::parse(logical_id, &all);
                    system.rules.extend(rule.map_err(|error| properties.error(error.to_string()))?);
                }
                "AWS::SecretsManager::Secret" => drop(SecretSpec::read(properties)?),
                "AWS::ECS::TaskDefinition" => system.services.push(service(resource, properties)?),
                _ if PASSED_OVER.iter().any(|prefix| kind.starts_with(prefix)) => {}
                _ => match kind.strip_prefix("AWS::ApiGatewayV2::") {
                    Some(part) => sockets.read(logical_id, part, object(resource), &resolver)?,
                    None => return Err(properties.error(format!("the type {kind} is not supported"))),
                },
            }
        }
        system.sockets = sockets.join()?;
        Ok(system)
    }

    /// The resources whose condition holds.
    fn present(&self, resolver: &Resolver<'_>) -> Result<Vec<(&str, &Value)>, TemplateError> {
        let mut present = Vec::new();
        for (logical_id, resource) in members(section(&self.0, "Resources")) {
            let refuse = |reason: String| TemplateError::resource(logical_id, reason);
            let unknown = members(resource).find(|(name, _)| !ATTRIBUTES.contains(&name.as_str()));
            if let Some((unknown, _)) = unknown {
                return Err(refuse(format!("the attribute {unknown} is not supported")));
            }
            let holds = match at(resource, "/Condition") {
                Some(condition) => resolver.holds(condition).map_err(refuse)?,
                None => true,
            };
            if holds {
                present.push((logical_id.as_str(), resource));
            }
        }
        Ok(present)
    }
}

/// A member of an object; null where there is none.
fn section<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).unwrap_or(&Value::Null)
}

/// The text at that place.
fn at<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

fn object(resource: &Value) -> Map<String, Value> {
    section(resource, "Properties").as_object().cloned().unwrap_or_default()
}

fn table(logical_id: &str, resource: &Value, resolver: &Resolver<'_>) -> Result<TableSpec, TemplateError> {
    let mut properties = Properties::new(logical_id, object(resource), resolver);
    let all = properties.take_all()?;
    TableSpec::parse(logical_id, &all).map_err(|error| properties.error(error.to_string()))
}

fn http_api(
    mut properties: Properties<'_>,
    system: &mut System,
    resolver: &Resolver<'_>,
) -> Result<(), TemplateError> {
    let cors = properties.take("CorsConfiguration")?;
    properties.pass_over(&[
        "AccessLogSettings",
        "DefaultRouteSettings",
        "Description",
        "DisableExecuteApiEndpoint",
        "FailOnWarnings",
        "Name",
        "PropagateTags",
        "RouteSettings",
        "Tags",
    ]);
    let reference = Value::Object(Map::from_iter([("Ref".to_owned(), Value::from(properties.logical_id))]));
    let id = resolver.resolve(&reference).map_err(|error| properties.error(error))?;
    let http = system.http.get_or_insert_default();
    id.as_ref().and_then(Value::as_str).unwrap_or_default().clone_into(&mut http.id);
    if let Some(cors) = cors {
        let list = |name: &str| -> Vec<String> {
            let items = section(&cors, name).as_array().into_iter().flatten();
            items.filter_map(Value::as_str).filter(|item| !item.is_empty()).map(str::to_owned).collect()
        };
        http.cors = Some(Cors {
            allow_origins: list("AllowOrigins"),
            allow_methods: list("AllowMethods"),
            allow_headers: list("AllowHeaders"),
            expose_headers: list("ExposeHeaders"),
            allow_credentials: cors.get("AllowCredentials") == Some(&Value::Bool(true)),
            max_age: cors.get("MaxAge").and_then(|age| plain_text(age).ok()?.parse().ok()),
        });
    }
    properties.finish()
}

fn service(resource: &Value, mut properties: Properties<'_>) -> Result<Service, TemplateError> {
    let binary = at(resource, "/Metadata/Binary");
    let binary = binary.ok_or_else(|| properties.error("Metadata.Binary is missing"))?.to_owned();
    properties.pass_over(&[
        "Cpu",
        "ExecutionRoleArn",
        "Family",
        "Memory",
        "NetworkMode",
        "RequiresCompatibilities",
        "RuntimePlatform",
        "Tags",
        "TaskRoleArn",
        "Volumes",
    ]);
    let containers = properties.take("ContainerDefinitions")?.unwrap_or_default();
    let Some([container]) = containers.as_array().map(Vec::as_slice) else {
        return Err(properties.error("ContainerDefinitions: one container is supported"));
    };
    let mut environment = BTreeMap::new();
    for variable in section(container, "Environment").as_array().into_iter().flatten() {
        let value = plain_text(section(variable, "Value")).map_err(|error| properties.error(error))?;
        environment.insert(at(variable, "/Name").unwrap_or_default().to_owned(), value);
    }
    let name = properties.logical_id.to_owned();
    properties.finish()?;
    Ok(Service { name, binary, environment })
}
