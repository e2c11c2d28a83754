//! Answers to browsers of other origins, as `CorsConfiguration` allows them.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

use crate::template::Cors;

/// A template's `CorsConfiguration`, with its header values made once.
#[derive(Debug)]
pub(super) struct CorsPolicy {
    origins: Vec<String>,
    allow_methods: Option<HeaderValue>,
    allow_headers: Option<HeaderValue>,
    expose_headers: Option<HeaderValue>,
    max_age: Option<HeaderValue>,
    allow_credentials: bool,
}

impl CorsPolicy {
    pub fn new(cors: Cors) -> Self {
        let list = |values: &[String]| {
            (!values.is_empty()).then(|| HeaderValue::from_str(&values.join(",")).ok()).flatten()
        };
        Self {
            allow_methods: list(&cors.allow_methods),
            allow_headers: list(&cors.allow_headers),
            expose_headers: list(&cors.expose_headers),
            max_age: cors.max_age.map(HeaderValue::from),
            allow_credentials: cors.allow_credentials,
            origins: cors.allow_origins,
        }
    }

    /// The answer to a preflight; for an origin that is not allowed it allows nothing.
    pub fn preflight(&self, origin: &HeaderValue) -> Response<Full<Bytes>> {
        let mut answer = Response::new(Full::default());
        *answer.status_mut() = StatusCode::NO_CONTENT;
        let headers = answer.headers_mut();
        if self.apply(origin, headers) {
            insert(headers, header::ACCESS_CONTROL_ALLOW_METHODS, self.allow_methods.as_ref());
            insert(headers, header::ACCESS_CONTROL_ALLOW_HEADERS, self.allow_headers.as_ref());
            insert(headers, header::ACCESS_CONTROL_MAX_AGE, self.max_age.as_ref());
        }
        answer
    }

    /// Replaces whatever the function said about other origins; tells whether this one is allowed.
    pub fn apply(&self, origin: &HeaderValue, headers: &mut HeaderMap) -> bool {
        for name in [
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
        ] {
            headers.remove(name);
        }
        let is_allowed =
            origin.to_str().is_ok_and(|origin| self.origins.iter().any(|pattern| is_match(pattern, origin)));
        if !is_allowed {
            return false;
        }
        let is_any = self.origins.iter().any(|pattern| pattern == "*") && !self.allow_credentials;
        let allowed = if is_any { HeaderValue::from_static("*") } else { origin.clone() };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        if !is_any {
            headers.append(header::VARY, HeaderValue::from_static("origin"));
        }
        if self.allow_credentials {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        insert(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, self.expose_headers.as_ref());
        true
    }
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: Option<&HeaderValue>) {
    if let Some(value) = value {
        headers.insert(name, value.clone());
    }
}

/// `https://*.example.com`, `http://localhost:*`: a `*` stands for what no other part of an origin can be.
fn is_match(pattern: &str, origin: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == origin,
        Some(("", "")) => true,
        Some((before, after)) => origin
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after))
            .is_some_and(|middle| !middle.is_empty() && !middle.contains(['/', '@', ':'])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> CorsPolicy {
        CorsPolicy::new(Cors {
            allow_origins: vec!["http://localhost:*".into(), "https://app.example".into()],
            allow_methods: vec!["GET".into(), "POST".into()],
            max_age: Some(600),
            ..Cors::default()
        })
    }

    #[test]
    fn an_allowed_origin_hears_what_it_may() {
        let answer = policy().preflight(&HeaderValue::from_static("http://localhost:3000"));
        assert_eq!(answer.status(), 204);
        assert_eq!(answer.headers()["access-control-allow-origin"], "http://localhost:3000");
        assert_eq!(answer.headers()["access-control-allow-methods"], "GET,POST");
        assert_eq!(answer.headers()["access-control-max-age"], "600");
    }

    #[test]
    fn another_origin_hears_nothing() {
        for origin in
            ["null", "http://localhost.evil:80", "https://app.example.evil", "http://localhost:1@evil"]
        {
            let answer = policy().preflight(&HeaderValue::from_static(origin));
            assert!(answer.headers().is_empty(), "{origin}");
        }
    }

    #[test]
    fn a_functions_own_permission_is_replaced() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        assert!(!policy().apply(&HeaderValue::from_static("https://evil.example"), &mut headers));
        assert!(headers.is_empty());
    }
}
