//! `/_local/…`: what the local cloud tells about itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Collected, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use super::http_api::own;
use super::query;
use crate::eventbridge;
use crate::faults::{FaultName, FaultSpec, Faults};
use crate::processes::Processes;
use crate::usage::Usage;

/// The largest description of a fault.
const FAULT_BYTES: usize = 4_096;

/// What can be asked.
pub struct Local {
    /// Where everything listens, by name.
    pub endpoints: BTreeMap<String, String>,
    /// The children.
    pub processes: Arc<Processes>,
    /// The event buses.
    pub events: Arc<eventbridge::Running>,
    /// The logical ids of the functions.
    pub functions: Vec<String>,
    /// What is to go wrong.
    pub faults: Faults,
    /// What was used.
    pub usage: Usage,
}

impl Local {
    /// Answers one request under `/_local/`.
    pub async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        match (request.method(), request.uri().path().trim_end_matches('/')) {
            (&Method::GET, "/_local/endpoints") => json_answer(&json!(self.endpoints)),
            (&Method::GET, "/_local/processes") => json_answer(&self.processes()),
            (&Method::GET, "/_local/events") => json_answer(&json!({ "events": self.events.recent() })),
            (&Method::GET, "/_local/usage") => json_answer(&json!(self.usage.snapshot())),
            (_, "/_local/faults") => self.faults(request).await,
            _ => own(StatusCode::NOT_FOUND, "Not Found"),
        }
    }

    async fn faults(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let query = request.uri().query().unwrap_or_default().to_owned();
        match *request.method() {
            Method::GET => {
                let names: Vec<&str> = FaultName::ALL.iter().map(|name| name.as_str()).collect();
                json_answer(&json!({ "names": names, "active": self.faults.list() }))
            }
            Method::POST => {
                let body = Limited::new(request.into_body(), FAULT_BYTES).collect().await;
                let body = body.map(Collected::to_bytes).unwrap_or_default();
                let fault = serde_json::from_slice::<FaultSpec>(&body).map_err(|error| error.to_string());
                match fault.and_then(|fault| fault.checked(&self.functions)) {
                    Ok(fault) => {
                        self.faults.set(fault);
                        empty(StatusCode::CREATED)
                    }
                    Err(error) => own(StatusCode::UNPROCESSABLE_ENTITY, &error),
                }
            }
            Method::DELETE => {
                let names = query::parameters(&query).into_iter().map(|(key, name)| match key.as_str() {
                    "name" => serde_json::from_value(Value::from(name)).map_err(|error| error.to_string()),
                    _ => Err(format!("{key}: name is expected")),
                });
                match names.collect::<Result<Vec<FaultName>, _>>() {
                    Ok(names) => {
                        self.faults.clear(&names);
                        empty(StatusCode::NO_CONTENT)
                    }
                    Err(error) => own(StatusCode::UNPROCESSABLE_ENTITY, &error),
                }
            }
            _ => own(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed"),
        }
    }

    fn processes(&self) -> Value {
        let own = json!({ "name": "parlance", "pid": std::process::id() });
        let children = self.processes.running();
        let children = children.iter().map(|child| json!({ "name": child.name, "pid": child.pid }));
        json!({ "processes": std::iter::once(own).chain(children).collect::<Vec<_>>() })
    }
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    answer
}

fn json_answer(value: &Value) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::from(value.to_string()));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
