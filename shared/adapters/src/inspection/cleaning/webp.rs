//! WebP: chunks within one RIFF chunk, and for each frame of one that moves, chunks within its own (RFC 9649).

use super::{Damaged, Split, exif, reader::Reader};

/// The form's name is within the outer chunk.
const OUTER_HEADER_BYTES: usize = 12;
const NAME_BYTES: usize = 4;

/// What a frame begins with: where it stands, how large it is, how long it is shown.
const FRAME_HEADER_BYTES: usize = 16;

/// Bits in the first byte of `VP8X`.
const HAS_EXIF: u8 = 0x08;
const HAS_XMP: u8 = 0x04;

pub(super) fn clean(bytes: &[u8], orientation: u8) -> Result<Split<'_>, Damaged> {
    let mut reader = Reader::new(bytes);
    reader.expect(b"RIFF")?;
    let size = u32::from_le_bytes(reader.array()?) as usize;
    let mut chunks = Reader::new(reader.take(size)?);
    chunks.expect(b"WEBP")?;
    let mut picture = Vec::with_capacity(bytes.len() + exif::LENGTH + 8);
    picture.extend_from_slice(b"RIFF\0\0\0\0WEBP");

    // Only the extended form, which begins with its features, has a place for EXIF.
    let mut exif = None;
    if chunks.rest().starts_with(b"VP8X") {
        let (kind, content) = next_chunk(&mut chunks)?;
        let [features, size @ ..] = <[u8; 10]>::try_from(content).map_err(|_| Damaged)?;
        exif = exif::block(orientation);
        let now = features & !(HAS_EXIF | HAS_XMP) | if exif.is_some() { HAS_EXIF } else { 0 };
        let start = open(&mut picture, kind);
        picture.push(now);
        picture.extend(size);
        close(&mut picture, start)?;
    }
    let mut has_data = false;
    while !chunks.rest().is_empty() {
        let (kind, content) = next_chunk(&mut chunks)?;
        match &kind {
            b"VP8 " | b"VP8L" => has_data = true,
            b"ALPH" | b"ANIM" | b"ICCP" => {}
            b"ANMF" => {
                has_data = true;
                push_frame(&mut picture, content)?;
                continue;
            }
            _ => continue,
        }
        push(&mut picture, kind, content)?;
    }
    if let Some(block) = exif {
        push(&mut picture, *b"EXIF", &block)?;
    }
    close(&mut picture, OUTER_HEADER_BYTES - NAME_BYTES)?;
    if has_data { Ok((picture, reader.rest())) } else { Err(Damaged) }
}

fn push_frame(picture: &mut Vec<u8>, frame: &[u8]) -> Result<(), Damaged> {
    let mut chunks = Reader::new(frame);
    let start = open(picture, *b"ANMF");
    picture.extend_from_slice(chunks.take(FRAME_HEADER_BYTES)?);
    while !chunks.rest().is_empty() {
        let (kind, content) = next_chunk(&mut chunks)?;
        if matches!(&kind, b"VP8 " | b"VP8L" | b"ALPH") {
            push(picture, kind, content)?;
        }
    }
    close(picture, start)
}

/// Reads a chunk and the byte that makes its length even.
fn next_chunk<'b>(reader: &mut Reader<'b>) -> Result<([u8; 4], &'b [u8]), Damaged> {
    let kind = reader.array()?;
    let length = u32::from_le_bytes(reader.array()?) as usize;
    let content = reader.take(length)?;
    reader.take(length % 2)?;
    Ok((kind, content))
}

fn push(picture: &mut Vec<u8>, kind: [u8; 4], content: &[u8]) -> Result<(), Damaged> {
    let start = open(picture, kind);
    picture.extend_from_slice(content);
    close(picture, start)
}

/// Begins a chunk whose length is not known yet, and says where its content starts.
fn open(picture: &mut Vec<u8>, kind: [u8; 4]) -> usize {
    picture.extend(kind);
    picture.extend([0; 4]);
    picture.len()
}

/// Writes the length of the chunk whose content starts there, and makes it even.
fn close(picture: &mut Vec<u8>, start: usize) -> Result<(), Damaged> {
    let length = picture.len() - start;
    let size = u32::try_from(length).map_err(|_| Damaged)?;
    picture.get_mut(start - 4..start).ok_or(Damaged)?.copy_from_slice(&size.to_le_bytes());
    picture.resize(picture.len() + length % 2, 0);
    Ok(())
}
