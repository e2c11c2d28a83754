//! The names in a PDF that make something run, and the search for them.

use memchr::memchr_iter;

use super::lexer::{is_regular, is_white};

/// Long enough not to occur by chance in packed data.
pub(super) const LONG: &[&[u8]] = &[JAVASCRIPT, b"Launch", b"Rendition", b"RichMedia", b"OnInstantiate"];

/// So short that only an object, or the text of an object stream, says what they are.
pub(super) const SHORT: &[&[u8]] = &[b"JS", b"XFA"];

const JAVASCRIPT: &[u8] = b"JavaScript";

/// No name that matters is longer, each byte written with three.
pub(super) const MOST_BYTES: usize = 48;

/// How far before a name an address may begin, and how many addresses are believed.
const ADDRESS_BYTES: usize = 256;
const MOST_ADDRESSES: usize = 10_000;

/// A search through several texts of one file.
///
/// A link to a page about `JavaScript` is a common thing to have, so that name passes in an address. It still could be
/// used from there: an entry of an object stream may begin in the middle of a string, and an action's type may refer to
/// it. Nobody writes a type as a reference, so a file that has both does not pass.
#[derive(Debug, Default)]
pub(super) struct Search {
    addresses: usize,
    has_referred_type: bool,
}

impl Search {
    /// Whether one of `wanted`, or of the long names, stands in the text.
    pub(super) fn finds_runner(&mut self, text: &[u8], wanted: &[&[u8]]) -> bool {
        memchr_iter(b'/', text).any(|at| {
            let rest = text.get(at + 1..).unwrap_or_default();
            if !Decoded(rest).next().is_some_and(|first| b"JLROXS".contains(&first)) {
                return false;
            }
            let Some((name, behind)) = split(rest) else { return false };
            if is(name, b"S") {
                self.has_referred_type |= begins_with_reference(behind);
                return false;
            }
            if is(name, JAVASCRIPT) && self.addresses < MOST_ADDRESSES && is_in_address(text, at) {
                self.addresses += 1;
                return false;
            }
            wanted.iter().chain(LONG).any(|word| is(name, word))
        })
    }

    /// Whether no name was passed over that may be used after all.
    pub(super) fn is_sure(&self) -> bool {
        self.addresses == 0 || !self.has_referred_type
    }
}

/// Whether a name, as it is written, is this one.
pub(super) fn is(name: &[u8], word: &[u8]) -> bool {
    Decoded(name).eq(word.iter().copied())
}

/// A name, and what stands behind it; none if it is longer than any that matters.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let near = bytes.get(..MOST_BYTES).unwrap_or(bytes);
    let length = match near.iter().position(|byte| !is_regular(*byte)) {
        Some(length) => length,
        None if near.len() == bytes.len() => bytes.len(),
        None => return None,
    };
    bytes.split_at_checked(length)
}

/// The bytes that a name stands for: `#` and two digits are one byte.
struct Decoded<'a>(&'a [u8]);

impl Iterator for Decoded<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let (byte, rest) = match self.0 {
            [b'#', high, low, rest @ ..] => (digit(*high).wrapping_mul(16).wrapping_add(digit(*low)), rest),
            [first, rest @ ..] => (*first, rest),
            [] => return None,
        };
        self.0 = rest;
        Some(byte)
    }
}

/// What is no digit counts too, as with readers that do not check.
fn digit(byte: u8) -> u8 {
    let byte = byte.to_ascii_uppercase();
    if byte > b'9' { byte.wrapping_sub(b'A').wrapping_add(10) } else { byte.wrapping_sub(b'0') }
}

/// Whether `7 0 R` follows; a comment could hide it, so it counts as one.
fn begins_with_reference(bytes: &[u8]) -> bool {
    let bytes = skip(bytes, is_white);
    let object = skip(bytes, |byte| byte.is_ascii_digit());
    let generation = skip(object, is_white);
    let last = skip(generation, |byte| byte.is_ascii_digit());
    let is_number = object.len() < bytes.len() && last.len() < generation.len();
    let last = skip(last, is_white);
    let is_hidden = [bytes, object, generation, last].iter().any(|rest| rest.starts_with(b"%"));
    is_hidden || is_number && last.starts_with(b"R")
}

/// Bounded, so that a long row of them costs no more than a short one.
fn skip(bytes: &[u8], is_skipped: impl Fn(u8) -> bool) -> &[u8] {
    let length = bytes.iter().take(MOST_BYTES).take_while(|byte| is_skipped(**byte)).count();
    bytes.get(length..).unwrap_or_default()
}

/// Whether the name at `at` is a part of `(https://…`, with nothing between that ends a string or begins an object.
fn is_in_address(text: &[u8], at: usize) -> bool {
    let before = text.get(at.saturating_sub(ADDRESS_BYTES)..at).unwrap_or_default();
    let Some(start) = before.iter().rposition(|byte| *byte != b'/' && !is_regular(*byte)) else {
        return false;
    };
    let before = before.get(start..).unwrap_or_default();
    before.starts_with(b"(http://") || before.starts_with(b"(https://")
}
