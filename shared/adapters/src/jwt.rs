//! Verifying tokens with the configured keys: algorithm, key and issuer come from the configuration, never from the token.

mod claims;
mod compact;
mod fetcher;
mod key_set;
mod source;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use hmac::{Hmac, Mac};
use parlance_application::ports::identity::{Identity, TokenRefusal, TokenVerifier};
use parlance_domain::time::Timestamp;
use sha2::Sha256;

use self::{claims::Claims, compact::CompactToken};
pub use self::{
    fetcher::{KeyRefresher, RefreshError, Refreshed},
    source::SigningKeySource,
};
use crate::configuration::{Secret, TokenConfiguration};

/// Verifies JSON Web Tokens.
#[derive(Debug)]
pub struct JwtVerifier {
    secret: Option<Secret>,
    keys: Option<Arc<SigningKeySource>>,
    issuer: Option<String>,
    audience: Option<String>,
    leeway: Duration,
}

impl JwtVerifier {
    /// HS256 is accepted where there is a secret; RS256, ES256 and EdDSA where there is a source of keys.
    pub fn new(configuration: &TokenConfiguration, keys: Option<Arc<SigningKeySource>>) -> Self {
        Self {
            secret: configuration.secret.clone(),
            keys,
            issuer: configuration.issuer.clone(),
            audience: configuration.audience.clone(),
            leeway: configuration.leeway,
        }
    }

    async fn check_signature(&self, token: &CompactToken<'_>, now: Timestamp) -> Result<(), TokenRefusal> {
        if token.algorithm() == "HS256" {
            let secret = self.secret.as_ref().ok_or(TokenRefusal::Invalid)?;
            return check_shared(secret, token);
        }
        let keys = self.keys.as_ref().ok_or(TokenRefusal::Invalid)?;
        let key = keys.find(token.key_id(), now).await?.ok_or(TokenRefusal::Invalid)?;
        if key.verifies(token) { Ok(()) } else { Err(TokenRefusal::Invalid) }
    }
}

#[async_trait]
impl TokenVerifier for JwtVerifier {
    async fn verify(&self, token: &str, now: Timestamp) -> Result<Identity, TokenRefusal> {
        let token = CompactToken::parse(token).ok_or(TokenRefusal::Invalid)?;
        self.check_signature(&token, now).await?;
        let claims = Claims::parse(token.payload()).ok_or(TokenRefusal::Invalid)?;
        if !claims.are_meant_for(self.issuer.as_deref(), self.audience.as_deref()) {
            return Err(TokenRefusal::Invalid);
        }
        claims.identity(now, self.leeway)
    }
}

fn check_shared(secret: &Secret, token: &CompactToken<'_>) -> Result<(), TokenRefusal> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.reveal()).map_err(|_| TokenRefusal::Invalid)?;
    mac.update(token.signed().as_bytes());
    mac.verify_slice(token.signature()).map_err(|_| TokenRefusal::Invalid)
}
