//! Walks over all that a reader could take for an object, and looks into those that hold others.

use memchr::memmem;

use super::lexer::{Bracket, Lexer, Token};
use super::names::{self, Search};
use super::packed::{Filter, Unpacker};
use parlance_domain::attachment::Reason;

/// Deeper than objects go in honest files.
const DEEPEST: usize = 500;

/// More than the largest documents have, of a hundred objects each.
const MOST_STREAMS: usize = 100_000;

/// How much work a short file may cause beyond its size.
const FREE_BYTES: usize = 64 * 1024;

/// Looks at each object; searches what is packed with `names`.
pub(super) fn check(bytes: &[u8], names: &mut Search) -> Result<(), Reason> {
    let mut walk = Walk {
        names,
        unpacker: Unpacker::new(bytes.len() + FREE_BYTES),
        left_bytes: bytes.len() + FREE_BYTES,
        streams: 0,
        is_encrypted: false,
        searched_bytes: 0,
        failure: None,
    };
    for at in memmem::find_iter(bytes, b"obj") {
        if !bytes.get(..at).is_some_and(|before| before.ends_with(b"end")) {
            walk.look_at(bytes.get(at + 3..).unwrap_or_default())?;
        }
    }
    for at in memmem::find_iter(bytes, b"trailer") {
        walk.look_at(bytes.get(at + 7..).unwrap_or_default())?;
    }
    match walk.failure {
        _ if walk.is_encrypted && walk.streams > 0 => Err(Reason::Encrypted),
        Some(failure) => Err(failure),
        None => Ok(()),
    }
}

struct Walk<'s> {
    names: &'s mut Search,
    unpacker: Unpacker,
    /// How many bytes may still be read. Objects do not overlap, so honest ones are read once.
    left_bytes: usize,
    /// How many object streams there were.
    streams: usize,
    is_encrypted: bool,
    /// How much of the file's end was searched as an object stream that is not packed.
    searched_bytes: usize,
    /// What could not be looked into; the search goes on, since a script weighs more.
    failure: Option<Reason>,
}

/// What an object says about itself.
#[derive(Debug, Default)]
struct Facts<'a> {
    holds_runner: bool,
    holds_objects: bool,
    is_encrypted: bool,
    filter: Filter,
    /// Where its stream begins, if it has one.
    stream: Option<&'a [u8]>,
}

impl Walk<'_> {
    /// Looks at what stands behind `obj` or `trailer`.
    fn look_at(&mut self, bytes: &[u8]) -> Result<(), Reason> {
        let mut lexer = Lexer::new(bytes);
        let facts = read(&mut lexer);
        let length = bytes.len() - lexer.rest().len();
        self.left_bytes = self.left_bytes.checked_sub(length).ok_or(Reason::Bomb)?;
        if facts.holds_runner {
            return Err(Reason::Script);
        }
        self.is_encrypted |= facts.is_encrypted;
        match facts.stream {
            Some(data) if facts.holds_objects => self.look_into(data, facts.filter),
            _ => Ok(()),
        }
    }

    /// Looks into an object stream.
    fn look_into(&mut self, data: &[u8], filter: Filter) -> Result<(), Reason> {
        self.streams += 1;
        if self.streams > MOST_STREAMS {
            return Err(Reason::Bomb);
        }
        match filter {
            // Where it ends is a matter of opinion, so all that follows is searched, but nothing twice.
            Filter::None => {
                let new = data.len().saturating_sub(self.searched_bytes);
                self.searched_bytes = self.searched_bytes.max(data.len());
                let text = data.get(..new + names::MOST_BYTES).unwrap_or(data);
                if new > 0 && self.names.finds_runner(text, names::SHORT) {
                    return Err(Reason::Script);
                }
            }
            Filter::Flate => {
                let (text, result) = self.unpacker.inflate(data);
                if self.names.finds_runner(text, names::SHORT) {
                    return Err(Reason::Script);
                }
                match result {
                    Err(Reason::Bomb) => return Err(Reason::Bomb),
                    Err(failure) => _ = self.failure.get_or_insert(failure),
                    Ok(()) => {}
                }
            }
            Filter::Other => _ = self.failure.get_or_insert(Reason::Damaged),
        }
        Ok(())
    }
}

/// Reads an object. If its brackets do not match, readers differ about its end: then it goes on until the next one.
fn read<'a>(lexer: &mut Lexer<'a>) -> Facts<'a> {
    let mut facts = Facts::default();
    let mut open: Vec<Bracket> = Vec::new();
    let mut is_uneven = false;
    match lexer.next() {
        Some(Token::Open(bracket)) => open.push(bracket),
        _ => return facts,
    }
    while is_uneven || !open.is_empty() {
        match lexer.next() {
            Some(Token::Open(bracket)) if !is_uneven => {
                is_uneven = open.len() >= DEEPEST;
                open.push(bracket);
            }
            Some(Token::Close(bracket)) if !is_uneven => is_uneven = open.pop() != Some(bracket),
            Some(Token::Name(name)) => read_name(name, lexer, &mut facts),
            Some(Token::Word(b"endobj")) if is_uneven => return facts,
            Some(Token::Word(b"stream")) if is_uneven => {
                facts.stream = Some(behind_line(lexer.rest()));
                return facts;
            }
            Some(_) => {}
            None => return facts,
        }
    }
    let mut ahead = lexer.clone();
    if ahead.next() == Some(Token::Word(b"stream")) {
        facts.stream = Some(behind_line(ahead.rest()));
    }
    *lexer = ahead;
    facts
}

fn read_name(name: &[u8], lexer: &mut Lexer<'_>, facts: &mut Facts<'_>) {
    let is = |word: &[u8]| names::is(name, word);
    match name.first() {
        Some(b'J' | b'X' | b'#') if names::SHORT.iter().any(|word| is(word)) => facts.holds_runner = true,
        Some(b'E' | b'#') if is(b"Encrypt") => facts.is_encrypted = true,
        // Readers look for where the first object is, and do not all mind the type.
        Some(b'O' | b'F' | b'#') if is(b"ObjStm") || is(b"First") => facts.holds_objects = true,
        Some(b'F' | b'#') if is(b"Filter") => facts.filter = facts.filter.and(read_filter(lexer)),
        // A file elsewhere, or a filter by its short name, which nobody writes here.
        Some(b'F' | b'#') if is(b"F") || is(b"FFilter") => facts.filter = Filter::Other,
        Some(b'P' | b'#') if is(b"Predictor") && lexer.clone().next() != Some(Token::Word(b"1")) => {
            facts.filter = Filter::Other;
        }
        _ => {}
    }
}

/// Reads the value of `/Filter`, unless it is none: a name, or an array of at most one.
fn read_filter(lexer: &Lexer<'_>) -> Filter {
    let mut ahead = lexer.clone();
    match ahead.next() {
        Some(Token::Name(name)) => Filter::of_name(name),
        Some(Token::Word(b"null")) => Filter::None,
        Some(Token::Open(Bracket::Array)) => match (ahead.next(), ahead.next()) {
            (Some(Token::Name(name)), Some(Token::Close(Bracket::Array))) => Filter::of_name(name),
            (Some(Token::Close(Bracket::Array)), _) => Filter::None,
            _ => Filter::Other,
        },
        _ => Filter::Other,
    }
}

/// The data of a stream begins on the line behind the keyword.
fn behind_line(bytes: &[u8]) -> &[u8] {
    let blanks = bytes.iter().take(FREE_BYTES).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let rest = bytes.get(blanks..).unwrap_or_default();
    let behind_return = rest.strip_prefix(b"\r").unwrap_or(rest);
    behind_return.strip_prefix(b"\n").unwrap_or(behind_return)
}
