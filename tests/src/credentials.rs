//! Tokens as an issuer would sign them, and as nobody should.

use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

/// The HS256 secret that every local cloud under test is given.
pub const SECRET: &str = "a-secret-of-the-tests-that-is-long-enough-for-hs256";

/// The clock in seconds.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The claims of a token that is good for an hour.
pub fn claims(user: &str) -> Value {
    json!({"sub": user, "name": user, "iat": now(), "exp": now() + 3_600})
}

/// The claims of a good token, with these over them; `null` takes a claim away.
pub fn claims_with(user: &str, changes: &Value) -> Value {
    let mut claims = claims(user);
    let fields = claims.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        fields.insert(name.clone(), value.clone());
        if value.is_null() {
            fields.remove(name);
        }
    }
    claims
}

/// A good token.
pub fn token(user: &str) -> String {
    signed(&claims(user))
}

/// These claims, signed with the secret.
pub fn signed(claims: &Value) -> String {
    signed_as(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(SECRET.as_bytes()))
}

/// These claims under any header and key.
pub fn signed_as(header: &Header, claims: &Value, key: &EncodingKey) -> String {
    jsonwebtoken::encode(header, claims, key).unwrap()
}
