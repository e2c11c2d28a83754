//! The three parts of a token, read strictly.

use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use serde_json::Value;

/// The longest token.
const MAX_BYTES: usize = 8 * 1024;

/// A token in its compact form, nothing of which is believed yet.
#[derive(Debug)]
pub(super) struct CompactToken<'a> {
    signed: &'a str,
    encoded_signature: &'a str,
    header: Header,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// Of the header only what selects a configured key; `jwk`, `jku`, `x5u` and their like are not even read.
#[derive(Debug, Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    crit: Option<Value>,
}

impl<'a> CompactToken<'a> {
    /// `None` for anything that is not exactly three parts of base64url without padding, or that asks for an extension.
    pub(super) fn parse(token: &'a str) -> Option<Self> {
        if token.len() > MAX_BYTES {
            return None;
        }
        let (signed, encoded_signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let header: Header = serde_json::from_slice(&decode(header)?).ok()?;
        if header.crit.is_some() {
            return None;
        }
        let (payload, signature) = (decode(payload)?, decode(encoded_signature)?);
        Some(Self { signed, encoded_signature, header, payload, signature })
    }

    pub(super) fn algorithm(&self) -> &str {
        &self.header.alg
    }

    pub(super) fn key_id(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// What the signature is over.
    pub(super) fn signed(&self) -> &str {
        self.signed
    }

    pub(super) fn payload(&self) -> &[u8] {
        &self.payload
    }

    pub(super) fn signature(&self) -> &[u8] {
        &self.signature
    }

    pub(super) fn encoded_signature(&self) -> &str {
        self.encoded_signature
    }
}

fn decode(part: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(part.as_bytes()).ok()
}
