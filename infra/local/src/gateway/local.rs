//! `/_local/…`: what the local cloud tells about itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use super::http_api::own;
use crate::processes::Processes;

/// What can be asked.
pub struct Local {
    /// Where everything listens, by name.
    pub endpoints: BTreeMap<String, String>,
    /// The children.
    pub processes: Arc<Processes>,
}

impl Local {
    /// Answers one request under `/_local/`.
    pub async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        match (request.method(), request.uri().path().trim_end_matches('/')) {
            (&Method::GET, "/_local/endpoints") => json_answer(&json!(self.endpoints)),
            (&Method::GET, "/_local/processes") => json_answer(&self.processes()),
            _ => own(StatusCode::NOT_FOUND, "Not Found"),
        }
    }

    fn processes(&self) -> Value {
        let own = json!({ "name": "parlance", "pid": std::process::id() });
        let children = self.processes.running();
        let children = children.iter().map(|child| json!({ "name": child.name, "pid": child.pid }));
        json!({ "processes": std::iter::once(own).chain(children).collect::<Vec<_>>() })
    }
}

fn json_answer(value: &Value) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::from(value.to_string()));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
