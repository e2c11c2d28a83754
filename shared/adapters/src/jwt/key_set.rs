//! A JSON Web Key Set: the keys in it that can be used, each for the one algorithm of its kind.

use std::{fmt, sync::Arc};

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use super::compact::CompactToken;

/// The shortest modulus of an RSA key, in bytes.
const MIN_RSA_BYTES: usize = 256;

#[derive(Debug, Default)]
pub(super) struct KeySet {
    keys: Vec<Arc<SigningKey>>,
}

/// A public key, and the algorithm that it is for.
pub struct SigningKey {
    id: Option<String>,
    name: &'static str,
    algorithm: Algorithm,
    key: DecodingKey,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default, rename = "use")]
    usage: Option<String>,
    #[serde(default)]
    crv: Option<String>,
    #[serde(default)]
    n: Option<String>,
    #[serde(default)]
    e: Option<String>,
    #[serde(default)]
    x: Option<String>,
    #[serde(default)]
    y: Option<String>,
}

impl KeySet {
    /// `None` for what is no key set; keys of other kinds and for other purposes are left out.
    pub(super) fn parse(json: &str) -> Option<Self> {
        let set: Value = serde_json::from_str(json).ok()?;
        let keys = set.get("keys")?.as_array()?;
        let keys = keys.iter().filter_map(|key| Jwk::deserialize(key).ok()?.usable()).map(Arc::new);
        Some(Self { keys: keys.collect() })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The one key of exactly this id; a token without an id means a key without one.
    pub(super) fn find(&self, id: Option<&str>) -> Option<Arc<SigningKey>> {
        let mut matching = self.keys.iter().filter(|key| key.id.as_deref() == id);
        let key = matching.next()?;
        matching.next().is_none().then(|| Arc::clone(key))
    }
}

impl Jwk {
    fn usable(self) -> Option<SigningKey> {
        if self.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return None;
        }
        let (name, algorithm, key) = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", None) => {
                let (n, e) = (self.n?, self.e?);
                if BASE64URL_NOPAD.decode(n.as_bytes()).ok()?.len() < MIN_RSA_BYTES {
                    return None;
                }
                ("RS256", Algorithm::RS256, DecodingKey::from_rsa_components(&n, &e))
            }
            ("EC", Some("P-256")) => {
                ("ES256", Algorithm::ES256, DecodingKey::from_ec_components(&self.x?, &self.y?))
            }
            ("OKP", Some("Ed25519")) => {
                ("EdDSA", Algorithm::EdDSA, DecodingKey::from_ed_components(&self.x?))
            }
            _ => return None,
        };
        if self.alg.is_some_and(|alg| alg != name) {
            return None;
        }
        Some(SigningKey { id: self.kid, name, algorithm, key: key.ok()? })
    }
}

impl SigningKey {
    /// Whether the token is signed with this key and with its algorithm.
    pub(super) fn verifies(&self, token: &CompactToken<'_>) -> bool {
        let message = token.signed().as_bytes();
        token.algorithm() == self.name
            && jsonwebtoken::crypto::verify(token.encoded_signature(), message, &self.key, self.algorithm)
                .unwrap_or(false)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", &self.id)
            .field("algorithm", &self.name)
            .finish_non_exhaustive()
    }
}
