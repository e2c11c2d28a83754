//! Tokens for trying things out, signed with the secret that the functions verify with.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value};

use crate::gateway::parse_duration;

/// Why no token can be made.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The lifetime is no duration.
    #[error("{0} is not a duration such as 90s, 1h or 7d")]
    Lifetime(String),
    /// A claim is not `key=value`.
    #[error("{0} is not key=value")]
    Claim(String),
    /// The claims cannot be signed.
    #[error("the token cannot be signed: {0}")]
    Sign(#[from] jsonwebtoken::errors::Error),
}

/// An HS256 token for `user`. A claim `key=value` whose value is JSON is taken as that, else as text.
pub fn issue(secret: &str, user: &str, lifetime: &str, claims: &[String]) -> Result<String, TokenError> {
    let seconds =
        parse_duration(lifetime).ok_or_else(|| TokenError::Lifetime(lifetime.to_owned()))?.as_secs();
    let now = jsonwebtoken::get_current_timestamp();
    let mut payload = Map::new();
    payload.insert("sub".to_owned(), user.into());
    payload.insert("name".to_owned(), user.into());
    payload.insert("iat".to_owned(), now.into());
    payload.insert("exp".to_owned(), now.saturating_add(seconds).into());
    for (variable, claim) in [("JWT_ISSUER", "iss"), ("JWT_AUDIENCE", "aud")] {
        if let Some(value) = std::env::var(variable).ok().filter(|value| !value.is_empty()) {
            payload.insert(claim.to_owned(), value.into());
        }
    }
    for claim in claims {
        let (key, value) = claim.split_once('=').ok_or_else(|| TokenError::Claim(claim.clone()))?;
        payload.insert(key.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| Value::from(value)));
    }
    let key = EncodingKey::from_secret(secret.as_bytes());
    Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), &payload, &key)?)
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{DecodingKey, Validation};

    use super::*;

    #[test]
    fn a_token_carries_its_claims() {
        let claims = ["scope=messaging:service".to_owned(), "admin=true".to_owned()];
        let token = issue("s3cret", "alice", "1h", &claims).unwrap();
        let key = DecodingKey::from_secret(b"s3cret");
        let payload =
            jsonwebtoken::decode::<Value>(&token, &key, &Validation::new(Algorithm::HS256)).unwrap().claims;
        assert_eq!(payload["sub"], "alice");
        assert_eq!(payload["scope"], "messaging:service");
        assert_eq!(payload["admin"], true);
        assert_eq!(payload["exp"].as_u64().unwrap() - payload["iat"].as_u64().unwrap(), 3_600);
    }

    #[test]
    fn nonsense_is_refused_with_its_reason() {
        assert!(matches!(issue("s", "a", "soon", &[]), Err(TokenError::Lifetime(_))));
        assert!(matches!(issue("s", "a", "1h", &["x".to_owned()]), Err(TokenError::Claim(_))));
    }
}
