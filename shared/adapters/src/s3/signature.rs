//! Signature Version 4 as S3 wants it for what the SDK cannot sign: the policy of a form, and an address with headers that have to come with it.

use std::{collections::BTreeMap, fmt::Write as _};

use data_encoding::HEXLOWER;
use hmac::{Hmac, Mac};
use parlance_domain::time::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

/// How requests are signed.
pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What stands for itself in queries.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Who signs, where and when.
#[derive(Debug, Clone)]
pub(super) struct Signing<'a> {
    pub(super) key_id: &'a str,
    pub(super) secret: &'a str,
    pub(super) session_token: Option<&'a str>,
    pub(super) region: &'a str,
    pub(super) at: Timestamp,
}

impl Signing<'_> {
    /// `20261126T053739Z`.
    pub(super) fn date(&self) -> String {
        rfc3339(self.at).replace(['-', ':'], "")
    }

    fn scope(&self) -> String {
        let date = self.date();
        format!("{}/{}/s3/aws4_request", date.split('T').next().unwrap_or_default(), self.region)
    }

    /// The key's id with the scope of its signatures.
    pub(super) fn credential(&self) -> String {
        format!("{}/{}", self.key_id, self.scope())
    }

    /// The signature of a text.
    pub(super) fn sign(&self, text: &str) -> String {
        let mut key = format!("AWS4{}", self.secret).into_bytes();
        for part in self.scope().split('/') {
            key = hmac(&key, part.as_bytes());
        }
        HEXLOWER.encode(&hmac(&key, text.as_bytes()))
    }

    /// The address signed for a `PUT` with these headers, for so many seconds. `host` and `path` are those of the address, as it is spelled.
    pub(super) fn presigned_put(
        &self,
        place: &Place<'_>,
        query: &[(&str, &str)],
        headers: &BTreeMap<String, String>,
        seconds: u64,
    ) -> String {
        let mut signed = headers.clone();
        signed.insert("host".to_owned(), place.host.to_owned());
        let names = signed.keys().map(String::as_str).collect::<Vec<_>>().join(";");

        let (credential, date, seconds) = (self.credential(), self.date(), seconds.to_string());
        let mut parameters: BTreeMap<String, String> = query.iter().map(encoded).collect();
        let own = [
            ("X-Amz-Algorithm", ALGORITHM),
            ("X-Amz-Credential", &credential),
            ("X-Amz-Date", &date),
            ("X-Amz-Expires", &seconds),
            ("X-Amz-SignedHeaders", &names),
        ];
        parameters.extend(own.iter().map(encoded));
        if let Some(token) = self.session_token {
            parameters.extend([encoded(&("X-Amz-Security-Token", token))]);
        }
        let parameters: Vec<String> =
            parameters.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let query = parameters.join("&");

        let mut canonical = format!("PUT\n{}\n{query}\n", place.path);
        for (name, value) in &signed {
            // Writing to a String does not fail.
            let _ = writeln!(canonical, "{name}:{value}");
        }
        let _ = write!(canonical, "\n{names}\nUNSIGNED-PAYLOAD");
        let digest = HEXLOWER.encode(&Sha256::digest(canonical.as_bytes()));
        let signature = self.sign(&format!("{ALGORITHM}\n{date}\n{}\n{digest}", self.scope()));
        format!("{}://{}{}?{query}&X-Amz-Signature={signature}", place.scheme, place.host, place.path)
    }
}

/// An address, taken apart.
#[derive(Debug, Clone)]
pub(super) struct Place<'a> {
    pub(super) scheme: &'a str,
    /// With the port, where it is not the scheme's own.
    pub(super) host: &'a str,
    pub(super) path: &'a str,
}

fn encoded((name, value): &(&str, &str)) -> (String, String) {
    let encode = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string();
    (encode(name), encode(value))
}

fn hmac(key: &[u8], data: &[u8]) -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

/// `2026-11-26T05:37:39Z`.
pub(super) fn rfc3339(at: Timestamp) -> String {
    let seconds = i64::try_from(at.as_secs()).unwrap_or(i64::MAX);
    let time = aws_smithy_types::DateTime::from_secs(seconds);
    time.fmt(aws_smithy_types::date_time::Format::DateTime).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example<'a>() -> Signing<'a> {
        Signing {
            key_id: "AKIAIOSFODNN7EXAMPLE",
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            session_token: None,
            region: "us-east-1",
            at: Timestamp::from_millis(1_451_347_200_000),
        }
    }

    /// The example of "Browser-Based Upload using HTTP POST" in the S3 API reference, whose policy is base64 as it stands there.
    #[test]
    fn a_policy_is_signed_as_the_reference_shows() {
        let policy = "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9";
        assert_eq!(example().date(), "20151229T000000Z");
        assert_eq!(
            example().sign(policy),
            "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"
        );
    }

    /// The address of "Authenticating Requests: Using Query Parameters", whose method alone is another; so the signature is checked as far as the
    /// derivation of its key goes, and the address by its form.
    #[test]
    fn an_address_names_all_that_is_signed_in_order() {
        let place = Place { scheme: "https", host: "examplebucket.s3.amazonaws.com", path: "/test.txt" };
        let headers = BTreeMap::from([("content-length".to_owned(), "5".to_owned())]);
        let signing = Signing { session_token: Some("a/b="), ..example() };
        let url = signing.presigned_put(&place, &[("uploadId", "x+y"), ("partNumber", "1")], &headers, 300);
        let (address, signature) = url.split_once("&X-Amz-Signature=").unwrap();
        assert_eq!(
            address,
            "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
             &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20151229%2Fus-east-1%2Fs3%2Faws4_request\
             &X-Amz-Date=20151229T000000Z&X-Amz-Expires=300&X-Amz-Security-Token=a%2Fb%3D\
             &X-Amz-SignedHeaders=content-length%3Bhost&partNumber=1&uploadId=x%2By"
        );
        assert_eq!(signature.len(), 64);
    }
}
