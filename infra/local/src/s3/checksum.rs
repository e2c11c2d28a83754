//! The one checksum that a request carries, and those of an upload's parts joined.

use data_encoding::BASE64;
use http::HeaderMap;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Crc32, Crc32c, Crc64Nvme, Sha1, Sha256};
use s3s::dto::Checksum;
use s3s::{S3Result, s3_error};

/// How a checksum is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Crc32,
    Crc32C,
    Crc64Nvme,
    Sha1,
    Sha256,
}

/// An algorithm and the value in base64.
pub(super) type Value = (Algorithm, String);

/// The five fields that inputs, outputs and parts have for a checksum, with the algorithm of each.
macro_rules! fields {
    ($of:expr) => {
        [
            ($crate::s3::checksum::Algorithm::Crc32, &$of.checksum_crc32),
            ($crate::s3::checksum::Algorithm::Crc32C, &$of.checksum_crc32c),
            ($crate::s3::checksum::Algorithm::Crc64Nvme, &$of.checksum_crc64nvme),
            ($crate::s3::checksum::Algorithm::Sha1, &$of.checksum_sha1),
            ($crate::s3::checksum::Algorithm::Sha256, &$of.checksum_sha256),
        ]
    };
}

/// Sets the field that belongs to a value's algorithm.
macro_rules! set_field {
    ($of:expr, $value:expr) => {{
        let (algorithm, value) = $value;
        match algorithm {
            $crate::s3::checksum::Algorithm::Crc32 => $of.checksum_crc32 = Some(value),
            $crate::s3::checksum::Algorithm::Crc32C => $of.checksum_crc32c = Some(value),
            $crate::s3::checksum::Algorithm::Crc64Nvme => $of.checksum_crc64nvme = Some(value),
            $crate::s3::checksum::Algorithm::Sha1 => $of.checksum_sha1 = Some(value),
            $crate::s3::checksum::Algorithm::Sha256 => $of.checksum_sha256 = Some(value),
        }
    }};
}

pub(super) use {fields, set_field};

impl Algorithm {
    const ALL: [Self; 5] = [Self::Crc32, Self::Crc32C, Self::Crc64Nvme, Self::Sha1, Self::Sha256];

    /// The name as requests spell it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32C => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// Finds an algorithm by its name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str().eq_ignore_ascii_case(name))
    }

    /// The header that carries its value.
    pub(super) fn header(self) -> String {
        format!("x-amz-checksum-{}", self.as_str().to_ascii_lowercase())
    }

    pub(super) fn hasher(self) -> ChecksumHasher {
        let mut hasher = ChecksumHasher::default();
        match self {
            Self::Crc32 => hasher.crc32 = Some(Crc32::default()),
            Self::Crc32C => hasher.crc32c = Some(Crc32c::default()),
            Self::Crc64Nvme => hasher.crc64nvme = Some(Crc64Nvme::default()),
            Self::Sha1 => hasher.sha1 = Some(Sha1::default()),
            Self::Sha256 => hasher.sha256 = Some(Sha256::default()),
        }
        hasher
    }
}

/// The value that a hasher of one algorithm has come to.
pub(super) fn value_of(hasher: ChecksumHasher) -> Option<String> {
    let sums: Checksum = hasher.finalize();
    fields!(sums).into_iter().find_map(|(_, value)| value.clone())
}

/// The only checksum among the fields.
pub(super) fn single(fields: [(Algorithm, &Option<String>); 5]) -> S3Result<Option<Value>> {
    let mut given = fields.into_iter().filter_map(|(algorithm, value)| Some((algorithm, value.clone()?)));
    let first = given.next();
    if given.next().is_some() {
        return Err(s3_error!(
            InvalidRequest,
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        ));
    }
    Ok(first)
}

/// The algorithm of the checksum that follows the body.
pub(super) fn trailing(headers: &HeaderMap) -> Option<Algorithm> {
    let announced = headers.get("x-amz-trailer")?.to_str().ok()?.to_ascii_lowercase();
    Algorithm::ALL
        .into_iter()
        .find(|algorithm| announced.split(',').any(|name| name.trim() == algorithm.header()))
}

/// The checksum of the parts' checksums, as S3 spells it for the whole: with the number of parts behind.
pub(super) fn joined(algorithm: Algorithm, parts: &[String]) -> Option<String> {
    let mut hasher = algorithm.hasher();
    for part in parts {
        hasher.update(&BASE64.decode(part.as_bytes()).ok()?);
    }
    Some(format!("{}-{}", value_of(hasher)?, parts.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailer_names_its_algorithm_and_two_checksums_are_one_too_many() {
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static("x-amz-trailer"),
            http::HeaderValue::from_static("x-amz-checksum-crc32c"),
        )]);
        assert_eq!(trailing(&headers), Some(Algorithm::Crc32C));
        assert_eq!(trailing(&HeaderMap::new()), None);
        let mut sums = Checksum { checksum_sha256: Some("a".into()), ..Default::default() };
        assert_eq!(single(fields!(sums)).unwrap(), Some((Algorithm::Sha256, "a".into())));
        sums.checksum_sha1 = Some("b".into());
        assert!(single(fields!(sums)).is_err());
    }

    #[test]
    fn the_checksum_of_parts_is_that_of_their_checksums() {
        let mut hasher = Algorithm::Sha256.hasher();
        hasher.update(b"part");
        let part = value_of(hasher).unwrap();
        let whole = joined(Algorithm::Sha256, &[part.clone(), part]).unwrap();
        assert!(whole.ends_with("-2") && whole.len() == 46, "{whole}");
    }
}
