//! What an uploader says that a file is.

use std::fmt;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use sha2::{Digest, Sha256};

use super::{content_type::ContentType, file_name::FileName};

/// What an uploader says that a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDescription {
    /// What it is called.
    pub name: FileName,
    /// What it holds.
    pub content_type: ContentType,
    /// How large it is.
    pub size: FileSize,
    /// The digest of its bytes, where the uploader knows it.
    pub sha256: Option<Sha256Digest>,
}

/// The size of a file: at least one byte, and at most 5 GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileSize(u64);

/// Why a file is not taken for its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSize {
    /// There is nothing in it.
    #[error("must be at least 1 byte")]
    Empty,
    /// It is too large.
    #[error("must be at most {} bytes", FileSize::MAX_BYTES)]
    TooLarge,
}

impl FileSize {
    /// The largest file.
    pub const MAX_BYTES: u64 = 5 * 1024 * 1024 * 1024;

    /// Checks the size.
    pub const fn new(bytes: u64) -> Result<Self, InvalidSize> {
        match bytes {
            0 => Err(InvalidSize::Empty),
            1..=Self::MAX_BYTES => Ok(Self(bytes)),
            _ => Err(InvalidSize::TooLarge),
        }
    }

    /// In bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

/// The SHA-256 of a file's bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256Digest([u8; 32]);

impl Sha256Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Takes the digest.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads 64 hexadecimal digits, in either case.
    pub fn parse(text: &str) -> Option<Self> {
        HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }
}

impl fmt::Display for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256Digest({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_at_least_one_byte_and_at_most_five_gibibytes() {
        assert_eq!(FileSize::new(0), Err(InvalidSize::Empty));
        assert_eq!(FileSize::new(1).unwrap().bytes(), 1);
        assert_eq!(FileSize::new(5_368_709_120).unwrap().bytes(), FileSize::MAX_BYTES);
        assert_eq!(FileSize::new(5_368_709_121), Err(InvalidSize::TooLarge));
    }

    #[test]
    fn a_digest_is_read_in_either_case_and_written_in_one() {
        let text = "ab".repeat(32);
        let digest = Sha256Digest::parse(&text.to_uppercase()).unwrap();
        assert_eq!(digest.to_string(), text);
        for other in ["", "ab", &"ab".repeat(33), &"xy".repeat(32)] {
            assert_eq!(Sha256Digest::parse(other), None, "{other}");
        }
    }
}
