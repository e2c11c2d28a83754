//! Looks through an SVG, element by element, without building a document of it.
//!
//! Browsers run what they read before they stumble, so all that stands before a mistake is looked at too. Nothing is
//! expanded: a file that declares entities is refused, and `use` elements that multiply each other are left to the
//! reader, since browsers bound them.

mod elements;
mod links;
mod styles;

use std::borrow::Cow;

use quick_xml::events::{BytesDecl, BytesRef, BytesStart, BytesText, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::{NsReader, escape};

use parlance_domain::attachment::Reason;

const SVG: Namespace<'_> = Namespace(b"http://www.w3.org/2000/svg");

/// The encodings in which a file is read, and those in which one that has nothing but ASCII is the same.
const OF_ANY: &[&[u8]] = &[b"utf-8", b"utf8", b"us-ascii"];
const OF_ASCII: &[&[u8]] = &[b"utf-8", b"utf8", b"us-ascii", b"iso-8859-1", b"latin1", b"windows-1252"];

const MOST_EVENTS: usize = 5_000_000;
const MOST_ATTRIBUTES: usize = 5_000_000;
const DEEPEST: usize = 1000;

/// The attributes of one element.
const MOST_OF_ELEMENT: usize = 1000;

/// In force at one place: each element's name is searched among them.
const MOST_NAMESPACES: usize = 100;

/// The text of one style sheet, with the fonts in it.
const MOST_STYLE_BYTES: usize = 16 * 1024 * 1024;

/// Whether it is an SVG in which nothing runs, and which fetches nothing from elsewhere by itself.
pub fn check(bytes: &[u8]) -> Result<(), Reason> {
    let text = text(bytes)?;
    let mut reader = NsReader::from_str(text);
    reader.config_mut().check_comments = true;
    let encodings = if text.is_ascii() { OF_ASCII } else { OF_ANY };
    let mut document = Document { encodings, ..Document::default() };
    for _ in 0..MOST_EVENTS {
        let (namespace, event) = reader.read_resolved_event().map_err(|_| Reason::Damaged)?;
        match event {
            Event::Start(tag) => document.open(&namespace, &tag)?,
            Event::Empty(tag) => {
                document.open(&namespace, &tag)?;
                document.close()?;
            }
            Event::End(_) => document.close()?,
            Event::Text(text) => document.read_text(decoded(&text)?)?,
            Event::CData(text) => document.read_characters(decoded(&text)?)?,
            Event::GeneralRef(reference) => document.read_reference(&reference)?,
            Event::Decl(declaration) => document.declare(&declaration)?,
            Event::DocType(kind) => document.read_kind(&kind)?,
            Event::PI(instruction) => check_instruction(instruction.target())?,
            Event::Comment(_) => {}
            Event::Eof => return document.end(),
        }
        document.is_begun = true;
    }
    Err(Reason::Bomb)
}

/// The file as text, without its mark; characters that XML does not have are refused.
fn text(bytes: &[u8]) -> Result<&str, Reason> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let is_control = |byte: &u8| *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    match str::from_utf8(bytes) {
        Ok(text) if !bytes.iter().any(is_control) => Ok(text),
        _ => Err(Reason::Damaged),
    }
}

fn decoded(bytes: &[u8]) -> Result<&str, Reason> {
    str::from_utf8(bytes).map_err(|_| Reason::Damaged)
}

/// A style sheet may hold anything, and a server may take a file for a program.
fn check_instruction(target: &[u8]) -> Result<(), Reason> {
    if target.eq_ignore_ascii_case(b"xml") {
        return Err(Reason::Damaged);
    }
    let runs = [&b"xml-stylesheet"[..], b"php", b"="].iter().any(|name| target.eq_ignore_ascii_case(name));
    if runs { Err(Reason::Script) } else { Ok(()) }
}

/// How far the document is read.
#[derive(Debug, Default)]
struct Document {
    /// Which encodings it may name, in small letters.
    encodings: &'static [&'static [u8]],
    is_begun: bool,
    has_kind: bool,
    has_root: bool,
    /// How many there were so far.
    attributes: usize,
    /// How many namespaces each open element declares, and all together.
    open: Vec<usize>,
    namespaces: usize,
    /// The text of the style sheet that is open.
    style: Option<String>,
}

impl Document {
    fn open(&mut self, namespace: &ResolveResult<'_>, tag: &BytesStart<'_>) -> Result<(), Reason> {
        let name = tag.local_name();
        let name = small(decoded(name.as_ref())?);
        if self.open.is_empty() {
            let is_svg = *namespace == ResolveResult::Bound(SVG) || *namespace == ResolveResult::Unbound;
            match (self.has_root, is_svg && tag.local_name().as_ref() == b"svg") {
                (true, _) => return Err(Reason::Damaged),
                (false, false) => return Err(Reason::Disguised),
                (false, true) => self.has_root = true,
            }
        }
        // A style sheet holds text and nothing else, or readers would differ about what it says.
        if self.style.is_some() {
            return Err(Reason::Damaged);
        }
        elements::check(namespace, &name)?;
        let declared = self.check_attributes(&name, tag)?;
        self.namespaces += declared;
        self.open.push(declared);
        if self.open.len() > DEEPEST || self.namespaces > MOST_NAMESPACES {
            return Err(Reason::Bomb);
        }
        if name == "style" {
            self.style = Some(String::new());
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Reason> {
        self.namespaces -= self.open.pop().ok_or(Reason::Damaged)?;
        self.style.take().map_or(Ok(()), |style| styles::check(&style))
    }

    fn read_text(&mut self, text: &str) -> Result<(), Reason> {
        let is_blank = text.bytes().all(|byte| byte.is_ascii_whitespace());
        if is_blank && self.open.is_empty() { Ok(()) } else { self.read_characters(text) }
    }

    fn read_characters(&mut self, text: &str) -> Result<(), Reason> {
        if self.open.is_empty() {
            return Err(Reason::Damaged);
        }
        if let Some(style) = &mut self.style {
            if style.len() + text.len() > MOST_STYLE_BYTES {
                return Err(Reason::Damaged);
            }
            style.push_str(text);
        }
        Ok(())
    }

    /// A character by its number, or one of the five that XML names.
    fn read_reference(&mut self, reference: &BytesRef<'_>) -> Result<(), Reason> {
        if let Some(character) = reference.resolve_char_ref().map_err(|_| Reason::Damaged)? {
            return self.read_characters(character.encode_utf8(&mut [0; 4]));
        }
        let text = escape::resolve_predefined_entity(decoded(reference)?).ok_or(Reason::Damaged)?;
        self.read_characters(text)
    }

    fn declare(&mut self, declaration: &BytesDecl<'_>) -> Result<(), Reason> {
        let is_first = !self.is_begun;
        let is_known = declaration.version().is_ok_and(|version| version.as_ref() == b"1.0");
        let is_read = match declaration.encoding() {
            None => true,
            Some(Ok(name)) => self.encodings.iter().any(|known| name.eq_ignore_ascii_case(known)),
            Some(Err(_)) => false,
        };
        if is_first && is_known && is_read { Ok(()) } else { Err(Reason::Damaged) }
    }

    /// Entities could stand for anything, whether they are declared here or elsewhere.
    fn read_kind(&mut self, kind: &BytesText<'_>) -> Result<(), Reason> {
        let kind = decoded(kind)?;
        if kind.contains('[') {
            return Err(Reason::Script);
        }
        if self.has_kind || self.has_root || kind.contains(['<', '>']) {
            return Err(Reason::Damaged);
        }
        self.has_kind = true;
        match definition(kind) {
            Some(address) if !is_standard(address) => Err(Reason::Script),
            None if kind.contains(['"', '\'']) => Err(Reason::Damaged),
            _ => Ok(()),
        }
    }

    /// Looks at each attribute; returns how many of them declare a namespace.
    fn check_attributes(&mut self, element: &str, tag: &BytesStart<'_>) -> Result<usize, Reason> {
        let mut names = Vec::new();
        let mut namespaces = 0;
        // Its own check for repeated names takes the square of their number.
        for attribute in tag.attributes().with_checks(false) {
            let attribute = attribute.map_err(|_| Reason::Damaged)?;
            self.attributes += 1;
            if self.attributes > MOST_ATTRIBUTES || names.len() >= MOST_OF_ELEMENT {
                return Err(Reason::Bomb);
            }
            names.push(attribute.key.into_inner());
            let value = unescaped(&attribute.value)?;
            if attribute.key.as_namespace_binding().is_some() {
                namespaces += 1;
            } else {
                let name = attribute.key.local_name();
                elements::check_attribute(element, &small(decoded(name.as_ref())?), &value)?;
            }
        }
        names.sort_unstable();
        let is_repeated = names.windows(2).any(|pair| pair.first() == pair.last());
        if is_repeated { Err(Reason::Damaged) } else { Ok(namespaces) }
    }

    fn end(self) -> Result<(), Reason> {
        if self.has_root && self.open.is_empty() { Ok(()) } else { Err(Reason::Damaged) }
    }
}

/// Where the definition of the document's kind lies, if it is elsewhere: the last thing between quotes.
fn definition(kind: &str) -> Option<&str> {
    let kind = kind.trim_end();
    let inner = kind.strip_suffix(['"', '\''])?;
    let quote = kind.get(inner.len()..)?;
    inner.rsplit_once(quote).map(|(_, address)| address)
}

/// Readers know what lies there without fetching it.
fn is_standard(address: &str) -> bool {
    ["http://www.w3.org/", "https://www.w3.org/"].iter().any(|place| address.starts_with(place))
}

fn unescaped(value: &[u8]) -> Result<Cow<'_, str>, Reason> {
    if memchr::memchr(b'<', value).is_some() {
        return Err(Reason::Damaged);
    }
    let value = decoded(value)?;
    if !value.contains('&') {
        return Ok(value.into());
    }
    escape::unescape(value).map_err(|_| Reason::Damaged)
}

/// A name in small letters, as nearly all are.
fn small(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        name.to_ascii_lowercase().into()
    } else {
        name.into()
    }
}

#[cfg(test)]
mod tests;
