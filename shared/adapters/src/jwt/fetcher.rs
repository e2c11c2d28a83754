//! Fetching an issuer's key set: what the function `jwks-refresh` does.

use std::{net::IpAddr, sync::Arc, time::Duration};

use parlance_application::ports::{PortError, environment::Clock};
use reqwest::{Client, redirect};
use url::{Host, Url};

use super::key_set::KeySet;
use crate::dynamodb::{DynamoSigningKeys, FetchedKeys};

/// The largest key set.
const MAX_BYTES: usize = 256 * 1024;

/// How long an issuer may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// A set that is younger is not fetched again, whoever asks.
const FRESH_FOR: Duration = Duration::from_secs(60);

/// Why the keys were not refreshed. Those that are stored stay.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// Keys come over TLS, or from this very host.
    #[error("the key set's URL must be https")]
    Insecure,
    /// The issuer did not answer as it should.
    #[error("the key set could not be fetched")]
    Fetch(#[from] reqwest::Error),
    /// The issuer answered with another status.
    #[error("the issuer answered {0}")]
    Status(u16),
    /// What came is no key set, holds no key that can be used, or is too large.
    #[error("what was fetched is no usable key set")]
    Unusable,
    /// The table failed.
    #[error(transparent)]
    Store(#[from] PortError),
}

/// What became of a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshed {
    /// The set was fetched and stored.
    Fetched,
    /// The stored set is less than a minute old.
    Fresh,
}

/// Fetches the key set of one issuer.
pub struct KeyRefresher {
    client: Client,
    url: Url,
    issuer: String,
    stored: DynamoSigningKeys,
    clock: Arc<dyn Clock>,
}

impl KeyRefresher {
    /// Fetches from `url` and stores under `issuer`. Redirections are not followed.
    pub fn new(
        url: Url,
        issuer: &str,
        stored: DynamoSigningKeys,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, RefreshError> {
        if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(&url)) {
            return Err(RefreshError::Insecure);
        }
        let client = Client::builder().timeout(DEADLINE).redirect(redirect::Policy::none()).build()?;
        Ok(Self { client, url, issuer: issuer.to_owned(), stored, clock })
    }

    /// Fetches and stores the set unless it is fresh.
    pub async fn refresh(&self) -> Result<Refreshed, RefreshError> {
        let now = self.clock.now();
        let stored = self.stored.find(&self.issuer).await?;
        if stored.is_some_and(|stored| now.since(stored.fetched_at) < FRESH_FOR) {
            return Ok(Refreshed::Fresh);
        }
        let json = self.fetch().await?;
        if KeySet::parse(&json).is_none_or(|keys| keys.is_empty()) {
            return Err(RefreshError::Unusable);
        }
        self.stored.save(&self.issuer, &FetchedKeys { json, fetched_at: now }).await?;
        Ok(Refreshed::Fetched)
    }

    async fn fetch(&self) -> Result<String, RefreshError> {
        let mut answer = self.client.get(self.url.clone()).send().await?;
        if !answer.status().is_success() {
            return Err(RefreshError::Status(answer.status().as_u16()));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MAX_BYTES {
                return Err(RefreshError::Unusable);
            }
        }
        String::from_utf8(bytes).map_err(|_| RefreshError::Unusable)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}
