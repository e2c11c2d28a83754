//! Cursors: places in a list that only we can have named, good for one user, one route and one set of filters.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, Mac};
use serde::{Serialize, de::DeserializeOwned};
use sha2::Sha256;

/// How much of the signature a cursor carries.
const SIGNATURE_BYTES: usize = 16;

/// The longest cursor that is looked at.
const MAX_CURSOR_CHARS: usize = 1024;

/// Signs and verifies cursors. The keys are derived, so that the secret itself signs nothing.
#[derive(Clone)]
pub struct CursorSigner {
    current: [u8; 32],
    previous: Option<[u8; 32]>,
}

/// What a cursor is bound to: taken elsewhere it is as good as forged.
#[derive(Clone, Copy)]
pub struct CursorScope<'a> {
    /// The user whose list it is.
    pub user: &'a str,
    /// The route, with what its path names.
    pub route: &'a str,
    /// The filters, in the spelling of the use case.
    pub filters: &'a str,
}

/// A cursor that was tampered with, belongs elsewhere or is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is not valid here")]
pub struct InvalidCursor;

impl CursorSigner {
    /// Derives the keys. With a previous secret, cursors that it signed are still good.
    pub fn new(secret: &[u8], previous: Option<&[u8]>) -> Self {
        Self { current: derive(secret), previous: previous.map(derive) }
    }

    /// The cursor for a place.
    pub fn sign<T: Serialize>(&self, scope: CursorScope<'_>, place: &T) -> String {
        let place = serde_json::to_vec(place).unwrap_or_default();
        let mut cursor = signature(&self.current, scope, &place).to_vec();
        cursor.extend(place);
        BASE64URL_NOPAD.encode(&cursor)
    }

    /// The place that a cursor names.
    pub fn verify<T: DeserializeOwned>(
        &self,
        scope: CursorScope<'_>,
        cursor: &str,
    ) -> Result<T, InvalidCursor> {
        if cursor.len() > MAX_CURSOR_CHARS {
            return Err(InvalidCursor);
        }
        let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).map_err(|_| InvalidCursor)?;
        let (signed, place) = bytes.split_at_checked(SIGNATURE_BYTES).ok_or(InvalidCursor)?;
        let is_ours = std::iter::once(&self.current)
            .chain(&self.previous)
            .any(|key| mac(key, scope, place).verify_truncated_left(signed).is_ok());
        if !is_ours {
            return Err(InvalidCursor);
        }
        serde_json::from_slice(place).map_err(|_| InvalidCursor)
    }
}

fn derive(secret: &[u8]) -> [u8; 32] {
    keyed(secret).chain_update(b"parlance cursor 1").finalize().into_bytes().into()
}

fn signature(key: &[u8; 32], scope: CursorScope<'_>, place: &[u8]) -> [u8; SIGNATURE_BYTES] {
    let digest: [u8; 32] = mac(key, scope, place).finalize().into_bytes().into();
    let mut signature = [0; SIGNATURE_BYTES];
    for (byte, digested) in signature.iter_mut().zip(digest) {
        *byte = digested;
    }
    signature
}

fn mac(key: &[u8; 32], scope: CursorScope<'_>, place: &[u8]) -> Hmac<Sha256> {
    let mut mac = keyed(key);
    for part in [scope.user.as_bytes(), scope.route.as_bytes(), scope.filters.as_bytes(), place] {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    Hmac::new_from_slice(key).expect("a key of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: CursorScope<'_> =
        CursorScope { user: "alice", route: "conversations", filters: "kind=group" };

    #[test]
    fn a_cursor_leads_back_to_its_place() {
        let signer = CursorSigner::new(b"secret", None);
        let cursor = signer.sign(HERE, &(7_u64, "x"));
        assert_eq!(signer.verify(HERE, &cursor), Ok((7_u64, "x".to_owned())));
    }

    #[test]
    fn a_cursor_of_the_previous_secret_is_still_good_and_of_another_one_is_not() {
        let cursor = CursorSigner::new(b"old", None).sign(HERE, &7_u64);
        assert_eq!(CursorSigner::new(b"new", Some(b"old")).verify(HERE, &cursor), Ok(7_u64));
        assert_eq!(CursorSigner::new(b"new", None).verify::<u64>(HERE, &cursor), Err(InvalidCursor));
    }

    #[test]
    fn a_cursor_is_good_nowhere_else() {
        let signer = CursorSigner::new(b"secret", None);
        let cursor = signer.sign(HERE, &7_u64);
        for elsewhere in [
            CursorScope { user: "bob", ..HERE },
            CursorScope { route: "messages", ..HERE },
            CursorScope { filters: "", ..HERE },
            CursorScope { user: "alicec", route: "onversations", ..HERE },
        ] {
            assert_eq!(signer.verify::<u64>(elsewhere, &cursor), Err(InvalidCursor));
        }
    }

    #[test]
    fn a_cursor_with_one_changed_character_is_refused() {
        let signer = CursorSigner::new(b"secret", None);
        let cursor = signer.sign(HERE, &7_u64);
        for position in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(signer.verify::<u64>(HERE, &changed), Err(InvalidCursor));
        }
        for rubbish in ["", "A", "====", "ü", &"A".repeat(4096)] {
            assert_eq!(signer.verify::<u64>(HERE, rubbish), Err(InvalidCursor));
        }
    }
}
