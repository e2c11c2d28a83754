//! HTTP answers, held to the response that their operation has for their status.

use std::sync::LazyLock;

use parlance_protocol::spec::openapi;
use reqwest::Method;
use serde_json::Value;

use super::Schemas;
use crate::answer::Answer;

/// The OpenAPI document as a judge.
pub struct Http {
    document: Value,
    schemas: Schemas,
}

/// An operation of the document.
struct Found<'a> {
    key: String,
    operation: &'a Value,
}

impl Http {
    /// The one document.
    pub fn specification() -> &'static Self {
        static SPECIFICATION: LazyLock<Http> = LazyLock::new(|| {
            let document = openapi::document();
            Http { schemas: Schemas::of(&document), document }
        });
        &SPECIFICATION
    }

    /// Fails unless the answer is one that the specification allows this request.
    #[track_caller]
    pub fn judge(&self, method: &Method, path: &str, answer: &Answer) {
        if path.starts_with("/_local/") || method == Method::OPTIONS || method == Method::HEAD {
            return;
        }
        if let Err(wrong) = self.judged(method, path, answer) {
            panic!("{method} {path} → {}: not as specified: {wrong}\n{answer:?}", answer.status);
        }
    }

    fn judged(&self, method: &Method, path: &str, answer: &Answer) -> Result<(), String> {
        let is_gateways =
            answer.header("content-type").starts_with("application/json") && answer.status >= 400;
        let Some(found) = self.find(method, path) else {
            return if is_gateways {
                Ok(())
            } else {
                Err("no operation, and no refusal of the gateway".to_owned())
            };
        };
        let responses = &found.operation["responses"];
        let status = answer.status.to_string();
        let (name, response) = if is_gateways || responses[&status].is_null() {
            ("default", &responses["default"])
        } else {
            (status.as_str(), &responses[&status])
        };
        self.hold_headers(response, answer)?;
        let Some(contents) = response["content"].as_object() else {
            let is_empty = answer.text.is_empty();
            return if is_empty { Ok(()) } else { Err("a body where there is none".to_owned()) };
        };
        let media_type = answer.header("content-type").split(';').next().unwrap_or_default();
        let content = contents.get(media_type).ok_or_else(|| format!("no content of type {media_type:?}"))?;
        let body = serde_json::from_str(&answer.text).map_err(|error| format!("no JSON: {error}"))?;
        self.schemas.hold(&format!("{} {name}", found.key), &content["schema"], &body)
    }

    fn hold_headers(&self, response: &Value, answer: &Answer) -> Result<(), String> {
        for (name, header) in response["headers"].as_object().into_iter().flatten() {
            let pointer = header["$ref"].as_str().unwrap_or_default().trim_start_matches('#');
            let is_required = self.document.pointer(pointer).is_some_and(|header| header["required"] == true);
            if is_required && answer.header(name).is_empty() {
                return Err(format!("no {name}"));
            }
        }
        Ok(())
    }

    fn find(&self, method: &Method, path: &str) -> Option<Found<'_>> {
        let method = method.as_str().to_lowercase();
        let segments = segments(path);
        let paths = self.document["paths"].as_object().unwrap().iter();
        let mut matching: Vec<(&String, &Value)> = paths
            .filter(|(template, operations)| {
                let expected: Vec<&str> = template.split('/').filter(|segment| !segment.is_empty()).collect();
                let is_same = expected.len() == segments.len()
                    && expected
                        .iter()
                        .zip(&segments)
                        .all(|(template, segment)| template.starts_with('{') || template == segment);
                is_same && operations.get(&method).is_some()
            })
            .collect();
        // A literal segment wins over a placeholder, as it does at the gateway.
        matching.sort_by_key(|(template, _)| template.matches('{').count());
        let (template, operations) = matching.first()?;
        Some(Found { key: format!("{method} {template}"), operation: &operations[&method] })
    }
}

fn segments(path: &str) -> Vec<&str> {
    let path = path.split('?').next().unwrap_or_default();
    path.split('/').filter(|segment| !segment.is_empty()).collect()
}
