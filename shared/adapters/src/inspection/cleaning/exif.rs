//! An EXIF block that holds the orientation alone.

/// How long such a block is.
pub(super) const LENGTH: usize = 26;

/// What a reader assumes where nothing is said.
const UPRIGHT: u8 = 1;
const LAST: u8 = 8;

/// The block for an orientation; none for the one that needs none, or that is none.
///
/// It is a TIFF file without a picture: a header, and a directory of one entry.
pub(super) fn block(orientation: u8) -> Option<[u8; LENGTH]> {
    #[rustfmt::skip]
    let block = [
        b'M', b'M', 0, 42,      // TIFF, big-endian
        0, 0, 0, 8,             // where the directory begins
        0, 1,                   // how many entries it has
        0x01, 0x12,             // the tag: Orientation
        0, 3,                   // its type: SHORT
        0, 0, 0, 1,             // how many values
        0, orientation, 0, 0,   // the value, and what it leaves of its field
        0, 0, 0, 0,             // no further directory
    ];
    (UPRIGHT + 1..=LAST).contains(&orientation).then_some(block)
}
