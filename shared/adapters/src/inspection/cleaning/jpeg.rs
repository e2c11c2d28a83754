//! JPEG: segments behind markers, and the data of one or more scans between them (ITU-T T.81, annex B).

use super::{Damaged, Split, exif, reader::Reader};

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const APP0: u8 = 0xE0;
const APP1: u8 = 0xE1;
const APP2: u8 = 0xE2;
const APP14: u8 = 0xEE;

/// A JFIF header without the embedded thumbnail and the two bytes of its size, and an Adobe one whole.
const HEADER_BYTES: usize = 12;

/// Where a thumbnail's size is kept: there is none.
const NO_THUMBNAIL: &[u8] = &[0, 0];

pub(super) fn clean(bytes: &[u8], orientation: u8) -> Result<Split<'_>, Damaged> {
    let mut reader = Reader::new(bytes);
    reader.expect(&[0xFF, SOI])?;
    let mut picture = Vec::with_capacity(bytes.len() + exif::LENGTH + 10);
    picture.extend([0xFF, SOI]);
    let mut exif = exif::block(orientation);
    let mut has_frame = false;
    let mut has_scan = false;
    let mut is_in_scan = false;
    loop {
        let (data, marker) = next_marker(&mut reader)?;
        // Outside of a scan it is padding, which decoders skip.
        if is_in_scan {
            picture.extend_from_slice(data);
        }
        is_in_scan = marker == SOS;
        match marker {
            EOI if has_scan => {
                picture.extend([0xFF, EOI]);
                return Ok((picture, reader.rest()));
            }
            // TEM has no content.
            0x01 => continue,
            0x02..=0xBF | SOI | EOI => return Err(Damaged),
            SOS if !has_frame => return Err(Damaged),
            SOS => has_scan = true,
            _ => has_frame |= is_frame(marker),
        }
        let length = usize::from(u16::from_be_bytes(reader.array()?)).checked_sub(2).ok_or(Damaged)?;
        let Some(content) = kept(marker, reader.take(length)?) else { continue };
        // The JFIF header, if there is one, must come first.
        if marker != APP0
            && let Some(block) = exif.take()
        {
            push(&mut picture, APP1, [b"Exif\0\0", &block])?;
        }
        push(&mut picture, marker, content)?;
    }
}

/// Reads up to and including the next marker; a stuffed zero and a restart are a part of the data before it.
fn next_marker<'b>(reader: &mut Reader<'b>) -> Result<(&'b [u8], u8), Damaged> {
    let bytes = reader.rest();
    let mut from = 0;
    loop {
        let ahead = bytes.get(from..).ok_or(Damaged)?;
        let start = from + ahead.iter().position(|byte| *byte == 0xFF).ok_or(Damaged)?;
        // A marker may be filled up with any number of 0xFF before it.
        let filled = bytes.get(start..).ok_or(Damaged)?.iter().take_while(|byte| **byte == 0xFF).count();
        let marker = *bytes.get(start + filled).ok_or(Damaged)?;
        from = start + filled + 1;
        if !matches!(marker, 0x00 | 0xD0..=0xD7) {
            reader.take(from)?;
            return Ok((bytes.get(..start).ok_or(Damaged)?, marker));
        }
    }
}

/// What is kept of a segment's content, in two parts.
fn kept(marker: u8, content: &[u8]) -> Option<[&[u8]; 2]> {
    match marker {
        // Tables (DHT, DAC, DQT), restart intervals, the scans' and frames' headers.
        0xC4 | 0xCC | 0xDA..=0xDF => Some([content, &[]]),
        marker if is_frame(marker) => Some([content, &[]]),
        APP0 if content.starts_with(b"JFIF\0") && content.len() >= HEADER_BYTES + NO_THUMBNAIL.len() => {
            Some([content.get(..HEADER_BYTES)?, NO_THUMBNAIL])
        }
        APP2 if content.starts_with(b"ICC_PROFILE\0") => Some([content, &[]]),
        APP14 if content.starts_with(b"Adobe") => Some([content.get(..HEADER_BYTES)?, &[]]),
        _ => None,
    }
}

/// Whether it is one of the `SOFn`; C4, C8 and CC among them are other things.
fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF)
}

fn push(picture: &mut Vec<u8>, marker: u8, content: [&[u8]; 2]) -> Result<(), Damaged> {
    let [head, tail] = content;
    let length = u16::try_from(head.len() + tail.len() + 2).map_err(|_| Damaged)?;
    picture.extend([0xFF, marker]);
    picture.extend(length.to_be_bytes());
    picture.extend_from_slice(head);
    picture.extend_from_slice(tail);
    Ok(())
}
