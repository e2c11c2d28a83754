//! One operation over HTTP: what it takes, what it answers, whom it serves and how it refuses.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::{schemas, schemas::SchemaOf, shape::Shape};
use crate::error_code::ErrorCode;

/// One method of one path.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The method in upper case.
    pub method: &'static str,
    /// The path with its canonical slash.
    pub path: &'static str,
    /// Its name in generated clients, in camel case.
    pub name: &'static str,
    /// What it does, in one phrase.
    pub summary: &'static str,
    /// Whom it serves.
    pub access: Access,
    /// The parameters of its query.
    pub query: Option<Shape>,
    /// Its body.
    pub body: Option<Shape>,
    /// The form that it takes instead of that body.
    pub form: Option<Shape>,
    /// What it answers when it succeeds, by status.
    pub answers: BTreeMap<u16, Answer>,
    /// The codes with which it refuses, those apart that every operation of its access and method has.
    pub refusals: Vec<ErrorCode>,
    /// Against which allowance of the caller it counts.
    pub rate: Rate,
    /// Whether it heeds `If-Match`.
    pub is_conditional: bool,
    /// Whether it heeds `Idempotency-Key`.
    pub is_replayed: bool,
}

/// Whom an operation serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Everybody who shows a good token.
    Caller,
    /// Trusted back ends: tokens with the scope `messaging:service`.
    Service,
}

/// Which of a caller's allowances an operation draws on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// None: it is the same for everybody.
    Free,
    /// Reads.
    Read,
    /// Writes other than messages.
    Write,
    /// Messages.
    Send,
    /// Files that are announced.
    Upload,
}

impl Rate {
    /// The name in the specifications.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Read => "reads",
            Self::Write => "writes",
            Self::Send => "sends",
            Self::Upload => "uploads",
        }
    }
}

/// What an operation answers with one status.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    /// The body; none where there is none.
    pub body: Option<SchemaOf>,
    /// Whether it names its version in an `ETag`.
    pub has_etag: bool,
    /// Whether it names where the new thing can be read.
    pub has_location: bool,
}

impl Operation {
    fn new(method: &'static str, path: &'static str, name: &'static str, summary: &'static str) -> Self {
        Self {
            method,
            path,
            name,
            summary,
            access: Access::Caller,
            query: None,
            body: None,
            form: None,
            answers: BTreeMap::new(),
            refusals: Vec::new(),
            rate: if method == "GET" { Rate::Read } else { Rate::Write },
            is_conditional: false,
            is_replayed: method == "POST",
        }
    }

    /// Reads something.
    pub fn get(path: &'static str, name: &'static str, summary: &'static str) -> Self {
        Self::new("GET", path, name, summary)
    }

    /// Creates something or does something.
    pub fn post(path: &'static str, name: &'static str, summary: &'static str) -> Self {
        Self::new("POST", path, name, summary)
    }

    /// Changes some fields of something.
    pub fn patch(path: &'static str, name: &'static str, summary: &'static str) -> Self {
        Self::new("PATCH", path, name, summary)
    }

    /// Sets something.
    pub fn put(path: &'static str, name: &'static str, summary: &'static str) -> Self {
        Self::new("PUT", path, name, summary)
    }

    /// Removes something.
    pub fn delete(path: &'static str, name: &'static str, summary: &'static str) -> Self {
        Self::new("DELETE", path, name, summary)
    }

    /// Serves everybody, and counts against nobody's allowance.
    #[must_use]
    pub fn public(self) -> Self {
        Self { access: Access::Public, rate: Rate::Free, ..self }
    }

    /// Serves trusted back ends alone.
    #[must_use]
    pub fn service(self) -> Self {
        Self { access: Access::Service, ..self }
    }

    /// Takes these parameters in its query.
    #[must_use]
    pub fn query(self, query: Shape) -> Self {
        Self { query: Some(query), ..self }
    }

    /// Takes this body.
    #[must_use]
    pub fn body(self, body: Shape) -> Self {
        Self { body: Some(body), ..self }
    }

    /// Takes this form with a file instead, if the body says that it is one.
    #[must_use]
    pub fn or_form(self, form: Shape) -> Self {
        Self { form: Some(form), ..self }
    }

    /// Answers with this type.
    #[must_use]
    pub fn answers<T: JsonSchema>(mut self, status: u16) -> Self {
        let answer = Answer { body: Some(schemas::of::<T>), has_etag: false, has_location: false };
        self.answers.insert(status, answer);
        self
    }

    /// Answers 204, without a body.
    #[must_use]
    pub fn answers_nothing(mut self) -> Self {
        self.answers.insert(204, Answer { body: None, has_etag: false, has_location: false });
        self
    }

    /// Names the version of what it answers with 200.
    #[must_use]
    pub fn tagged(mut self) -> Self {
        if let Some(answer) = self.answers.get_mut(&200) {
            answer.has_etag = true;
        }
        self
    }

    /// Names the version of what it answers with 200, and answers 304 to a client that has it.
    #[must_use]
    pub fn versioned(self) -> Self {
        let mut tagged = self.tagged();
        tagged.answers.insert(304, Answer { body: None, has_etag: true, has_location: false });
        tagged
    }

    /// Names where what it created can be read.
    #[must_use]
    pub fn located(mut self) -> Self {
        if let Some(answer) = self.answers.get_mut(&201) {
            answer.has_location = true;
        }
        self
    }

    /// Refuses with these codes besides those that come with its access, method, path, query and body.
    #[must_use]
    pub fn refuses(mut self, codes: &[ErrorCode]) -> Self {
        self.refusals.extend_from_slice(codes);
        self
    }

    /// Heeds `If-Match`: another version is refused.
    #[must_use]
    pub fn conditional(self) -> Self {
        Self { is_conditional: true, ..self }.refuses(&[ErrorCode::VersionConflict])
    }

    /// Draws on this allowance.
    #[must_use]
    pub fn counts_as(self, rate: Rate) -> Self {
        Self { rate, ..self }
    }

    /// Is answered anew each time, whatever key comes with it.
    #[must_use]
    pub fn answered_anew(self) -> Self {
        Self { is_replayed: false, ..self }
    }

    /// The route's key as the template has it: without the slash at the end.
    pub fn key(&self) -> String {
        let path = if self.path.len() > 1 { self.path.trim_end_matches('/') } else { self.path };
        format!("{} {path}", self.method)
    }

    /// The names of the path's placeholders with the segment before each.
    pub fn placeholders(&self) -> Vec<(&'static str, &'static str)> {
        let segments: Vec<&'static str> = self.path.split('/').collect();
        let pairs = segments.iter().zip(segments.iter().skip(1));
        pairs
            .filter_map(|(before, segment)| {
                let name = segment.strip_prefix('{')?.strip_suffix('}')?;
                Some((*before, name))
            })
            .collect()
    }

    /// Every code with which it refuses.
    pub fn codes(&self) -> Vec<ErrorCode> {
        use ErrorCode as E;
        let mut codes = self.refusals.clone();
        codes.extend([E::Internal, E::Unavailable, E::Timeout]);
        if self.access != Access::Public {
            codes.extend([E::Unauthenticated, E::TokenExpired, E::Forbidden, E::RateLimited]);
        }
        if !self.placeholders().is_empty() {
            codes.push(E::NotFound);
        }
        if self.query.is_some() {
            codes.push(E::ValidationFailed);
        }
        if self.body.is_some() {
            codes.extend([E::Malformed, E::ValidationFailed, E::UnsupportedMediaType, E::TooLarge]);
        }
        if self.is_replayed {
            codes.extend([E::Conflict, E::IdempotencyConflict, E::ValidationFailed]);
        }
        codes.sort_by_key(|code| (code.status(), code.as_str()));
        codes.dedup();
        codes
    }
}
