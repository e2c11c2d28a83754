//! `AWS::Serverless::Function`: the program, its settings and what calls it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::error::TemplateError;
use super::properties::Properties;
use super::resolver::{Resolver, members, plain_text};
use super::system::{HttpRoute, System};
use super::{at, section};
use crate::event_sources::EventMapping;
use crate::eventbridge::RuleSpec;
use crate::lambda::{FunctionName, FunctionSettings};

/// What AWS enforces and a process on this machine does not need, or what only a deployment does.
const PASSED_OVER: [&str; 16] = [
    "Architectures",
    "CodeUri",
    "Description",
    "EphemeralStorage",
    // Repetitions are the local cloud's own, and what failed for good stands in the log.
    "EventInvokeConfig",
    "FunctionName",
    "Handler",
    "LoggingConfig",
    "PermissionsBoundary",
    "Policies",
    "ReservedConcurrentExecutions",
    "Role",
    "Runtime",
    "Tags",
    "Tracing",
    "VpcConfig",
];

pub(super) fn read(
    logical_id: &str,
    resource: &Value,
    globals: &Value,
    resolver: &Resolver<'_>,
    system: &mut System,
) -> Result<(), TemplateError> {
    let refuse = |reason: &str| TemplateError::resource(logical_id, reason);
    let binary = at(resource, "/Metadata/BuildProperties/Binary");
    let binary = binary.ok_or_else(|| refuse("Metadata.BuildProperties.Binary is missing"))?;
    let own = section(resource, "Properties").as_object().cloned().unwrap_or_default();
    let merged = merge(section(globals, "Function").as_object().cloned().unwrap_or_default(), own);
    let mut properties = Properties::new(logical_id, merged, resolver);
    properties.expect("PackageType", &["Zip"])?;
    let name = FunctionName::new(logical_id);
    let timeout = properties.number("Timeout")?.unwrap_or(3);
    let memory = properties.number("MemorySize")?.unwrap_or(128);
    let environment = properties.take("Environment")?.unwrap_or_default();
    let events = properties.take("Events")?.unwrap_or_default();
    properties.pass_over(&PASSED_OVER);
    let mut variables = BTreeMap::new();
    for (key, value) in members(section(&environment, "Variables")) {
        let text =
            plain_text(value).map_err(|error| properties.error(format!("Environment: {key}: {error}")))?;
        variables.insert(key.clone(), text);
    }
    properties.finish()?;
    for (event_id, event) in members(&events) {
        let kind = at(event, "/Type").unwrap_or_default();
        if kind == "HttpApi" {
            let route = http_route(logical_id, event_id, event)?;
            system.http.get_or_insert_default().routes.push(route);
        } else if kind == "EventBridgeRule" {
            let rule = RuleSpec::of_function(&name, event_id, section(event, "Properties"))
                .map_err(|error| TemplateError::resource(logical_id, format!("{event_id}: {error}")))?;
            system.rules.extend(rule);
        } else {
            let mapping = EventMapping::parse(&name, kind, section(event, "Properties"))
                .map_err(|error| TemplateError::resource(logical_id, format!("{event_id}: {error}")))?;
            system.events.extend(mapping);
        }
    }
    system.functions.push(FunctionSettings {
        name,
        binary: binary.to_owned(),
        timeout: Duration::from_secs(timeout),
        memory_megabytes: u32::try_from(memory).unwrap_or(u32::MAX),
        environment: variables,
    });
    Ok(())
}

fn http_route(logical_id: &str, event_id: &str, event: &Value) -> Result<HttpRoute, TemplateError> {
    let properties = section(event, "Properties");
    let unknown = members(properties).map(|(key, _)| key.as_str()).find(|key| {
        !matches!(*key, "ApiId" | "Method" | "Path" | "PayloadFormatVersion" | "TimeoutInMillis" | "Auth")
    });
    if let Some(unknown) = unknown {
        let reason = format!("{event_id}: the property {unknown} is not supported");
        return Err(TemplateError::resource(logical_id, reason));
    }
    if properties.get("PayloadFormatVersion").is_some_and(|version| version != "2.0") {
        let reason = format!("{event_id}: only PayloadFormatVersion 2.0 is supported");
        return Err(TemplateError::resource(logical_id, reason));
    }
    if properties.get("Auth").is_some_and(|auth| at(auth, "/Authorizer") != Some("NONE")) {
        return Err(TemplateError::resource(logical_id, format!("{event_id}: Auth is not supported")));
    }
    let method = at(properties, "/Method").unwrap_or("$default").to_uppercase();
    let path = at(properties, "/Path").unwrap_or_default();
    let is_default = path.is_empty() || path == "$default";
    Ok(HttpRoute {
        method: if is_default { "$default".to_owned() } else { method },
        path: if is_default { String::new() } else { path.to_owned() },
        function: FunctionName::new(logical_id),
    })
}

/// SAM's rule for Globals: maps are merged, everything else is replaced.
fn merge(globals: Map<String, Value>, own: Map<String, Value>) -> Map<String, Value> {
    let mut merged = globals;
    for (key, value) in own {
        let value = match (merged.remove(&key), value) {
            (Some(Value::Object(below)), Value::Object(above)) => Value::Object(merge(below, above)),
            (_, value) => value,
        };
        merged.insert(key, value);
    }
    merged
}
