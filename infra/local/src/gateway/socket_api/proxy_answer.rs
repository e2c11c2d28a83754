//! A function's answer in the form that a proxy integration wants.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;

/// `{statusCode, headers, body, isBase64Encoded}`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProxyAnswer<'a> {
    pub status_code: u16,
    #[serde(default)]
    pub headers: Option<HashMap<String, String>>,
    #[serde(borrow, default)]
    pub body: Option<Cow<'a, str>>,
    #[serde(default)]
    pub is_base64_encoded: bool,
}

impl<'a> ProxyAnswer<'a> {
    /// Reads an answer; none if it has another form.
    pub fn read(payload: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(payload).ok()
    }

    /// The body as bytes; none if it claims to be base64 and is not.
    pub fn body_bytes(&self) -> Option<Cow<'_, [u8]>> {
        let body = self.body.as_deref().unwrap_or_default();
        if self.is_base64_encoded {
            data_encoding::BASE64.decode(body.as_bytes()).ok().map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(body.as_bytes()))
        }
    }

    /// A header, whatever its case.
    pub fn header(&self, wanted: &str) -> Option<&str> {
        let headers = self.headers.as_ref()?;
        headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.as_str())
    }
}
