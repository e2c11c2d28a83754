//! What CloudFront does below `/media/`: it verifies the address's signature and serves the object from the bucket, with headers that
//! keep an upload from running in a browser.
//!
//! The same stands, for AWS, in `infra/cdn/template.yaml`.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper::{Method, Request, Response, StatusCode};
use percent_encoding::percent_decode_str;
use s3s::dto::{ETagCondition, GetObjectInput, GetObjectOutput, Range, TimestampFormat};
use s3s::{Body, S3ErrorCode};

use super::media_key::MediaKey;
use super::query;
use crate::s3::{self, Store};
use crate::usage::Usage;

/// Where all of it lies.
pub const PREFIX: &str = "/media/";

/// What is served.
pub struct Media {
    store: Arc<Store>,
    bucket: String,
    key: MediaKey,
    usage: Usage,
}

impl Media {
    /// Serves the objects of a bucket to whoever has an address that the key has signed.
    pub fn new(s3: &s3::Running, bucket: String, key: MediaKey, usage: Usage) -> Self {
        Self { store: Arc::clone(s3.store()), bucket, key, usage }
    }

    /// Answers one request below [`PREFIX`].
    pub async fn answer<B>(&self, request: &Request<B>) -> Response<Body> {
        let answer = self.serve(request).await.unwrap_or_else(Refusal::answer);
        let has_body = request.method() != Method::HEAD;
        self.usage.media_request(if has_body { s3::length(&answer) } else { 0 });
        if has_body { answer } else { without_body(answer) }
    }

    async fn serve<B>(&self, request: &Request<B>) -> Result<Response<Body>, Refusal> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Err(Refusal::Denied);
        }
        let path = request.uri().path();
        let parameters = query::parameters(request.uri().query().unwrap_or_default());
        let parameter = |name: &str| {
            let found = parameters.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.as_str()).ok_or(Refusal::MissingKey)
        };
        let host =
            request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let (expires, signature, id) =
            (parameter("Expires")?, parameter("Signature")?, parameter("Key-Pair-Id")?);
        let until: u64 = expires.parse().map_err(|_| Refusal::Denied)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        if until <= now || !self.key.has_signed(id, &format!("http://{host}{path}"), until, signature) {
            return Err(Refusal::Denied);
        }
        let key = object_key(path).ok_or(Refusal::Denied)?;
        let text = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
        let mut input = GetObjectInput { bucket: self.bucket.clone(), key, ..GetObjectInput::default() };
        let condition = |text: &str| ETagCondition::parse_http_header(text.as_bytes()).ok();
        input.if_match = text(header::IF_MATCH).and_then(condition);
        let whole = served(self.got(input.clone()).await?);
        let etag = whole.headers().get(header::ETAG).and_then(|etag| etag.to_str().ok());
        if text(header::IF_NONE_MATCH).is_some_and(|named| names(named, etag)) {
            return Ok(not_modified(whole));
        }
        // A part is of the version that the reader has, else he gets all of the new one. More than one range is none, as S3 has it.
        let is_his = text(header::IF_RANGE).is_none_or(|version| Some(version) == etag);
        input.range = text(header::RANGE).filter(|_| is_his).and_then(|range| Range::parse(range).ok());
        if input.range.is_none() {
            return Ok(whole);
        }
        match self.got(input).await {
            Ok(part) => Ok(served(part)),
            Err(Refusal::InvalidRange) => Ok(beyond(&whole)),
            Err(refusal) => Err(refusal),
        }
    }

    async fn got(&self, input: GetObjectInput) -> Result<GetObjectOutput, Refusal> {
        let got = self.store.get(s3::internal(input)).await.map_err(|error| match error.code() {
            S3ErrorCode::PreconditionFailed => Refusal::PreconditionFailed,
            S3ErrorCode::InvalidRange => Refusal::InvalidRange,
            // The distribution may not list the bucket: for it what is not there is forbidden.
            _ => Refusal::Denied,
        })?;
        Ok(got.output)
    }
}

/// Whether an `If-None-Match` names this version.
fn names(named: &str, etag: Option<&str>) -> bool {
    named
        .split(',')
        .map(|name| name.trim().trim_start_matches("W/"))
        .any(|name| name == "*" || Some(name) == etag)
}

/// The answer to a reader who has this version already.
fn not_modified(mut whole: Response<Body>) -> Response<Body> {
    for of_the_body in [header::CONTENT_LENGTH, header::CONTENT_TYPE] {
        whole.headers_mut().remove(of_the_body);
    }
    *whole.status_mut() = StatusCode::NOT_MODIFIED;
    *whole.body_mut() = Body::empty();
    whole
}

/// The answer to one who asks for what lies beyond the end.
fn beyond(whole: &Response<Body>) -> Response<Body> {
    let mut answer = Refusal::InvalidRange.answer();
    let length = whole.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if let Some(Ok(range)) = length.map(|length| HeaderValue::try_from(format!("bytes */{length}"))) {
        answer.headers_mut().insert(header::CONTENT_RANGE, range);
    }
    answer
}

/// The object that a path names: `/media/<id>/<name>`, where the name is for the reader alone, or `/media/preview/<id>`.
fn object_key(path: &str) -> Option<String> {
    let segments: Vec<&str> = path.strip_prefix(PREFIX)?.split('/').collect();
    let (folder, id) = match segments.as_slice() {
        ["preview", id] => ("preview", *id),
        [id] | [id, _] => ("clean", *id),
        _ => return None,
    };
    let id = percent_decode_str(id).decode_utf8().ok()?;
    let is_id =
        !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    is_id.then(|| format!("{folder}/{id}"))
}

fn served(output: GetObjectOutput) -> Response<Body> {
    let mut headers = HeaderMap::new();
    let mut set = |name: HeaderName, value: Option<String>| {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, output.content_type);
    set(header::CONTENT_LENGTH, output.content_length.map(|length| length.to_string()));
    set(header::ACCEPT_RANGES, Some("bytes".to_owned()));
    set(
        header::CONTENT_DISPOSITION,
        Some(output.content_disposition.unwrap_or_else(|| "attachment".to_owned())),
    );
    set(header::CACHE_CONTROL, Some(output.cache_control.unwrap_or_else(|| "private".to_owned())));
    set(header::X_CONTENT_TYPE_OPTIONS, Some("nosniff".to_owned()));
    set(header::CONTENT_SECURITY_POLICY, Some("sandbox; default-src 'none'".to_owned()));
    let modified = output.last_modified.and_then(|modified| {
        let mut text = Vec::new();
        modified.format(TimestampFormat::HttpDate, &mut text).ok()?;
        String::from_utf8(text).ok()
    });
    set(header::LAST_MODIFIED, modified);
    let status = if output.content_range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    set(header::CONTENT_RANGE, output.content_range);
    if let Some(etag) = output.e_tag.and_then(|etag| etag.to_http_header().ok()) {
        headers.insert(header::ETAG, etag);
    }
    let mut answer = Response::new(output.body.map(Body::from).unwrap_or_default());
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    answer
}

fn without_body(answer: Response<Body>) -> Response<Body> {
    answer.map(|_| Body::http_body(Empty::<Bytes>::new().map_err(|never| match never {})))
}

/// Why nothing is served, in CloudFront's and S3's words.
#[derive(Clone, Copy, Debug)]
enum Refusal {
    MissingKey,
    Denied,
    PreconditionFailed,
    InvalidRange,
}

impl Refusal {
    fn answer(self) -> Response<Body> {
        let (status, code, message) = match self {
            Self::MissingKey => {
                (StatusCode::FORBIDDEN, "MissingKey", "Missing Key-Pair-Id query parameter or cookie value")
            }
            Self::Denied => (StatusCode::FORBIDDEN, "AccessDenied", "Access denied"),
            Self::PreconditionFailed => (
                StatusCode::PRECONDITION_FAILED,
                "PreconditionFailed",
                "At least one of the pre-conditions you specified did not hold",
            ),
            Self::InvalidRange => {
                (StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange", "The requested range is not satisfiable")
            }
        };
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
        );
        let mut answer = Response::new(Body::from(body));
        *answer.status_mut() = status;
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_clean_object_or_a_preview_and_nothing_else() {
        for (path, key) in [
            ("/media/att_1/%C3%84%20b.png", Some("clean/att_1")),
            ("/media/att_1", Some("clean/att_1")),
            ("/media/preview/att_1", Some("preview/att_1")),
            ("/media/", None),
            ("/media/../quarantine/att_1", None),
            ("/media/%2e%2e/x", None),
            ("/media/..%2Fquarantine%2Fatt_1/x", None),
            ("/media/a/b/c", None),
            ("/media/preview/a/b", None),
        ] {
            assert_eq!(object_key(path).as_deref(), key, "{path}");
        }
    }
}
