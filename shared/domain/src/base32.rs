//! Lower-case Crockford base32, the alphabet of every identifier that Parlance makes itself.

use std::sync::LazyLock;

use data_encoding::{Encoding, Specification};

static ENCODING: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("0123456789abcdefghjkmnpqrstvwxyz");
    #[expect(clippy::expect_used, reason = "the alphabet above is a constant of 32 distinct characters")]
    specification.encoding().expect("a valid base32 alphabet")
});

/// Encodes bytes without padding.
pub fn encode(bytes: &[u8]) -> String {
    ENCODING.encode(bytes)
}

/// Decodes what [`encode`] wrote; anything else, other spellings of the same bytes included, is `None`.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    ENCODING.decode(text.as_bytes()).ok()
}
