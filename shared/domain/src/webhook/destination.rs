//! Where webhooks may lead: names and addresses on the public internet, over TLS.

use std::net::IpAddr;

use url::{Host, Url};

use super::address::is_public;

/// Where the stack lets webhooks lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Destinations {
    /// The public internet, over TLS.
    #[default]
    Public,
    /// This machine too, and without TLS: for the local cloud.
    Loopback,
}

impl Destinations {
    /// Reads the name that the template has for it.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "public" => Some(Self::Public),
            "loopback" => Some(Self::Loopback),
            _ => None,
        }
    }

    /// Whether a connection to that address may be opened. It is asked for the very address that is then connected to.
    pub fn allows(self, address: IpAddr) -> bool {
        is_public(address) || (self == Self::Loopback && address.is_loopback())
    }
}

/// The ports that TLS on the internet is served at.
const PORTS: [u16; 2] = [443, 8443];

/// The URL of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookUrl(Url);

/// Why a URL cannot be a webhook's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be {0}")]
pub struct InvalidUrl(pub &'static str);

impl WebhookUrl {
    /// The longest URL in bytes.
    pub const MAX_BYTES: usize = 2_048;

    /// Checks what can be checked without asking anybody: what a name leads to is checked at each delivery.
    pub fn parse(text: &str, destinations: Destinations) -> Result<Self, InvalidUrl> {
        if text.len() > Self::MAX_BYTES {
            return Err(InvalidUrl("at most 2048 bytes"));
        }
        let url = Url::parse(text).map_err(|_| InvalidUrl("a URL"))?;
        let is_local = destinations == Destinations::Loopback;
        match url.scheme() {
            "https" => {}
            "http" if is_local => {}
            _ => return Err(InvalidUrl("an https URL")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidUrl("a URL without credentials"));
        }
        if url.fragment().is_some() {
            return Err(InvalidUrl("a URL without a fragment"));
        }
        if !is_local && !url.port_or_known_default().is_some_and(|port| PORTS.contains(&port)) {
            return Err(InvalidUrl("a URL with port 443 or 8443"));
        }
        let parsed = Self(url);
        if parsed.address().is_some_and(|address| !destinations.allows(address)) {
            return Err(InvalidUrl("a URL with an address on the public internet"));
        }
        Ok(parsed)
    }

    /// Takes a URL that was checked when it was stored.
    pub fn from_stored(text: &str) -> Option<Self> {
        Url::parse(text).ok().map(Self)
    }

    /// The URL.
    pub const fn url(&self) -> &Url {
        &self.0
    }

    /// The address, where the URL holds one instead of a name.
    pub fn address(&self) -> Option<IpAddr> {
        match self.0.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            Some(Host::Domain(_)) | None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_webhook_leads_to_the_public_internet_over_tls() {
        for good in [
            "https://example.com",
            "https://example.com/hook?tenant=1",
            "https://example.com:443/",
            "https://example.com:8443/hook",
            "https://93.184.216.34/hook",
            "https://[2606:4700:4700::1111]/",
        ] {
            assert!(WebhookUrl::parse(good, Destinations::Public).is_ok(), "{good}");
        }
        let long = format!("https://example.com/{}", "x".repeat(2_048));
        for bad in [
            "",
            "example.com",
            "//example.com",
            "https://",
            "http://example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "gopher://example.com/",
            "javascript:alert(1)",
            "data:text/plain,x",
            "https://user@example.com/",
            "https://:secret@example.com/",
            "https://example.com/#part",
            "https://example.com:22/",
            "https://example.com:80/",
            "https://example.com:6379/",
            "https://example.com:0/",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://0/",
            "https://10.0.0.1/",
            "https://169.254.169.254/latest/meta-data/",
            "https://100.100.100.200/",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:7f00:1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[fd00:ec2::254]/",
            "https://[fe80::1]/",
            "https://[2002:7f00:1::]/",
            "https://①②⑦.⓪.⓪.①/",
            "https://127。0。0。1/",
            long.as_str(),
        ] {
            assert!(WebhookUrl::parse(bad, Destinations::Public).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_local_cloud_may_lead_to_this_machine_and_no_other() {
        for good in [
            "http://127.0.0.1:9000/hook",
            "http://localhost:9000/",
            "http://[::1]:9000/",
            "https://example.com/",
        ] {
            assert!(WebhookUrl::parse(good, Destinations::Loopback).is_ok(), "{good}");
        }
        for bad in [
            "http://10.0.0.1/",
            "http://169.254.169.254/",
            "http://0.0.0.0/",
            "http://[::ffff:127.0.0.1]/",
            "ftp://localhost/",
        ] {
            assert!(WebhookUrl::parse(bad, Destinations::Loopback).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_spelling_of_an_address_gets_around_the_guard(bits: u32, form in 0_usize..4) {
            let [a, b, c, d] = bits.to_be_bytes();
            let host = match form {
                0 => format!("{a}.{b}.{c}.{d}"),
                1 => bits.to_string(),
                2 => format!("0x{bits:x}"),
                _ => format!("[::ffff:{a}.{b}.{c}.{d}]"),
            };
            let address = IpAddr::from([a, b, c, d]);
            let url = WebhookUrl::parse(&format!("https://{host}/"), Destinations::Public);
            prop_assert_eq!(url.is_ok(), form != 3 && is_public(address));
        }

        #[test]
        fn parsing_never_panics(text in ".{0,60}") {
            let _ = WebhookUrl::parse(&text, Destinations::Public);
        }
    }
}
