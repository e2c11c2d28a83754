//! Whether an archive hides in a file: its readers look for its directory at the end, or for its mark, whatever the file begins with.

use memchr::memmem;

/// How far from the end of the file readers of ZIP look for the end of a directory: some much farther than the longest comment goes.
const TAIL_BYTES: usize = 1024 * 1024;

const END: &[u8] = b"PK\x05\x06";
const ENTRY: &[u8] = b"PK\x01\x02";
const ZIP64_LOCATOR: &[u8] = b"PK\x06\x07";
const ZIP64_LOCATOR_BYTES: usize = 20;

/// What these formats begin with, wherever that is: their readers look for it behind a program that unpacks them.
const MARKS: [&[u8]; 2] = [b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c"];

/// Whether a reader of archives would find one in it: within any file, or at its end (a GIF that is also a JAR).
pub fn is_archive(bytes: &[u8]) -> bool {
    if MARKS.iter().any(|mark| memmem::find(bytes, mark).is_some()) {
        return true;
    }
    let tail = bytes.len().saturating_sub(TAIL_BYTES);
    bytes
        .get(tail..)
        .is_some_and(|last| memmem::find_iter(last, END).any(|at| is_end_of_directory(bytes, tail + at)))
}

/// Whether the directory that ends at `end` is where it should be: right before, or behind a ZIP64 record.
fn is_end_of_directory(bytes: &[u8], end: usize) -> bool {
    let before = |length: usize| end.checked_sub(length).and_then(|at| bytes.get(at..));
    if before(ZIP64_LOCATOR_BYTES).is_some_and(|rest| rest.starts_with(ZIP64_LOCATOR)) {
        return true;
    }
    let (Some(entries), Some(size), Some(offset)) =
        (number(bytes, end + 10, 2), number(bytes, end + 12, 4), number(bytes, end + 16, 4))
    else {
        return false;
    };
    if size == 0 && entries == 0 {
        return is_empty_archive(bytes, end, offset);
    }
    let is_entry = |rest: &[u8]| rest.starts_with(ENTRY);
    // Some readers trust the offset, from the file's start, more than the size.
    before(size).is_some_and(is_entry)
        || bytes.get(offset..).is_some_and(|rest| offset < end && is_entry(rest))
}

/// Holds nothing, but is one: the comment ends where the file does, and the directory is not behind its own end.
fn is_empty_archive(bytes: &[u8], end: usize, offset: usize) -> bool {
    let comment = number(bytes, end + 20, 2);
    offset <= end
        && number(bytes, end + 4, 4) == Some(0)
        && comment.is_some_and(|length| end + 22 + length <= bytes.len())
}

/// A little-endian number of up to four bytes.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<usize> {
    let digits = bytes.get(at..at.checked_add(length)?)?;
    Some(digits.iter().rev().fold(0, |number, digit| number << 8 | usize::from(*digit)))
}

#[cfg(test)]
mod tests;
