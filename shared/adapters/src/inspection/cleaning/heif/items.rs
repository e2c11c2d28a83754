//! The items of a file: what they are (`iinf`), and where (`iloc`).

use std::ops::Range;

use super::boxes::boxes;
use crate::inspection::cleaning::{Damaged, reader::Reader};

/// Items of these kinds say something about the picture: EXIF, XMP and other documents.
const METADATA: [&[u8; 4]; 3] = [b"Exif", b"mime", b"uri "];

/// What the position of an extent is counted from.
pub(super) enum Source {
    /// The file's start.
    File,
    /// The start of what is in `idat`.
    OwnData,
    /// The start of another item.
    Item,
}

/// A part of an item's data.
pub(super) struct Extent {
    pub item: u32,
    pub source: Source,
    start: u64,
    length: u64,
}

impl Extent {
    /// Where it is in the file, if its source is there.
    pub(super) fn within(&self, source: Range<usize>) -> Result<Range<usize>, Damaged> {
        let start = usize::try_from(self.start).ok().and_then(|start| start.checked_add(source.start));
        let length = usize::try_from(self.length).map_err(|_| Damaged)?;
        let start = start.ok_or(Damaged)?;
        let end = start.checked_add(length).ok_or(Damaged)?;
        if length == 0 {
            Ok(0..0)
        } else if end <= source.end {
            Ok(start..end)
        } else {
            Err(Damaged)
        }
    }
}

/// Reads the content of `iinf`, and says of each item that is metadata, where its kind is written.
pub(super) fn for_each_metadata(
    bytes: &[u8],
    content: Range<usize>,
    mut visit: impl FnMut(u32, Range<usize>) -> Result<(), Damaged>,
) -> Result<(), Damaged> {
    let mut reader = Reader::new(bytes.get(content.clone()).ok_or(Damaged)?);
    let [version, ..] = reader.array::<4>()?;
    reader.take(if version == 0 { 2 } else { 4 })?;
    for entry in boxes(bytes, content.end - reader.rest().len()..content.end) {
        let entry = entry?;
        if &entry.kind != b"infe" {
            continue;
        }
        let end = entry.content.end;
        let mut reader = Reader::new(bytes.get(entry.content).ok_or(Damaged)?);
        let [version, ..] = reader.array::<4>()?;
        let item = match version {
            2 => u16::from_be_bytes(reader.array()?).into(),
            3 => u32::from_be_bytes(reader.array()?),
            // Earlier ones have no kinds, and are not allowed here.
            _ => return Err(Damaged),
        };
        let _protection: [u8; 2] = reader.array()?;
        let kind = end - reader.rest().len();
        if METADATA.contains(&&reader.array()?) {
            visit(item, kind..kind + 4)?;
        }
    }
    Ok(())
}

/// Reads the content of `iloc`.
pub(super) fn for_each_extent(
    iloc: &[u8],
    mut visit: impl FnMut(Extent) -> Result<(), Damaged>,
) -> Result<(), Damaged> {
    if iloc.is_empty() {
        return Ok(());
    }
    let mut reader = Reader::new(iloc);
    let [version, ..] = reader.array::<4>()?;
    let [sizes, more_sizes] = reader.array()?;
    let (start_bytes, length_bytes, base_bytes) = (sizes >> 4, sizes & 0x0F, more_sizes >> 4);
    let index_bytes = if version == 0 { 0 } else { more_sizes & 0x0F };
    let number_bytes = if version < 2 { 2 } else { 4 };
    for _ in 0..number(&mut reader, number_bytes)? {
        let item = u32::try_from(number(&mut reader, number_bytes)?).map_err(|_| Damaged)?;
        let method = if version == 0 { 0 } else { number(&mut reader, 2)? & 0x0F };
        let is_in_another_file = number(&mut reader, 2)? != 0;
        let base = number(&mut reader, base_bytes)?;
        let extents = number(&mut reader, 2)?;
        // An extent without a length is all of its source, whatever else is there; and it may take no room, so that there
        // are as many as there are numbers.
        let is_whole_source = extents > 0 && length_bytes == 0;
        if is_in_another_file || is_whole_source {
            return Err(Damaged);
        }
        for _ in 0..extents {
            number(&mut reader, index_bytes)?;
            let start = base.checked_add(number(&mut reader, start_bytes)?).ok_or(Damaged)?;
            let length = number(&mut reader, length_bytes)?;
            let source = match method {
                0 => Source::File,
                1 => Source::OwnData,
                2 => Source::Item,
                _ => return Err(Damaged),
            };
            visit(Extent { item, source, start, length })?;
        }
    }
    Ok(())
}

/// A number of as many bytes as the file says.
fn number(reader: &mut Reader, bytes: u8) -> Result<u64, Damaged> {
    match bytes {
        0 => Ok(0),
        2 => Ok(u16::from_be_bytes(reader.array()?).into()),
        4 => Ok(u32::from_be_bytes(reader.array()?).into()),
        8 => Ok(u64::from_be_bytes(reader.array()?)),
        _ => Err(Damaged),
    }
}
