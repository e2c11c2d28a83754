//! Looks through a PDF by its words, without reading it as a document.
//!
//! Readers repair what is broken, each in its own way, so no parser sees what all of them see. What a name means does
//! not depend on that: a script needs `/JavaScript`, however it is reached. So the names are searched in the whole file,
//! in strings, comments and packed data too: a table of offsets can point into any of them. Short names, which occur by
//! chance, are searched in each object that a reader could find. What hides names from such a search is unpacked
//! (object streams) or refused (encryption of them, unusual filters).

mod lexer;
mod names;
mod objects;
mod packed;

use memchr::memmem;

use parlance_domain::attachment::Reason;

use super::{archive, page};

const HEADER: &[u8] = b"%PDF-";
const END: &[u8] = b"%%EOF";

/// How much readers skip at the end.
const TRAILING_BYTES: usize = 1024;

/// Whether it is a PDF in which nothing runs.
pub fn check(bytes: &[u8]) -> Result<(), Reason> {
    if !bytes.starts_with(HEADER) || archive::is_archive(bytes) {
        return Err(Reason::Disguised);
    }
    check_end(bytes)?;
    let mut names = names::Search::default();
    if names.finds_runner(bytes, names::LONG) {
        return Err(Reason::Script);
    }
    let found = objects::check(bytes, &mut names);
    // What was found before something broke weighs more.
    if names.is_sure() { found } else { Err(Reason::Script) }
}

fn check_end(bytes: &[u8]) -> Result<(), Reason> {
    let end = memmem::rfind(bytes, END).ok_or(Reason::Damaged)?;
    let trailing = bytes.get(end + END.len()..).unwrap_or_default();
    let trailing = trimmed(trailing);
    if page::is_active(trailing) || archive::is_archive(trailing) {
        return Err(Reason::Disguised);
    }
    if trailing.len() > TRAILING_BYTES { Err(Reason::Damaged) } else { Ok(()) }
}

/// Without what counts as white at either end; some writers fill up the last block with zeros.
fn trimmed(bytes: &[u8]) -> &[u8] {
    let is_dark = |byte: &u8| !lexer::is_white(*byte);
    let start = bytes.iter().position(is_dark).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(is_dark).map_or(start, |last| last + 1);
    bytes.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests;
