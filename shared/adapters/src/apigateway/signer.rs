//! Signature Version 4 for one service, with credentials that are asked for again before they expire.

use std::{
    error::Error,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider},
};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use aws_smithy_runtime_api::client::identity::Identity;
use http::Method;

/// What the service is called in signatures.
const SERVICE: &str = "execute-api";

/// Credentials are replaced this long before they expire.
const AHEAD: Duration = Duration::from_secs(5 * 60);

#[derive(Debug)]
pub(super) struct Signer {
    region: String,
    provider: SharedCredentialsProvider,
    identity: RwLock<Option<Arc<Identity>>>,
}

impl Signer {
    pub(super) fn new(region: &str, provider: SharedCredentialsProvider) -> Self {
        Self { region: region.to_owned(), provider, identity: RwLock::new(None) }
    }

    /// The headers that make the request a signed one.
    pub(super) async fn sign(
        &self,
        method: &Method,
        uri: &str,
        body: &[u8],
    ) -> Result<Vec<(String, String)>, Box<dyn Error + Send + Sync>> {
        let identity = self.identity().await?;
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(SERVICE)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let request =
            SignableRequest::new(method.as_str(), uri, std::iter::empty(), SignableBody::Bytes(body))?;
        let (instructions, _) = sign(request, &parameters)?.into_parts();
        Ok(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    async fn identity(&self) -> Result<Arc<Identity>, Box<dyn Error + Send + Sync>> {
        let known = self.identity.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(identity) = known.filter(|identity| is_fresh(identity.expiration())) {
            return Ok(identity);
        }
        let credentials: Credentials = self.provider.provide_credentials().await?;
        let identity = Arc::new(Identity::from(credentials));
        *self.identity.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&identity));
        Ok(identity)
    }
}

fn is_fresh(expiration: Option<SystemTime>) -> bool {
    expiration.is_none_or(|expiration| expiration > SystemTime::now() + AHEAD)
}
