//! What a handler sees of a request, and how it reads path, query and body.

use std::{collections::HashMap, str::FromStr};

use data_encoding::BASE64;
use parlance_application::{
    limits::admission::Admission,
    ports::{attachments::Origin, idempotency::RequestSeed, identity::Identity},
};
use parlance_protocol::{
    error_code::ErrorCode,
    fields::{self, Object},
    problem::Problem,
};

use sha2::{Digest, Sha256};

use super::{
    event::HttpEvent,
    form::{self, FileForm},
};

/// The header in which the CDN names the host that it was asked for: what reaches us names the API's own.
const ORIGIN_HOST: &str = "x-parlance-origin-host";

/// The largest body that is read.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// A request of somebody who is known.
#[derive(Debug)]
pub struct Request {
    /// Who calls.
    pub caller: Identity,
    /// What he asks.
    pub parts: RequestParts,
    /// The request on its way past the limits: counted already, unless the route counts by itself.
    pub admission: Admission,
}

/// A request, whoever sent it.
#[derive(Debug)]
pub struct RequestParts {
    path: HashMap<String, String>,
    query: Vec<(String, String)>,
    headers: HashMap<String, String>,
    body: Option<Vec<u8>>,
}

/// The conditions under which a request wants an answer.
pub(super) struct Conditions {
    /// The versions that the client has.
    pub(super) if_none_match: Option<String>,
}

impl Request {
    /// What the request shares with its retries, if it has an `Idempotency-Key`.
    pub fn seed(&self) -> Option<RequestSeed> {
        let key = self.parts.header("idempotency-key")?;
        let mut digest = Sha256::new();
        for part in [self.caller.user.as_str().as_bytes(), key.as_bytes(), &self.parts.fingerprint()] {
            add(&mut digest, part);
        }
        let digest: [u8; 32] = digest.finalize().into();
        digest.first_chunk().copied().map(RequestSeed)
    }
}

/// Adds a part with its length, so that no two lists of parts have the same digest.
fn add(digest: &mut Sha256, part: &[u8]) {
    digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
    digest.update(part);
}

impl RequestParts {
    /// Takes API Gateway's event apart; the route's key comes first.
    pub fn of(event: HttpEvent) -> (String, Self) {
        let HttpEvent { route_key, raw_query_string, headers, path_parameters, body, is_base64_encoded } =
            event;
        let body = body.map(|body| {
            if is_base64_encoded {
                BASE64.decode(body.as_bytes()).unwrap_or_default()
            } else {
                body.into_bytes()
            }
        });
        let query = url::form_urlencoded::parse(raw_query_string.as_bytes()).into_owned().collect();
        let headers = headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        (route_key, Self { path: path_parameters.unwrap_or_default(), query, headers, body })
    }

    /// A header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// A digest of what is asked: path, query and body.
    pub(super) fn fingerprint(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        let mut path: Vec<_> = self.path.iter().collect();
        path.sort_unstable();
        let query = self.query.iter().map(|(name, value)| (name, value));
        for (name, value) in path.into_iter().chain(query) {
            add(&mut digest, name.as_bytes());
            add(&mut digest, value.as_bytes());
        }
        let body = self.body.as_deref().unwrap_or_default();
        match self.header("content-type").and_then(form::boundary) {
            // A form that is sent again has another boundary, and says the same.
            Some(boundary) => form::parts(body, &boundary).for_each(|part| add(&mut digest, part)),
            None => add(&mut digest, body),
        }
        digest.finalize().into()
    }

    /// What decides between the whole answer and 304.
    pub(super) fn conditions(&self) -> Conditions {
        Conditions { if_none_match: self.header("if-none-match").map(str::to_owned) }
    }

    /// The versions of which `If-Match` wants the thing to have one; none where it wants any, or is absent.
    pub fn if_match(&self) -> Option<Vec<u64>> {
        let wanted = self.header("if-match")?;
        let tags: Vec<&str> = wanted.split(',').map(str::trim).collect();
        if tags.contains(&"*") {
            return None;
        }
        // Only strong tags can match, and what was never a tag of ours matches nothing.
        let version = |tag: &str| tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok();
        Some(tags.into_iter().filter_map(version).collect())
    }

    /// The id that stands in the path. What cannot be one does not exist.
    pub fn path_id<T: FromStr>(&self, name: &str) -> Result<T, Problem> {
        fields::path_id(self.path_text(name))
    }

    /// The text that stands in the path, decoded.
    pub fn path_text(&self, name: &str) -> &str {
        self.path.get(name).map(String::as_str).unwrap_or_default()
    }

    /// The query, as the readers of requests take it.
    pub fn query(&self) -> Object {
        fields::query(self.query.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// The form with a file that the body has to be.
    pub async fn form(&self) -> Result<FileForm, Problem> {
        let media_type = self.header("content-type").unwrap_or_default();
        FileForm::read(media_type, self.body.as_deref().unwrap_or_default()).await
    }

    /// Whether the body says that it is a form with files.
    pub fn is_form(&self) -> bool {
        self.essence().is_some_and(|essence| essence.eq_ignore_ascii_case("multipart/form-data"))
    }

    /// The media type of the body, without parameters.
    fn essence(&self) -> Option<&str> {
        let media_type = self.header("content-type")?;
        Some(media_type.split(';').next().unwrap_or_default().trim())
    }

    /// The JSON object that the body has to be.
    pub fn json(&self) -> Result<Object, Problem> {
        if let Some(essence) = self.essence()
            && !essence.is_empty()
            && !essence.eq_ignore_ascii_case("application/json")
        {
            return Err(Problem::new(ErrorCode::UnsupportedMediaType, "application/json is taken here"));
        }
        let body = self.body.as_deref().unwrap_or_default();
        if body.len() > MAX_BODY_BYTES {
            return Err(Problem::new(ErrorCode::TooLarge, "a body has at most 1 MiB"));
        }
        fields::object(body)
    }

    /// Under which origin the caller reaches us: the CDN's, which names it; without a CDN our own.
    pub fn origin(&self) -> Option<Origin> {
        if let Some(host) = self.header(ORIGIN_HOST) {
            return Origin::parse(&format!("https://{host}"));
        }
        let scheme = self.header("x-forwarded-proto").filter(|scheme| *scheme == "https").unwrap_or("http");
        Origin::parse(&format!("{scheme}://{}", self.header("host")?))
    }

    /// The token of an `Authorization: Bearer …` header.
    pub(super) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim()).filter(|token| !token.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_wanted_in_the_spelling_of_an_etag() {
        let wanted = |header: Option<&str>| {
            let headers = header.map(|value| ("If-Match".to_owned(), value.to_owned()));
            let event = HttpEvent {
                route_key: String::new(),
                raw_query_string: String::new(),
                headers: headers.into_iter().collect(),
                path_parameters: None,
                body: None,
                is_base64_encoded: false,
            };
            RequestParts::of(event).1.if_match()
        };
        assert_eq!((wanted(None), wanted(Some("*"))), (None, None));
        assert_eq!(wanted(Some("\"3\"")), Some(vec![3]));
        assert_eq!(wanted(Some("\"3\", \"14\"")), Some(vec![3, 14]));
        for never in ["W/\"3\"", "3", "\"x\"", ""] {
            assert_eq!(wanted(Some(never)), Some(Vec::new()), "{never}");
        }
    }
}
