//! PNG: chunks with checksums, of which the critical ones and those that colour the picture, time it or set its density stay.

use std::io::Read as _;

use flate2::bufread::ZlibDecoder;

use super::{Damaged, Split, exif, reader::Reader};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1A\n";

/// The ancillary chunks that a picture looks different without.
const KEPT: [&[u8; 4]; 15] = [
    b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"sBIT", b"bKGD", b"hIST", b"pHYs",
    b"sPLT", b"acTL", b"fcTL", b"fdAT",
];

/// What stands before a packed profile: a name that says nothing, its end, and the one way of packing.
const NAMELESS: &[u8] = b"ICC\0\0";
/// Where a profile has its mark.
const PROFILE_MARK: std::ops::Range<usize> = 36..40;
/// No profile has as much.
const MAX_PROFILE_BYTES: u64 = 8 * 1024 * 1024;

/// The largest length that the specification allows.
const MAX_LENGTH: u32 = i32::MAX as u32;
const HEADER_BYTES: usize = 13;

pub(super) fn clean(bytes: &[u8], orientation: u8) -> Result<Split<'_>, Damaged> {
    let mut reader = Reader::new(bytes);
    reader.expect(SIGNATURE)?;
    let mut picture = Vec::with_capacity(bytes.len() + exif::LENGTH + 12);
    picture.extend_from_slice(SIGNATURE);
    let (kind, content) = next_chunk(&mut reader)?;
    if &kind != b"IHDR" || content.len() != HEADER_BYTES {
        return Err(Damaged);
    }
    push(&mut picture, kind, content)?;
    if let Some(block) = exif::block(orientation) {
        push(&mut picture, *b"eXIf", &block)?;
    }
    let mut has_data = false;
    loop {
        let (kind, content) = next_chunk(&mut reader)?;
        match &kind {
            b"IEND" if has_data && content.is_empty() => {
                push(&mut picture, kind, content)?;
                return Ok((picture, reader.rest()));
            }
            b"IDAT" => has_data = true,
            b"PLTE" => {}
            b"iCCP" => {
                if let Some(profile) = packed_profile(content) {
                    push(&mut picture, kind, &[NAMELESS, profile].concat())?;
                }
                continue;
            }
            ancillary if KEPT.contains(&ancillary) => {}
            [b'A'..=b'Z', ..] => return Err(Damaged),
            _ => continue,
        }
        push(&mut picture, kind, content)?;
    }
}

/// The packed part of a colour profile, if it is one: a checked size, the mark of a profile, and nothing behind it.
fn packed_profile(content: &[u8]) -> Option<&[u8]> {
    let name = content.iter().position(|byte| *byte == 0)?;
    let [0, packed @ ..] = content.get(name + 1..)? else { return None };
    let mut unpacking = ZlibDecoder::new(packed).take(MAX_PROFILE_BYTES);
    let mut profile = Vec::new();
    unpacking.read_to_end(&mut profile).ok()?;
    let is_whole = unpacking.limit() > 0 && profile.get(PROFILE_MARK) == Some(b"acsp");
    let length = usize::try_from(unpacking.into_inner().total_in()).ok()?;
    packed.get(..length).filter(|_| is_whole)
}

fn next_chunk<'b>(reader: &mut Reader<'b>) -> Result<([u8; 4], &'b [u8]), Damaged> {
    let length = u32::from_be_bytes(reader.array()?);
    let kind: [u8; 4] = reader.array()?;
    if length > MAX_LENGTH || !kind.iter().all(u8::is_ascii_alphabetic) {
        return Err(Damaged);
    }
    let content = reader.take(length as usize)?;
    let is_whole = u32::from_be_bytes(reader.array()?) == checksum(kind, content);
    if is_whole { Ok((kind, content)) } else { Err(Damaged) }
}

fn push(picture: &mut Vec<u8>, kind: [u8; 4], content: &[u8]) -> Result<(), Damaged> {
    picture.extend(u32::try_from(content.len()).map_err(|_| Damaged)?.to_be_bytes());
    picture.extend(kind);
    picture.extend_from_slice(content);
    picture.extend(checksum(kind, content).to_be_bytes());
    Ok(())
}

fn checksum(kind: [u8; 4], content: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&kind);
    hasher.update(content);
    hasher.finalize()
}
