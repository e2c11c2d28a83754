//! Walks boxes: a size, a kind, and content that may be boxes again.

use std::ops::Range;

use crate::inspection::cleaning::{Damaged, reader::Reader};

/// Sizes that mean something else.
const TO_THE_END: u32 = 0;
const LONG: u32 = 1;

/// Where a box is.
pub(super) struct BoxSpan {
    pub kind: [u8; 4],
    pub start: usize,
    pub content: Range<usize>,
}

/// The boxes that fill a part of a file, one after the other; it ends with the first that does not fit.
pub(super) fn boxes(
    bytes: &[u8],
    part: Range<usize>,
) -> impl Iterator<Item = Result<BoxSpan, Damaged>> + use<'_> {
    let mut at = part.start;
    std::iter::from_fn(move || {
        if at >= part.end {
            return None;
        }
        let span = box_at(bytes, at..part.end);
        at = span.as_ref().map_or(part.end, |span| span.content.end);
        Some(span)
    })
}

/// The box with which a part of a file begins.
pub(super) fn box_at(bytes: &[u8], part: Range<usize>) -> Result<BoxSpan, Damaged> {
    let start = part.start;
    let mut reader = Reader::new(bytes.get(part.clone()).ok_or(Damaged)?);
    let short = u32::from_be_bytes(reader.array()?);
    let kind = reader.array()?;
    let size = match short {
        TO_THE_END => part.len(),
        LONG => usize::try_from(u64::from_be_bytes(reader.array()?)).map_err(|_| Damaged)?,
        short => short as usize,
    };
    let content = part.end - reader.rest().len()..start.checked_add(size).ok_or(Damaged)?;
    let fits = content.start <= content.end && content.end <= part.end;
    if fits { Ok(BoxSpan { kind, start, content }) } else { Err(Damaged) }
}
