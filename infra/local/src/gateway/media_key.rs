//! The key by which addresses of files are signed, and what CloudFront makes of such an address: a canned policy, RSA over SHA-1.

use data_encoding::BASE64;
use rsa::pkcs8::{
    DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _, LineEnding,
};
use rsa::rand_core::OsRng;
use rsa::{Pkcs1v15Sign, RsaPrivateKey, RsaPublicKey};
use sha1::{Digest as _, Sha1};

/// CloudFront takes keys of 2,048 bits; here one is made at each first start, and a shorter one is made sooner.
const BITS: usize = 1_024;

/// A public key that signed addresses name by an id.
#[derive(Clone, Debug)]
pub struct MediaKey {
    id: String,
    key: RsaPublicKey,
}

/// A pair that signs and verifies, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaKeyPair {
    /// What signs.
    pub private: String,
    /// What verifies.
    pub public: String,
}

impl MediaKeyPair {
    /// Makes a pair; nothing only when there is no randomness.
    pub fn generate() -> Option<Self> {
        Self::of(&RsaPrivateKey::new(&mut OsRng, BITS).ok()?)
    }

    /// The pair of a private key, if it is one.
    pub fn from_private(pem: &str) -> Option<Self> {
        Self::of(&RsaPrivateKey::from_pkcs8_pem(pem).ok()?)
    }

    fn of(key: &RsaPrivateKey) -> Option<Self> {
        let private = key.to_pkcs8_pem(LineEnding::LF).ok()?.to_string();
        let public = key.to_public_key().to_public_key_pem(LineEnding::LF).ok()?;
        Some(Self { private, public })
    }
}

impl MediaKey {
    /// The key with that id, if the PEM holds one.
    pub fn new(id: &str, pem: &str) -> Option<Self> {
        Some(Self { id: id.to_owned(), key: RsaPublicKey::from_public_key_pem(pem).ok()? })
    }

    /// Whether the key of that id has signed this address until then.
    pub fn has_signed(&self, id: &str, address: &str, until: u64, signature: &str) -> bool {
        let policy = format!(
            "{{\"Statement\":[{{\"Resource\":\"{address}\",\"Condition\":{{\"DateLessThan\":{{\"AWS:EpochTime\":{until}}}}}}}]}}"
        );
        let plain: String = signature.chars().map(plain).collect();
        let Ok(signature) = BASE64.decode(plain.as_bytes()) else { return false };
        let digest = Sha1::digest(policy.as_bytes());
        id == self.id && self.key.verify(Pkcs1v15Sign::new::<Sha1>(), &digest, &signature).is_ok()
    }
}

/// The letter of base64 that a letter of CloudFront's queries stands for.
const fn plain(letter: char) -> char {
    match letter {
        '-' => '+',
        '_' => '=',
        '~' => '/',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_good_for_its_address_its_time_and_its_key() {
        let pair = MediaKeyPair::generate().unwrap();
        assert_eq!(MediaKeyPair::from_private(&pair.private).unwrap(), pair);
        let address = "http://localhost:8080/media/att_1/a.png";
        let policy = format!(
            r#"{{"Statement":[{{"Resource":"{address}","Condition":{{"DateLessThan":{{"AWS:EpochTime":1790000060}}}}}}]}}"#
        );
        let private = RsaPrivateKey::from_pkcs8_pem(&pair.private).unwrap();
        let signature = private.sign(Pkcs1v15Sign::new::<Sha1>(), &Sha1::digest(policy.as_bytes())).unwrap();
        let signature = BASE64.encode(&signature).replace('+', "-").replace('=', "_").replace('/', "~");
        let key = MediaKey::new("K", &pair.public).unwrap();
        assert!(key.has_signed("K", address, 1_790_000_060, &signature));
        assert!(!key.has_signed("L", address, 1_790_000_060, &signature));
        assert!(!key.has_signed("K", "http://localhost:8080/media/att_2/a.png", 1_790_000_060, &signature));
        assert!(!key.has_signed("K", address, 1_790_000_061, &signature));
        let other = signature.replace(&signature[3..5], "AA");
        assert!(
            !key.has_signed("K", address, 1_790_000_060, &other) && !key.has_signed("K", address, 1, "!")
        );
    }
}
