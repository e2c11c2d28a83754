//! HEIF and AVIF: boxes within boxes (ISO/IEC 14496-12 and 23008-12).
//!
//! Data is found by its position in the file, so nothing is moved: what is not the picture is overwritten with zeros and
//! called `free`.

mod boxes;
mod items;
mod size;

use std::collections::BTreeSet;
use std::ops::Range;

use self::boxes::{BoxSpan, box_at, boxes};
use self::items::Source;
pub use self::size::dimensions;
use super::{Damaged, Split};

/// The boxes of the file, and of its `meta`, that make the picture.
const OF_FILE: [&[u8; 4]; 5] = [b"ftyp", b"mdat", b"meta", b"moof", b"moov"];
const OF_META: [&[u8; 4]; 10] =
    [b"dinf", b"grpl", b"hdlr", b"idat", b"iinf", b"iloc", b"ipro", b"iprp", b"iref", b"pitm"];

/// Properties that describe in words or times, or pad. Items refer to them by number, so they stay, empty.
const DESCRIBING: [&[u8; 4]; 6] = [b"altt", b"crtt", b"free", b"mdft", b"skip", b"udes"];

/// What a box that has versions begins with.
const VERSION_BYTES: usize = 4;
const UUID_BYTES: usize = 16;

/// In `hdlr`, behind a reserved word.
const HANDLER: Range<usize> = 8..12;

pub(super) fn clean(bytes: &[u8]) -> Result<Split<'_>, Damaged> {
    let (kept, trailer) = bytes.split_at_checked(end(bytes)?).ok_or(Damaged)?;
    let data = boxes(kept, 0..kept.len()).flatten().filter(|span| &span.kind == b"mdat");
    let data = data.map(|span| span.content).collect();
    let mut picture = Picture { bytes: kept, data, cleaned: kept.to_vec(), overwritten: 0 };
    for span in boxes(kept, 0..kept.len()) {
        let span = span?;
        match &span.kind {
            b"meta" => picture.clean_meta(span.content)?,
            b"moov" => picture.clean_movie(span.content)?,
            kind if OF_FILE.contains(&kind) => {}
            _ => picture.free(&span)?,
        }
    }
    Ok((picture.cleaned, trailer))
}

/// Where the last box ends that makes the picture.
fn end(bytes: &[u8]) -> Result<usize, Damaged> {
    let mut end = 0;
    let mut has_picture = false;
    let mut at = 0;
    while let Some(kind) = bytes.get(at + 4..at + 8) {
        let is_known = OF_FILE.iter().any(|known| *known == kind);
        match box_at(bytes, at..bytes.len()) {
            Ok(span) => at = span.content.end,
            Err(damaged) if is_known => return Err(damaged),
            Err(_) => break,
        }
        if is_known {
            end = at;
            has_picture |= matches!(kind, b"meta" | b"moov");
        }
    }
    if has_picture { Ok(end) } else { Err(Damaged) }
}

struct Picture<'b> {
    bytes: &'b [u8],
    /// What is in its `mdat` boxes, in order: nowhere else may an item lie that is overwritten, or boxes would be.
    data: Vec<Range<usize>>,
    cleaned: Vec<u8>,
    /// How many bytes of items were overwritten. More than the file has is only possible in a hostile one, whose items
    /// overlap so that it would take forever.
    overwritten: usize,
}

impl Picture<'_> {
    /// Overwrites the items that are metadata, and what else does not show.
    fn clean_meta(&mut self, content: Range<usize>) -> Result<(), Damaged> {
        let mut metadata = BTreeSet::new();
        let mut locations = None;
        let mut own_data = 0..0;
        for span in boxes(self.bytes, content.start + VERSION_BYTES..content.end) {
            let span = span?;
            match &span.kind {
                b"iinf" => items::for_each_metadata(self.bytes, span.content, |item, kind| {
                    metadata.insert(item);
                    self.rename(kind)
                })?,
                b"iloc" => locations = Some(span.content),
                b"idat" => own_data = span.content,
                b"iprp" => self.clean_properties(span.content)?,
                kind if OF_META.contains(&kind) => {}
                _ => self.free(&span)?,
            }
        }
        let locations = locations.and_then(|range| self.bytes.get(range)).unwrap_or_default();
        items::for_each_extent(locations, |extent| {
            let range = extent.within(match extent.source {
                Source::File => 0..self.bytes.len(),
                Source::OwnData => own_data.clone(),
                Source::Item => return if metadata.contains(&extent.item) { Err(Damaged) } else { Ok(()) },
            })?;
            match (metadata.contains(&extent.item), extent.source) {
                (false, _) => Ok(()),
                (true, Source::File) if !self.is_data(&range) => Err(Damaged),
                (true, _) => self.overwrite_item(range),
            }
        })
    }

    fn is_data(&self, range: &Range<usize>) -> bool {
        let place = self.data.partition_point(|data| data.end < range.end);
        range.is_empty() || self.data.get(place).is_some_and(|data| data.start <= range.start)
    }

    fn clean_properties(&mut self, content: Range<usize>) -> Result<(), Damaged> {
        for container in boxes(self.bytes, content) {
            let container = container?;
            if &container.kind != b"ipco" {
                continue;
            }
            for property in boxes(self.bytes, container.content) {
                let BoxSpan { kind, content, .. } = property?;
                if DESCRIBING.contains(&&kind) {
                    self.overwrite(content)?;
                } else if &kind == b"uuid" {
                    self.overwrite(content.start + UUID_BYTES..content.end)?;
                }
            }
        }
        Ok(())
    }

    /// Cleans the description of a sequence, which is on three levels.
    fn clean_movie(&mut self, content: Range<usize>) -> Result<(), Damaged> {
        for span in boxes(self.bytes, content) {
            let span = span?;
            if &span.kind != b"trak" {
                self.clean_movie_box(span)?;
                continue;
            }
            for span in boxes(self.bytes, span.content) {
                let span = span?;
                if &span.kind != b"mdia" {
                    self.clean_movie_box(span)?;
                    continue;
                }
                for span in boxes(self.bytes, span.content) {
                    self.clean_movie_box(span?)?;
                }
            }
        }
        Ok(())
    }

    fn clean_movie_box(&mut self, span: BoxSpan) -> Result<(), Damaged> {
        match &span.kind {
            b"meta" => self.clean_meta(span.content),
            b"udta" | b"uuid" | b"free" | b"skip" => self.free(&span),
            b"mvhd" | b"tkhd" | b"mdhd" => self.overwrite_times(span.content),
            // A track of metadata has its samples among the pictures.
            b"hdlr"
                if self.bytes.get(span.content).and_then(|handler| handler.get(HANDLER)) == Some(b"meta") =>
            {
                Err(Damaged)
            }
            _ => Ok(()),
        }
    }

    /// Overwrites when it was made and changed, with which these boxes begin.
    fn overwrite_times(&mut self, content: Range<usize>) -> Result<(), Damaged> {
        let is_long = self.bytes.get(content.start).is_some_and(|version| *version == 1);
        let start = content.start + VERSION_BYTES;
        let times = start..start + if is_long { 16 } else { 8 };
        if times.end <= content.end { self.overwrite(times) } else { Err(Damaged) }
    }

    /// Turns a box into free space, which readers skip.
    fn free(&mut self, span: &BoxSpan) -> Result<(), Damaged> {
        self.rename(span.start + 4..span.start + 8)?;
        self.overwrite(span.content.clone())
    }

    /// Calls a box or an item `free`: zeros where a reader expects EXIF make some refuse the whole picture (libavif does).
    fn rename(&mut self, kind: Range<usize>) -> Result<(), Damaged> {
        *self.cleaned.get_mut(kind).and_then(|kind| kind.first_chunk_mut()).ok_or(Damaged)? = *b"free";
        Ok(())
    }

    fn overwrite_item(&mut self, range: Range<usize>) -> Result<(), Damaged> {
        self.overwritten += range.len();
        if self.overwritten > self.bytes.len() {
            return Err(Damaged);
        }
        self.overwrite(range)
    }

    fn overwrite(&mut self, range: Range<usize>) -> Result<(), Damaged> {
        self.cleaned.get_mut(range).ok_or(Damaged)?.fill(0);
        Ok(())
    }
}
