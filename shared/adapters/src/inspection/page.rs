//! Whether bytes read as something that a browser, a shell or a system would run.

use memchr::memchr_iter;

/// Browsers guess by some hundred bytes, readers of PDF look for its mark in the first 1,024.
const HEAD_BYTES: usize = 4 * 1024;

/// Programs and scripts begin with these, and only with these.
const FIRST: [&[u8]; 8] = [
    b"MZ",
    b"\x7fELF",
    b"#!",
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
        || has_tag(head, &NEAR)
        || has_tag(bytes, &ANYWHERE)
}

fn has_tag(bytes: &[u8], tags: &[&[u8]]) -> bool {
    memchr_iter(b'<', bytes).any(|at| {
        let rest = bytes.get(at..).unwrap_or_default();
        tags.iter().any(|tag| is_tag(rest, tag))
    })
}

/// A name goes on with letters; a tag of that name does not.
fn is_tag(bytes: &[u8], tag: &[u8]) -> bool {
    bytes.split_at_checked(tag.len()).is_some_and(|(start, rest)| {
        start.eq_ignore_ascii_case(tag) && !rest.first().is_some_and(u8::is_ascii_alphanumeric)
    })
}
