//! Whether bytes read as something that a browser, a shell or a system would run.

use memchr::memchr_iter;

/// Browsers guess by some hundred bytes, readers of PDF look for its mark in the first 1,024.
const HEAD_BYTES: usize = 4 * 1024;

/// Programs and scripts begin with these, and only with these.
const FIRST: [&[u8]; 9] = [
    b"MZ",
    b"\x7fELF",
    b"#!/",
    b"#! ",
    b"\xca\xfe\xba\xbe",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
];

/// What makes a page of a text, if it stands near its beginning.
const NEAR: [&[u8]; 10] = [
    b"<!doctype",
    b"<head",
    b"<body",
    b"<iframe",
    b"<svg",
    b"<?xml",
    b"<?=",
    b"<meta",
    b"<object",
    b"<embed",
];

/// What makes a page or a script of a text wherever it stands.
const ANYWHERE: [&[u8]; 3] = [b"<script", b"<html", b"<?php"];

/// Whether it reads as a page, a document or a program: for what stands behind a picture's end.
pub fn is_active(bytes: &[u8]) -> bool {
    let head = bytes.get(..HEAD_BYTES).unwrap_or(bytes);
    let first = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let first = first.trim_ascii_start();
    FIRST.iter().any(|mark| bytes.starts_with(mark) || first.starts_with(mark))
        || memchr::memmem::find(head, b"%PDF-").is_some()
        || has_tag(head, &NEAR, |next| !next.is_ascii_alphanumeric())
        || holds_page(bytes)
}

/// Whether a page or a script stands in it, wherever. In packed data one occurs by chance in less than a millionth of all
/// megabytes.
pub fn holds_page(bytes: &[u8]) -> bool {
    has_tag(bytes, &ANYWHERE, |next| matches!(next, b'>' | b'/') || next.is_ascii_whitespace())
}

/// A name goes on with letters; a tag of that name does not.
fn has_tag(bytes: &[u8], tags: &[&[u8]], ends: impl Fn(u8) -> bool) -> bool {
    memchr_iter(b'<', bytes).filter_map(|at| bytes.get(at..)).any(|rest| {
        tags.iter().filter_map(|tag| rest.split_at_checked(tag.len()).map(|split| (tag, split))).any(
            |(tag, (start, behind))| {
                start.eq_ignore_ascii_case(tag) && behind.first().is_none_or(|next| ends(*next))
            },
        )
    })
}
