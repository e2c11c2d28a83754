//! The HTTP API: routes, events in payload format 2.0, and AWS's own answers where a function gives none.

mod answer;
mod cors;
mod event;
mod routes;

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::HeaderMap;
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};

use self::cors::CorsPolicy;
use self::routes::Routes;
use super::limits::Limits;
use crate::lambda::{InvocationOutcome, Invoke};
use crate::template::HttpApi as Description;
use crate::usage::Usage;

pub use self::answer::own;

/// The running HTTP API.
pub struct HttpApi {
    id: String,
    region: String,
    routes: Routes,
    cors: Option<CorsPolicy>,
    limits: Arc<Limits>,
    invoke: Arc<dyn Invoke>,
    usage: Usage,
}

impl HttpApi {
    /// Runs the API that the template describes.
    pub fn new(
        description: Description,
        region: &str,
        limits: Arc<Limits>,
        invoke: Arc<dyn Invoke>,
        usage: Usage,
    ) -> Self {
        Self {
            id: description.id,
            region: region.to_owned(),
            routes: Routes::new(description.routes),
            cors: description.cors.map(CorsPolicy::new),
            limits,
            invoke,
            usage,
        }
    }

    /// Answers one request; `path` is what the CDN has made of the request's own.
    pub async fn answer(
        &self,
        request: Request<Incoming>,
        path: &str,
        source_ip: &str,
    ) -> Response<Full<Bytes>> {
        let (parts, body) = request.into_parts();
        let bytes_in = body.size_hint().lower();
        let origin = parts.headers.get("origin").cloned();
        if let (Some(cors), Some(origin)) = (&self.cors, &origin)
            && parts.method == Method::OPTIONS
            && parts.headers.contains_key("access-control-request-method")
        {
            return cors.preflight(origin);
        }
        let mut answer = if is_too_large(&parts.uri, &parts.headers, self.limits.header_bytes) {
            own(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "Request Header Fields Too Large")
        } else {
            self.route(&parts, path, source_ip, body).await
        };
        if let (Some(cors), Some(origin)) = (&self.cors, &origin) {
            cors.apply(origin, answer.headers_mut());
        }
        let bytes_out = answer.body().size_hint().lower();
        self.usage.http_request(bytes_in, bytes_out);
        answer
    }

    async fn route(
        &self,
        parts: &Parts,
        path: &str,
        source_ip: &str,
        body: Incoming,
    ) -> Response<Full<Bytes>> {
        let Some(matched) = self.routes.find(parts.method.as_str(), path) else {
            return own(StatusCode::NOT_FOUND, "Not Found");
        };
        let body = match Limited::new(body, self.limits.body_bytes).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => {
                return own(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
            }
            Err(_) => return own(StatusCode::BAD_REQUEST, "Bad Request"),
        };
        let event = event::event(self, parts, path, source_ip, &matched, &body);
        let trigger = format!("{} {path}", parts.method);
        let call = self.invoke.invoke(&matched.route.function, &trigger, event);
        match tokio::time::timeout(self.limits.integration.min(Duration::from_secs(30)), call).await {
            Ok(InvocationOutcome::Answered(payload)) => answer::proxied(&payload)
                .unwrap_or_else(|| own(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")),
            Ok(InvocationOutcome::FunctionError { .. } | InvocationOutcome::Unavailable { .. }) => {
                own(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
            }
            Ok(InvocationOutcome::TimedOut { .. }) | Err(_) => {
                own(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
            }
        }
    }
}

fn is_too_large(uri: &hyper::Uri, headers: &HeaderMap, most_bytes: usize) -> bool {
    let line = uri.path_and_query().map_or(0, |path| path.as_str().len());
    let headers: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    line + headers > most_bytes
}
