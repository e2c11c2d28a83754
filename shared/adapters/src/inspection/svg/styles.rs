//! Style sheets, and pieces of them, that run or fetch something.

use std::borrow::Cow;

use memchr::memchr3_iter;

use super::MOST_STYLE_BYTES;
use super::links::{self, folded};
use parlance_domain::attachment::Reason;

/// Some of these run something in old browsers only; the rest fetch a file that cannot be looked into.
const HARMFUL: [&str; 6] =
    ["javascript:", "vbscript:", "-moz-binding:", "expression(", "behavior:url(", "image-set("];
const IMPORT: &str = "@import";
const ADDRESS: &str = "url(";

pub(super) fn check(style: &str) -> Result<(), Reason> {
    if style.len() > MOST_STYLE_BYTES {
        return Err(Reason::Damaged);
    }
    // A comment can split a word; what looks like a comment within an address is none.
    let is_harmful = is_harmful(style) || style.contains("/*") && is_harmful(&without_comments(style));
    if is_harmful { Err(Reason::Script) } else { Ok(()) }
}

fn is_harmful(style: &str) -> bool {
    let plain: String = folded(&unescaped(style)).collect();
    // One of these stands at the end of each word, or begins it.
    memchr3_iter(b':', b'(', b'@', plain.as_bytes()).any(|at| {
        let (before, rest) = plain.split_at_checked(at + 1).unwrap_or_default();
        HARMFUL.iter().any(|word| before.ends_with(word))
            || before.ends_with(ADDRESS) && links::is_remote(&address(rest))
            || plain.get(at..).is_some_and(|rest| rest.starts_with(IMPORT))
    })
}

/// The beginning of the address with which this begins: it may never end.
fn address(rest: &str) -> String {
    rest.chars().filter(|character| !matches!(character, '"' | '\'')).take(links::START_CHARACTERS).collect()
}

fn without_comments(style: &str) -> String {
    let mut rest = style;
    let mut kept = String::with_capacity(style.len());
    while let Some((before, comment)) = rest.split_once("/*") {
        kept.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, behind)| behind);
    }
    kept.push_str(rest);
    kept
}

/// A backslash stands before a character, or before up to six digits of its number and a blank.
fn unescaped(style: &str) -> Cow<'_, str> {
    if !style.contains('\\') {
        return style.into();
    }
    let mut plain = String::with_capacity(style.len());
    let mut characters = style.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\\' {
            plain.push(character);
            continue;
        }
        let mut number = 0;
        let mut digits = 0;
        while digits < 6
            && let Some(digit) = characters.peek().and_then(|next| next.to_digit(16))
        {
            number = number * 16 + digit;
            digits += 1;
            characters.next();
        }
        if digits == 0 {
            plain.extend(characters.next());
        } else {
            plain.extend(char::from_u32(number));
            _ = characters.next_if(char::is_ascii_whitespace);
        }
    }
    plain.into()
}
