//! How an attachment's bytes come: in one go, or in parts of which there are at most ten thousand.

use std::time::Duration;

use super::description::FileSize;
use crate::time::Timestamp;

/// An upload that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// In which way.
    pub method: UploadMethod,
    /// Until when it has to be finished.
    pub until: Timestamp,
}

/// In which way bytes come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadMethod {
    /// By a form that the client posts to the store.
    Form,
    /// In the body of the request that began it.
    Direct,
    /// In parts that the client puts into the store.
    Parts(PartPlan),
}

/// The parts of an upload: all of one size, but the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartPlan {
    /// The store's own name for the upload.
    pub upload: UploadId,
    /// The size of each part but the last.
    pub part_bytes: u64,
}

/// The store's name for an upload in parts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UploadId(Box<str>);

impl UploadId {
    /// Takes the store's own spelling.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The store's spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Upload {
    /// How long an upload in one go may take to be begun and finished.
    pub const WHOLE_WITHIN: Duration = Duration::from_hours(1);
    /// The largest file that comes in the body of a request: a function is handed 6 MB, and base64 makes four bytes of three.
    pub const MAX_DIRECT_BYTES: u64 = 4 * MIB;
    /// How long an upload in parts may take, interruptions included.
    pub const PARTS_WITHIN: Duration = Duration::from_hours(24);
}

impl PartPlan {
    /// Files of more bytes come in parts.
    pub const ABOVE_BYTES: u64 = 100 * MIB;
    /// The most parts that the store takes.
    pub const MAX_PARTS: u64 = 10_000;
    /// Parts are no smaller; the store takes no less than 5 MiB but for the last.
    pub const MIN_PART_BYTES: u64 = 8 * MIB;

    /// The size of the parts in which so large a file comes, in whole MiB.
    pub fn part_bytes_for(size: FileSize) -> u64 {
        let smallest = size.bytes().div_ceil(Self::MAX_PARTS);
        smallest.next_multiple_of(MIB).max(Self::MIN_PART_BYTES)
    }

    /// How many parts so large a file has.
    pub fn count(&self, size: FileSize) -> u32 {
        u32::try_from(size.bytes().div_ceil(self.part_bytes.max(1))).unwrap_or(u32::MAX)
    }

    /// The size of the part of this number, from 1; `None` where the file has no such part.
    pub fn bytes_of(&self, number: u32, size: FileSize) -> Option<u64> {
        let begins_at = u64::from(number.checked_sub(1)?).checked_mul(self.part_bytes)?;
        let rest = size.bytes().checked_sub(begins_at)?;
        (rest > 0).then(|| rest.min(self.part_bytes))
    }
}

const MIB: u64 = 1024 * 1024;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plan(size: FileSize) -> PartPlan {
        PartPlan { upload: UploadId::new("u"), part_bytes: PartPlan::part_bytes_for(size) }
    }

    proptest! {
        #[test]
        fn the_parts_of_a_file_are_the_file(bytes in 1..=FileSize::MAX_BYTES) {
            let size = FileSize::new(bytes).unwrap();
            let plan = plan(size);
            let count = plan.count(size);
            let parts: Vec<u64> = (1..=count).map(|number| plan.bytes_of(number, size).unwrap()).collect();
            prop_assert_eq!(parts.iter().sum::<u64>(), bytes);
            prop_assert!(parts.len() as u64 <= PartPlan::MAX_PARTS);
            prop_assert!(parts.iter().rev().skip(1).all(|part| *part == plan.part_bytes));
            prop_assert_eq!(plan.bytes_of(0, size), None);
            prop_assert_eq!(plan.bytes_of(count + 1, size), None);
        }
    }

    #[test]
    fn parts_are_of_eight_mebibytes_up_to_the_largest_file() {
        for bytes in [1, PartPlan::ABOVE_BYTES + 1, FileSize::MAX_BYTES] {
            assert_eq!(PartPlan::part_bytes_for(FileSize::new(bytes).unwrap()), PartPlan::MIN_PART_BYTES);
        }
    }
}
