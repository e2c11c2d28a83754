//! The words of which a PDF's objects are made.

use memchr::{memchr, memchr2};

/// One word of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Open(Bracket),
    Close(Bracket),
    /// As it is written, without its slash.
    Name(&'a [u8]),
    /// A string of either kind.
    Text,
    /// A number or a keyword.
    Word(&'a [u8]),
}

/// What holds other objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bracket {
    Dictionary,
    Array,
}

/// Reads word after word, until the end of the file.
#[derive(Debug, Clone)]
pub(super) struct Lexer<'a> {
    rest: &'a [u8],
}

impl<'a> Lexer<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What was not read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn skip(&mut self, length: usize) {
        self.rest = self.rest.get(length..).unwrap_or_default();
    }

    /// Splits off the regular characters.
    fn regular(&mut self) -> &'a [u8] {
        let length = self.rest.iter().position(|byte| !is_regular(*byte)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, b""));
        self.rest = rest;
        word
    }

    /// Parentheses nest, unless a backslash stands before them.
    fn skip_string(&mut self) {
        let mut depth = 1_usize;
        let mut bytes = self.rest.iter();
        while depth > 0 {
            match bytes.next() {
                Some(b'(') => depth += 1,
                Some(b')') => depth -= 1,
                Some(b'\\') => _ = bytes.next(),
                Some(_) => {}
                None => break,
            }
        }
        self.rest = bytes.as_slice();
    }

    /// Skips until one of the bytes, and it as well.
    fn skip_behind(&mut self, found: Option<usize>) {
        self.skip(found.map_or(self.rest.len(), |at| at + 1));
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let (length, token) = match self.rest {
                [] => return None,
                [b'<', b'<', ..] => (2, Token::Open(Bracket::Dictionary)),
                [b'>', b'>', ..] => (2, Token::Close(Bracket::Dictionary)),
                [b'[', ..] => (1, Token::Open(Bracket::Array)),
                [b']', ..] => (1, Token::Close(Bracket::Array)),
                [b'(', ..] => {
                    self.skip(1);
                    self.skip_string();
                    return Some(Token::Text);
                }
                [b'<', ..] => {
                    self.skip_behind(memchr(b'>', self.rest));
                    return Some(Token::Text);
                }
                [b'%', ..] => {
                    self.skip_behind(memchr2(b'\r', b'\n', self.rest));
                    continue;
                }
                [b'/', ..] => {
                    self.skip(1);
                    return Some(Token::Name(self.regular()));
                }
                [first, ..] if is_regular(*first) => return Some(Token::Word(self.regular())),
                _ => {
                    self.skip(1);
                    continue;
                }
            };
            self.skip(length);
            return Some(token);
        }
    }
}

/// Two bytes more than the standard has, since some readers take them for it.
pub(super) fn is_white(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ' | 0x80 | 0xff)
}

/// Whether a name or a word goes on with it.
pub(super) fn is_regular(byte: u8) -> bool {
    !is_white(byte) && !matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}
