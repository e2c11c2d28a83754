//! What a handler answers, and how it becomes API Gateway's answer.

use std::collections::HashMap;

use data_encoding::BASE64URL_NOPAD;
use parlance_application::{limits::admission::Admission, ports::idempotency::KeptAnswer};
use parlance_protocol::{
    error_code::ErrorCode,
    problem::{PROBLEM_JSON, Problem},
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{event::HttpAnswer, request::Conditions};
use crate::{limits, refusal::Refusal};

/// The status of an answer without a body.
const NO_CONTENT: u16 = 204;

/// A handler's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    status: u16,
    body: String,
    etag: Option<String>,
    location: Option<String>,
    is_replayed: bool,
}

impl Reply {
    /// 200 with a body.
    pub fn ok<T: Serialize>(body: &T) -> Result<Self, Refusal> {
        Self::with_status(200, body)
    }

    /// 200 with a body that is JSON already.
    pub const fn ok_with_json(body: String) -> Self {
        Self { status: 200, body, etag: None, location: None, is_replayed: false }
    }

    /// 201 with a body.
    pub fn created<T: Serialize>(body: &T) -> Result<Self, Refusal> {
        Self::with_status(201, body)
    }

    /// Names where the new thing can be read.
    #[must_use]
    pub fn at(self, location: String) -> Self {
        Self { location: Some(location), ..self }
    }

    /// 204 without a body.
    pub fn no_content() -> Self {
        Self { status: NO_CONTENT, body: String::new(), etag: None, location: None, is_replayed: false }
    }

    fn with_status<T: Serialize>(status: u16, body: &T) -> Result<Self, Refusal> {
        let body = serde_json::to_string(body).map_err(|_| Refusal::internal())?;
        Ok(Self { status, body, etag: None, location: None, is_replayed: false })
    }

    /// Names the version of what is answered; a client that has it already gets 304 without a body.
    #[must_use]
    pub fn with_etag(self, version: &str) -> Self {
        Self { etag: Some(format!("\"{version}\"")), ..self }
    }

    /// The same with a version that changes whenever the body does.
    #[must_use]
    pub fn with_etag_of_body(self) -> Self {
        let digest = Sha256::digest(self.body.as_bytes());
        let short: Vec<u8> = digest.into_iter().take(12).collect();
        self.with_etag(&BASE64URL_NOPAD.encode(&short))
    }

    /// As it is kept for a retry.
    pub(super) fn into_kept(self) -> KeptAnswer {
        let Self { status, body, etag, location, .. } = self;
        KeptAnswer { status, body: Some(body), etag, location }
    }

    /// The first answer, once more.
    pub(super) fn kept(answer: KeptAnswer) -> Result<Self, Refusal> {
        let KeptAnswer { status, body, etag, location } = answer;
        let has_no_body = status == NO_CONTENT;
        let body = body.or_else(|| has_no_body.then(String::new)).ok_or_else(|| {
            Problem::new(ErrorCode::Conflict, "this was done; its answer was too large to be kept")
        })?;
        Ok(Self { status, body, etag, location, is_replayed: true })
    }

    pub(super) fn into_answer(self, conditions: &Conditions) -> HttpAnswer {
        let mut headers = HashMap::from([("x-content-type-options", "nosniff".to_owned())]);
        if self.is_replayed {
            headers.insert("idempotency-replayed", "true".to_owned());
        }
        let is_known = match (&self.etag, &conditions.if_none_match) {
            (Some(etag), Some(known)) => matches_etag(known, etag),
            _ => false,
        };
        if let Some(etag) = self.etag {
            headers.insert("etag", etag);
            headers.insert("cache-control", "private, no-cache".to_owned());
        } else {
            headers.insert("cache-control", "no-store".to_owned());
        }
        if let Some(location) = self.location {
            headers.insert("location", location);
        }
        if is_known {
            return HttpAnswer { status_code: 304, headers, body: String::new(), is_base64_encoded: false };
        }
        if !self.body.is_empty() {
            let media_type = if self.status >= 400 { PROBLEM_JSON } else { "application/json" };
            headers.insert("content-type", media_type.to_owned());
        }
        HttpAnswer { status_code: self.status, headers, body: self.body, is_base64_encoded: false }
    }
}

/// Adds where the caller stands with the limits.
pub(super) fn with_limits(mut answer: HttpAnswer, admission: &Admission) -> HttpAnswer {
    if let Some((policy, rate)) = admission.standing().as_ref().and_then(limits::headers) {
        answer.headers.insert("ratelimit-policy", policy);
        answer.headers.insert("ratelimit", rate);
    }
    answer
}

/// A refusal as `application/problem+json`, with the headers that HTTP has for it.
pub(super) fn refused(problem: &Problem) -> HttpAnswer {
    let status_code = problem.code.status();
    let mut headers = HashMap::from([
        ("content-type", PROBLEM_JSON.to_owned()),
        ("cache-control", "no-store".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
    ]);
    if let Some(seconds) = problem.retry_after_secs() {
        headers.insert("retry-after", seconds.to_string());
    }
    if status_code == 401 {
        headers.insert("www-authenticate", challenge(problem));
    }
    let body = String::from_utf8(problem.to_problem_json()).unwrap_or_default();
    HttpAnswer { status_code, headers, body, is_base64_encoded: false }
}

/// RFC 6750: an error is named only to those who showed a token.
fn challenge(problem: &Problem) -> String {
    if problem.detail == NO_TOKEN {
        "Bearer realm=\"parlance\"".to_owned()
    } else {
        format!(
            "Bearer realm=\"parlance\", error=\"invalid_token\", error_description=\"{}\"",
            problem.detail
        )
    }
}

/// The detail of a refusal for want of a token.
pub(super) const NO_TOKEN: &str = "a bearer token is required";

/// RFC 9110's weak comparison of `If-None-Match` with a strong tag of ours.
fn matches_etag(known: &str, etag: &str) -> bool {
    known.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_the_client_has_is_recognised_in_every_spelling() {
        for known in ["\"3\"", "W/\"3\"", "\"1\", \"3\"", "*"] {
            assert!(matches_etag(known, "\"3\""), "{known}");
        }
        for unknown in ["", "3", "\"33\"", "\"1\", \"2\""] {
            assert!(!matches_etag(unknown, "\"3\""), "{unknown}");
        }
    }
}
