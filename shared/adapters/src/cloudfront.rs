//! CloudFront: addresses that are good for a while, signed as a key group's key signs them.

use std::sync::Arc;

use data_encoding::BASE64;
use parlance_application::ports::{
    PortError,
    attachments::{Media, MediaUrls, Origin},
};
use parlance_domain::time::Timestamp;
use rsa::{
    RsaPrivateKey,
    pkcs1::DecodeRsaPrivateKey,
    pkcs1v15::SigningKey,
    pkcs8::DecodePrivateKey,
    rand_core::OsRng,
    signature::{RandomizedSigner, SignatureEncoding},
};
use sha1::Sha1;

const PORT: &str = "media addresses";

/// Signs addresses by the key that a key group knows under an id.
#[derive(Clone)]
pub struct CloudFrontUrls {
    key_id: Arc<str>,
    key: SigningKey<Sha1>,
}

/// A key that is no RSA key in PEM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key is no RSA private key in PEM")]
pub struct UnreadableKey;

impl CloudFrontUrls {
    /// Signs by this private key, in PEM: PKCS #1 or PKCS #8. Line breaks may have become spaces, as they do in some hands.
    pub fn new(key_id: &str, pem: &str) -> Result<Self, UnreadableKey> {
        let pem = with_line_breaks(pem);
        let key = RsaPrivateKey::from_pkcs8_pem(&pem).or_else(|_| RsaPrivateKey::from_pkcs1_pem(&pem));
        Ok(Self { key_id: key_id.into(), key: SigningKey::new(key.map_err(|_| UnreadableKey)?) })
    }
}

impl MediaUrls for CloudFrontUrls {
    fn signed(&self, origin: &Origin, media: &Media, until: Timestamp) -> Result<String, PortError> {
        let origin = origin.as_str();
        let resource = match media {
            Media::File(id, name) => format!("{origin}/media/{id}/{}", name.encoded()),
            Media::Preview(id) => format!("{origin}/media/preview/{id}"),
        };
        let until = until.as_secs();
        let policy = canned_policy(&resource, until);
        // With randomness, so that how long it takes says nothing of the key.
        let signature = self.key.try_sign_with_rng(&mut OsRng, policy.as_bytes());
        let signature = signature.map_err(|error| PortError::new(PORT, error))?;
        let signature: String = BASE64.encode(&signature.to_bytes()).chars().map(in_query).collect();
        Ok(format!("{resource}?Expires={until}&Signature={signature}&Key-Pair-Id={}", self.key_id))
    }
}

/// What stands for a letter of base64 in CloudFront's queries.
const fn in_query(letter: char) -> char {
    match letter {
        '+' => '-',
        '=' => '_',
        '/' => '~',
        other => other,
    }
}

/// What is signed: nothing of it but the address and the time may differ, so that CloudFront can put it together again.
fn canned_policy(resource: &str, until: u64) -> String {
    format!(
        "{{\"Statement\":[{{\"Resource\":\"{resource}\",\"Condition\":{{\"DateLessThan\":{{\"AWS:EpochTime\":{until}}}}}}}]}}"
    )
}

/// PEM that came on one line.
fn with_line_breaks(pem: &str) -> String {
    let pem = pem.trim().replace("\\n", "\n");
    if pem.contains('\n') {
        return pem;
    }
    let parts: Vec<&str> = pem.split("-----").collect();
    match parts.as_slice() {
        ["", begin, body, end, ""] => {
            let body = body.split_whitespace().collect::<Vec<_>>().join("\n");
            format!("-----{begin}-----\n{body}\n-----{end}-----\n")
        }
        _ => pem,
    }
}

#[cfg(test)]
mod tests {
    use parlance_domain::{attachment::FileName, ids::AttachmentId};
    use rsa::{RsaPublicKey, pkcs1v15, pkcs8::EncodePrivateKey, signature::Verifier};

    use super::*;

    #[test]
    fn an_address_is_signed_as_the_key_group_verifies_it() {
        let private = RsaPrivateKey::new(&mut OsRng, 1024).unwrap();
        let public = pkcs1v15::VerifyingKey::<Sha1>::new(RsaPublicKey::from(&private));
        let pem = private.to_pkcs8_pem(rsa::pkcs8::LineEnding::LF).unwrap();
        for pem in [pem.to_string(), pem.replace('\n', " "), pem.replace('\n', "\\n")] {
            let urls = CloudFrontUrls::new("K1", &pem).unwrap();
            let id = AttachmentId::from_bytes([1; 16]);
            let media = Media::File(id, FileName::parse("Ä b.png").unwrap());
            let origin = Origin::parse("https://d1.cloudfront.net").unwrap();
            let url = urls.signed(&origin, &media, Timestamp::from_millis(1_790_000_060_999)).unwrap();
            let (resource, query) = url.split_once('?').unwrap();
            assert_eq!(resource, format!("https://d1.cloudfront.net/media/{id}/%C3%84%20b.png"));
            let rest = query.strip_prefix("Expires=1790000060&Signature=").unwrap();
            let (signature, key_id) = rest.split_once("&Key-Pair-Id=").unwrap();
            assert_eq!(key_id, "K1");
            let plain = signature.replace('-', "+").replace('_', "=").replace('~', "/");
            let signature =
                pkcs1v15::Signature::try_from(&*BASE64.decode(plain.as_bytes()).unwrap()).unwrap();
            let policy = format!(
                r#"{{"Statement":[{{"Resource":"{resource}","Condition":{{"DateLessThan":{{"AWS:EpochTime":1790000060}}}}}}]}}"#
            );
            public.verify(policy.as_bytes(), &signature).unwrap();
        }
        assert!(CloudFrontUrls::new("K1", "no key").is_err());
    }
}
