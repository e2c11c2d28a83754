//! The requests over HTTP: each can be repeated without harm, and is, until it is answered or clearly refused.

use std::{sync::Arc, time::Duration};

use parlance_protocol::{
    conversation::Conversation,
    error_code::ErrorCode,
    ids::{ConversationId, UserId},
    message::Message,
    page::{LogPage, Page},
    problem::ReceivedProblem,
};
use reqwest::{Method, StatusCode};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use url::Url;

use crate::{
    backoff::Backoff,
    options::{InvalidOrigin, Options, TokenError},
};

/// How often a request is made before the caller hears of its failure.
const ATTEMPTS: u32 = 4;

/// Why a request over HTTP came to nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApiError {
    /// The server refused it.
    #[error("{0}")]
    Refused(ReceivedProblem),
    /// The server could not be reached, or its answer could not be read.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// There was no token to make it with.
    #[error(transparent)]
    NoToken(#[from] TokenError),
}

impl ApiError {
    /// Whether the server answered with this code.
    pub fn is(&self, code: ErrorCode) -> bool {
        matches!(self, Self::Refused(problem) if problem.is(code))
    }

    fn is_worth_retrying(&self) -> bool {
        match self {
            Self::Refused(problem) => problem.retryable || problem.is(ErrorCode::TokenExpired),
            Self::Unreachable(_) | Self::NoToken(_) => true,
        }
    }

    const fn retry_after(&self) -> u64 {
        match self {
            Self::Refused(ReceivedProblem { retry_after_ms: Some(millis), .. }) => *millis,
            _ => 0,
        }
    }
}

/// The HTTP side of the contract.
#[derive(Debug)]
pub(crate) struct Api {
    options: Arc<Options>,
    http: reqwest::Client,
    prefix: Url,
}

impl Api {
    pub(crate) fn new(options: Arc<Options>) -> Result<Self, InvalidOrigin> {
        let invalid = || InvalidOrigin(options.origin.clone());
        let prefix = options.http_address()?.join("/api/messaging/").map_err(|_| invalid())?;
        let http = reqwest::Client::builder()
            .timeout(options.timeout)
            .pool_idle_timeout(Duration::from_secs(20))
            .tcp_nodelay(true)
            .build()
            .map_err(|_| invalid())?;
        Ok(Self { options, http, prefix })
    }

    pub(crate) async fn ticket(&self) -> Result<String, ApiError> {
        #[derive(Deserialize)]
        struct Ticket {
            ticket: String,
        }
        self.request(Method::POST, "ws/ticket/", &[], None).await.map(|Ticket { ticket }| ticket)
    }

    pub(crate) async fn conversations(
        &self,
        cursor: Option<&str>,
        limit: u64,
    ) -> Result<Page<Conversation>, ApiError> {
        let limit = limit.to_string();
        let query: Vec<_> =
            [("limit", limit.as_str())].into_iter().chain(cursor.map(|cursor| ("cursor", cursor))).collect();
        self.request(Method::GET, "conversations/", &query, None).await
    }

    pub(crate) async fn conversation(&self, id: ConversationId) -> Result<Conversation, ApiError> {
        self.request(Method::GET, &format!("conversations/{id}/"), &[], None).await
    }

    pub(crate) async fn create_direct(&self, user: &UserId) -> Result<Conversation, ApiError> {
        self.request(Method::POST, "conversations/direct/", &[], Some(&json!({"user_id": user}))).await
    }

    pub(crate) async fn create_group(
        &self,
        title: Option<&str>,
        participants: &[UserId],
    ) -> Result<Conversation, ApiError> {
        let body = json!({"title": title, "participant_ids": participants});
        self.request(Method::POST, "conversations/", &[], Some(&body)).await
    }

    pub(crate) async fn history(
        &self,
        id: ConversationId,
        before: Option<u64>,
        limit: u64,
    ) -> Result<Page<Message>, ApiError> {
        let (before, limit) = (before.map(|before| before.to_string()), limit.to_string());
        let query: Vec<_> = [("limit", limit.as_str())]
            .into_iter()
            .chain(before.as_deref().map(|before| ("before", before)))
            .collect();
        self.request(Method::GET, &format!("conversations/{id}/messages/"), &query, None).await
    }

    pub(crate) async fn log(&self, id: ConversationId, after: u64) -> Result<LogPage, ApiError> {
        let after = after.to_string();
        let query = [("after", after.as_str()), ("limit", "200")];
        self.request(Method::GET, &format!("conversations/{id}/log/"), &query, None).await
    }

    async fn request<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<T, ApiError> {
        let key = ulid::Ulid::generate().to_string();
        let mut failures = 0;
        loop {
            match self.attempt(method.clone(), path, query, body, &key).await {
                Ok(answer) => return Ok(answer),
                Err(error) => {
                    failures += 1;
                    if failures >= ATTEMPTS || !error.is_worth_retrying() {
                        return Err(error);
                    }
                    let wait = error.retry_after() + rand::random_range(0..=Backoff::READ.limit(failures));
                    tokio::time::sleep(Duration::from_millis(wait)).await;
                }
            }
        }
    }

    async fn attempt<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
        key: &str,
    ) -> Result<T, ApiError> {
        let unreachable = |error: reqwest::Error| ApiError::Unreachable(error.without_url().to_string());
        let mut address = self.prefix.join(path).map_err(|error| ApiError::Unreachable(error.to_string()))?;
        if !query.is_empty() {
            address.query_pairs_mut().extend_pairs(query);
        }
        let is_post = method == Method::POST;
        let mut request = self.http.request(method, address).bearer_auth(self.options.token().await?);
        if is_post {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(unreachable)?;
        if status.is_success() {
            return serde_json::from_slice(&bytes).map_err(|error| {
                ApiError::Unreachable(format!("the answer to {path} is not understood: {error}"))
            });
        }
        Err(ApiError::Refused(serde_json::from_slice(&bytes).unwrap_or_else(|_| foreign(status))))
    }
}

/// A refusal that is not Parlance's own but that of something in front of it.
fn foreign(status: StatusCode) -> ReceivedProblem {
    ReceivedProblem {
        code: String::new(),
        status: status.as_u16(),
        detail: status.to_string(),
        retryable: status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS,
        retry_after_ms: None,
        errors: Vec::new(),
    }
}
