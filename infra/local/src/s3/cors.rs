//! What pages of other origins may do with a bucket, as its rules say.

use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Response, StatusCode};
use s3s::Body;

use super::bucket_spec::CorsRule;

/// Answers a preflight.
pub(super) fn preflight(rules: &[CorsRule], asked: &HeaderMap) -> Response<Body> {
    let text = |name| asked.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let origin = text(header::ORIGIN).unwrap_or_default();
    let method = text(header::ACCESS_CONTROL_REQUEST_METHOD).unwrap_or_default();
    let headers = text(header::ACCESS_CONTROL_REQUEST_HEADERS).unwrap_or_default();
    let asked_for: Vec<&str> = headers.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let allows = |rule: &&CorsRule| {
        let allowed = |name: &&str| rule.headers.iter().any(|pattern| fits(pattern, name, true));
        allows(rule, origin, method) && asked_for.iter().all(allowed)
    };
    let Some(rule) = rules.iter().find(allows) else {
        let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessForbidden</Code><Message>CORSResponse: This CORS \
                    request is not allowed.</Message></Error>";
        let mut refused = Response::new(Body::from(body.to_owned()));
        *refused.status_mut() = StatusCode::FORBIDDEN;
        refused.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        return refused;
    };
    let mut answer = Response::new(Body::empty());
    put(answer.headers_mut(), rule, origin);
    let mut set = |name, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            answer.headers_mut().insert(name, value);
        }
    };
    if !headers.is_empty() {
        set(header::ACCESS_CONTROL_ALLOW_HEADERS, headers.to_ascii_lowercase());
    }
    if let Some(age) = rule.max_age {
        set(header::ACCESS_CONTROL_MAX_AGE, age.to_string());
    }
    answer
}

/// Adds to an answer what lets the page read it.
pub(super) fn apply(rules: &[CorsRule], origin: &HeaderValue, method: &Method, headers: &mut HeaderMap) {
    let origin = origin.to_str().unwrap_or_default();
    if let Some(rule) = rules.iter().find(|rule| allows(rule, origin, method.as_str())) {
        put(headers, rule, origin);
    }
}

fn put(headers: &mut HeaderMap, rule: &CorsRule, origin: &str) {
    let mut set = |name, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        if rule.origins.iter().any(|any| any == "*") { "*" } else { origin },
    );
    set(header::ACCESS_CONTROL_ALLOW_METHODS, &rule.methods.join(", "));
    if !rule.exposed.is_empty() {
        set(header::ACCESS_CONTROL_EXPOSE_HEADERS, &rule.exposed.join(", "));
    }
    set(header::VARY, "Origin, Access-Control-Request-Headers, Access-Control-Request-Method");
}

fn allows(rule: &CorsRule, origin: &str, method: &str) -> bool {
    rule.methods.iter().any(|allowed| allowed == method)
        && rule.origins.iter().any(|pattern| fits(pattern, origin, false))
}

/// Whether a text fits a pattern with at most one `*`.
fn fits(pattern: &str, text: &str, ignores_case: bool) -> bool {
    let (pattern, text) = if ignores_case {
        (pattern.to_ascii_lowercase(), text.to_ascii_lowercase())
    } else {
        (pattern.to_owned(), text.to_owned())
    };
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => {
            text.len() >= before.len() + after.len() && text.starts_with(before) && text.ends_with(after)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_run_and_nothing_else_is_a_pattern() {
        assert!(fits("http://localhost:*", "http://localhost:5173", false));
        assert!(!fits("http://localhost:*", "http://localhost.evil.example", false));
        assert!(!fits("https://a.example", "https://a.example.evil", false));
        assert!(fits("X-Amz-*", "x-amz-date", true) && fits("*", "", true));
        assert!(!fits("xy*yx", "xyx", false), "the parts may not overlap");
    }
}
