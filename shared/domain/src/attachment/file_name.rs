//! What a file is called: a name that people read, and never a path.

use std::fmt::Write as _;

use crate::message::InvalidValue;

/// The name of a file: 1 to 255 characters without path, control, line and direction characters, and without spaces at its ends.
///
/// Spaces at the ends are taken away, since no file system agrees with another about it. Everything else is kept as it was sent or refused:
/// a name that is silently another one is found by nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName(Box<str>);

impl FileName {
    /// The longest name in characters.
    pub const MAX_CHARS: usize = 255;

    /// Checks a name.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let name = text.trim_matches(' ');
        if name.chars().count() > Self::MAX_CHARS {
            return Err(InvalidValue::TooLong { limit: Self::MAX_CHARS, unit: "characters" });
        }
        if name.trim().is_empty() {
            return Err(InvalidValue::Refused("must not be blank"));
        }
        if name.contains(['/', '\\']) || name == "." || name == ".." {
            return Err(InvalidValue::Refused("must be a name without a path"));
        }
        if name.chars().any(misleads) {
            return Err(InvalidValue::Refused("must not contain control, line or direction characters"));
        }
        Ok(Self(name.into()))
    }

    /// Checks a name as a browser's form has it: old ones send the whole path, of which the last part is the name.
    pub fn parse_last_part(path: &str) -> Result<Self, InvalidValue> {
        Self::parse(path.rsplit(['/', '\\']).next().unwrap_or_default())
    }

    /// Takes a name that was checked when it was stored.
    pub fn from_stored(text: &str) -> Self {
        Self(text.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The `Content-Disposition` that has it saved under this name and never shown in the page: RFC 6266, for old readers in ASCII and for others
    /// whole.
    pub fn disposition(&self) -> String {
        let ascii: String = self.0.chars().map(plain).collect();
        format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{}", self.encoded())
    }

    /// Percent-encoded: as RFC 5987 has it, and fit for one segment of a path.
    pub fn encoded(&self) -> String {
        let mut encoded = String::with_capacity(self.0.len());
        for byte in self.0.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                encoded.push(char::from(byte));
            } else {
                // Writing to a String does not fail.
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
        encoded
    }
}

/// What makes a name look like another one, or breaks the line that it stands in.
fn misleads(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

fn plain(letter: char) -> char {
    if matches!(letter, ' '..='~') && !matches!(letter, '"' | '\\' | '%') { letter } else { '_' }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_taken_is_taken_again_and_fits_a_header(text in ".{0,300}") {
            if let Ok(name) = FileName::parse(&text) {
                prop_assert_eq!(FileName::parse(name.as_str()), Ok(name.clone()));
                prop_assert_eq!(name.as_str(), text.trim_matches(' '));
                prop_assert!(name.disposition().bytes().all(|byte| (b' '..=b'~').contains(&byte)));
                prop_assert_eq!(name.disposition().matches('"').count(), 2);
            }
        }
    }

    #[test]
    fn ordinary_names_are_kept_letter_for_letter() {
        for name in [
            "a",
            "Bericht 2026 (final).pdf",
            "фото.jpg",
            "写真.png",
            "👩‍👩‍👧.gif",
            ".profile",
            "a..b",
            "e\u{301}.txt",
        ] {
            assert_eq!(FileName::parse(name).unwrap().as_str(), name);
        }
        assert_eq!(FileName::parse(" a.txt ").unwrap().as_str(), "a.txt");
        assert!(FileName::parse(&"ä".repeat(255)).is_ok());
    }

    #[test]
    fn paths_and_letters_that_mislead_are_refused() {
        for name in [
            "",
            "  ",
            ".",
            "..",
            "../x",
            "a/b",
            "a\\b",
            "C:\\x",
            "a\0b",
            "a\nb",
            "a.txt\n",
            "\ta.txt",
            "a.txt\u{2028}",
            "a\u{7f}",
            "gpj.\u{202e}exe",
            "a\u{2067}b",
            "a\u{200f}b",
            "a\u{2028}b",
        ] {
            assert!(FileName::parse(name).is_err(), "{name:?}");
        }
        assert!(FileName::parse(&"a".repeat(256)).is_err());
        assert!(FileName::parse(&"a".repeat(1000)).is_err());
    }

    #[test]
    fn a_form_that_sends_the_whole_path_is_understood() {
        for path in ["C:\\fakepath\\a.txt", "/home/me/a.txt", "a.txt"] {
            assert_eq!(FileName::parse_last_part(path).unwrap().as_str(), "a.txt");
        }
        for path in ["C:\\", "a/..", "a/\u{202e}b"] {
            assert!(FileName::parse_last_part(path).is_err(), "{path:?}");
        }
    }

    #[test]
    fn a_disposition_names_the_file_for_old_and_new_readers() {
        let name = FileName::parse("Ärger \"50%\".txt").unwrap();
        assert_eq!(
            name.disposition(),
            "attachment; filename=\"_rger _50__.txt\"; filename*=UTF-8''%C3%84rger%20%2250%25%22.txt"
        );
    }
}
