//! The secret of a webhook, in the form and with the signature of Standard Webhooks (standardwebhooks.com).

use std::fmt;

use data_encoding::BASE64;
use hmac::{Hmac, Mac};
use sha2::Sha256;

const PREFIX: &str = "whsec_";

/// What a receiver verifies deliveries with. Nothing prints it by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Box<[u8]>);

/// A text or bytes that are no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be whsec_ and the base64 of 24 to 64 bytes")]
pub struct InvalidSecret;

impl WebhookSecret {
    /// Takes 24 to 64 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidSecret> {
        if (24..=64).contains(&bytes.len()) { Ok(Self(bytes.into())) } else { Err(InvalidSecret) }
    }

    /// Reads `whsec_…`.
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        let encoded = text.strip_prefix(PREFIX).ok_or(InvalidSecret)?;
        Self::from_bytes(&BASE64.decode(encoded.as_bytes()).map_err(|_| InvalidSecret)?)
    }

    /// The secret as its owner is shown it, once.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", BASE64.encode(&self.0))
    }

    /// The secret as it is stored.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The signature of a delivery: `v1,` and the base64 of the HMAC-SHA256 of `id.seconds.body`.
    pub fn sign(&self, delivery_id: &str, seconds: u64, body: &str) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            // A key of any length is good for an HMAC.
            return String::new();
        };
        mac.update(format!("{delivery_id}.{seconds}.").as_bytes());
        mac.update(body.as_bytes());
        format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_signed_as_standard_webhooks_signs() {
        // The vector of the specification's own libraries.
        let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_comes_back_as_it_was_shown_and_shows_itself_nowhere_else() {
        let secret = WebhookSecret::from_bytes(&[7; 32]).unwrap();
        assert_eq!(WebhookSecret::parse(&secret.reveal()), Ok(secret.clone()));
        assert_eq!(format!("{secret:?}"), "WebhookSecret(…)");
        for wrong in [
            "",
            "whsec_",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_c2hvcnQ=",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!",
        ] {
            assert_eq!(WebhookSecret::parse(wrong), Err(InvalidSecret), "{wrong}");
        }
        let long = format!("whsec_{}", BASE64.encode(&[1; 65]));
        assert_eq!(WebhookSecret::parse(&long), Err(InvalidSecret));
    }
}
