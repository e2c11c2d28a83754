//! What a file holds, by its media type, and which types are not taken.

use super::FileSize;
use crate::message::InvalidValue;

/// The media type of a file in lower case, without parameters.
///
/// Its grammar is RFC 6838's. Parameters are read and dropped, since a recorder's `audio/webm;codecs=opus` is as good a type as any and nothing
/// here depends on them. Not taken are types that are no file's (`multipart/…`, or of a top level that is not registered) and programs for one
/// operating system: whoever wants to send those packs them. Nothing that is taken ever runs in a browser, because it is handed out as an
/// attachment, and what a browser could run under a neutral type besides ([`ContentType::served_as`]).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ContentType(Box<str>);

/// The top levels of types that a file may have.
const TOP_LEVELS: [&str; 8] = ["application", "audio", "font", "image", "message", "model", "text", "video"];

/// Programs.
const PROGRAMS: [&str; 11] = [
    "application/hta",
    "application/vnd.microsoft.portable-executable",
    "application/x-dosexec",
    "application/x-executable",
    "application/x-mach-binary",
    "application/x-ms-installer",
    "application/x-ms-shortcut",
    "application/x-msdos-program",
    "application/x-msdownload",
    "application/x-msi",
    "application/x-sharedlib",
];

/// What a browser runs when it shows it.
const ACTIVE: [&str; 12] = [
    "application/ecmascript",
    "application/javascript",
    "application/mathml+xml",
    "application/vnd.mozilla.xul+xml",
    "application/x-javascript",
    "application/x-shockwave-flash",
    "application/xml",
    "text/ecmascript",
    "text/html",
    "text/javascript",
    "text/xml",
    "text/xsl",
];

impl ContentType {
    /// The largest file that is looked into.
    pub const MAX_INSPECTED_BYTES: u64 = 100 * 1024 * 1024;
    /// The longest name on either side of the slash.
    const MAX_NAME_BYTES: usize = 127;
    /// The longest type with its parameters.
    const MAX_BYTES: usize = 512;
    /// What tells nobody anything.
    const NEUTRAL: &'static str = "application/octet-stream";

    /// Checks a type.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let malformed = InvalidValue::Refused("must be a media type such as image/png");
        if text.len() > Self::MAX_BYTES {
            return Err(InvalidValue::TooLong { limit: Self::MAX_BYTES, unit: "bytes" });
        }
        let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
        let essence = essence.trim_matches([' ', '\t']).to_ascii_lowercase();
        let (top_level, subtype) = essence.split_once('/').ok_or(malformed)?;
        if !is_name(top_level) || !is_name(subtype) || !are_parameters(parameters) {
            return Err(malformed);
        }
        if !TOP_LEVELS.contains(&top_level) {
            return Err(InvalidValue::Refused("must be the type of a file"));
        }
        if PROGRAMS.contains(&&*essence) {
            return Err(InvalidValue::Refused("must not be a program: pack it"));
        }
        Ok(Self(essence.into()))
    }

    /// Takes a type that was checked when it was stored.
    pub fn from_stored(text: &str) -> Self {
        Self(text.into())
    }

    /// What is said of files of which nothing is said.
    pub fn neutral() -> Self {
        Self(Self::NEUTRAL.into())
    }

    /// The type.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a picture's.
    pub fn is_image(&self) -> bool {
        self.0.starts_with("image/")
    }

    /// Whether it is a recording's. Browsers say `video/webm` of some that have no picture.
    pub fn is_audio(&self) -> bool {
        self.0.starts_with("audio/")
    }

    /// Whether it is a PDF's, under any of the names that it has had.
    pub fn is_pdf(&self) -> bool {
        let subtype = self.0.split_once('/').map(|(_, subtype)| subtype);
        subtype.is_some_and(|subtype| ["pdf", "x-pdf", "vnd.pdf", "acrobat", "x-acrobat"].contains(&subtype))
    }

    /// Whether what claims it is looked into before it is handed out: a picture, a recording or a PDF is that and nothing else.
    pub fn is_inspected(&self) -> bool {
        self.is_image() || self.is_audio() || self.is_pdf()
    }

    /// The largest file of it, in bytes. A picture and a PDF are looked into whole, or not taken; a longer recording is not looked into.
    pub fn max_bytes(&self) -> u64 {
        if self.is_image() || self.is_pdf() { Self::MAX_INSPECTED_BYTES } else { FileSize::MAX_BYTES }
    }

    /// The type under which it is handed out: a neutral one for what a browser would run if it showed it, as it never should.
    #[must_use]
    pub fn served_as(&self) -> Self {
        let is_active = ACTIVE.contains(&&*self.0) || self.0.ends_with("+xml");
        if is_active { Self::neutral() } else { self.clone() }
    }
}

/// RFC 6838's restricted name.
fn is_name(text: &str) -> bool {
    (1..=ContentType::MAX_NAME_BYTES).contains(&text.len())
        && text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
}

/// `name=value` after semicolons, the value a token or quoted.
fn are_parameters(text: &str) -> bool {
    let mut rest = text.trim_matches([' ', '\t', ';']);
    while !rest.is_empty() {
        let Some((name, value)) = rest.split_once('=') else { return false };
        if !is_token(name) {
            return false;
        }
        let after = if let Some(quoted) = value.strip_prefix('"') {
            let Some(end) = end_of_quoted(quoted) else { return false };
            quoted.get(end + 1..).unwrap_or_default()
        } else {
            let end = value.find([';', ' ', '\t']).unwrap_or(value.len());
            let (token, after) = value.split_at(end);
            if !is_token(token) {
                return false;
            }
            after
        };
        let after = after.trim_start_matches([' ', '\t']);
        if !after.is_empty() && !after.starts_with(';') {
            return false;
        }
        rest = after.trim_start_matches([' ', '\t', ';']);
    }
    true
}

/// RFC 9110's token.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Where a quoted text ends, behind its opening quote.
fn end_of_quoted(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some(at),
            b' '..=b'~' | b'\t' => {}
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_taken_is_taken_again(text in r"(image|text|x)/[a-z+.]{1,8}(;[ -~]{0,20})?") {
            if let Ok(kind) = ContentType::parse(&text) {
                prop_assert_eq!(ContentType::parse(kind.as_str()), Ok(kind.clone()));
                prop_assert!(!kind.as_str().contains(';'));
            }
        }
    }

    #[test]
    fn types_are_read_in_any_case_and_their_parameters_dropped() {
        for (text, kind) in [
            ("image/png", "image/png"),
            ("IMAGE/PNG", "image/png"),
            ("audio/webm;codecs=opus", "audio/webm"),
            ("text/plain; charset=\"utf-8\"; a=b", "text/plain"),
            ("text/plain;", "text/plain"),
            ("application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text"),
            ("video/mp4; codecs=\"avc1, mp4a\"", "video/mp4"),
            ("image/svg+xml", "image/svg+xml"),
        ] {
            assert_eq!(ContentType::parse(text).unwrap().as_str(), kind, "{text}");
        }
    }

    #[test]
    fn what_is_no_type_of_a_file_is_refused() {
        for text in [
            "",
            "image",
            "image/",
            "/png",
            "image/*",
            "*/*",
            "image/png/x",
            "image /png",
            "image/p ng",
            "image/png;x",
            "image/png; a=",
            "image/png; a=\"",
            "image/png\r\nx: y",
            "image/png;a=b\n",
            "multipart/form-data",
            "x/y",
            "application/x-msdownload",
            "Application/X-MSI",
            "bild/ä",
        ] {
            assert!(ContentType::parse(text).is_err(), "{text:?}");
        }
        assert!(ContentType::parse(&format!("image/{}", "x".repeat(128))).is_err());
        assert!(ContentType::parse(&format!("image/png;a={}", "x".repeat(600))).is_err());
    }

    #[test]
    fn what_a_browser_would_run_is_handed_out_as_mere_bytes() {
        for active in
            ["text/html", "image/svg+xml", "application/xhtml+xml", "text/javascript", "application/xml"]
        {
            assert_eq!(ContentType::parse(active).unwrap().served_as(), ContentType::neutral(), "{active}");
        }
        for inert in ["image/png", "application/pdf", "text/plain", "audio/ogg"] {
            assert_eq!(ContentType::parse(inert).unwrap().served_as().as_str(), inert);
        }
    }
}
