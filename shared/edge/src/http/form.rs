//! `multipart/form-data` as browsers send it: some texts and one file.

use std::convert::Infallible;

use bytes::Bytes;
use futures::stream;
use multer::{Constraints, Multipart, SizeLimit};
use parlance_domain::attachment::Upload;
use parlance_protocol::{error_code::ErrorCode, problem::Problem};

/// The most fields that a form has.
const MAX_FIELDS: usize = 20;
/// The largest text in one of them, in bytes.
const MAX_TEXT_BYTES: usize = 4 * 1024;
/// How much a form may have beside its file: the texts, and what stands between.
const BESIDE_BYTES: u64 = 64 * 1024;

/// A form with at most one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileForm {
    /// Its texts, by their names.
    pub texts: Vec<(String, String)>,
    /// Its file, whatever its field is called.
    pub file: Option<FormFile>,
}

/// A file in a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormFile {
    /// What it is called, or which way leads to it: old browsers say so.
    pub name: String,
    /// What the browser takes it for.
    pub content_type: Option<String>,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl FileForm {
    /// A text of this name.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    /// Reads a form.
    pub(super) async fn read(media_type: &str, body: &[u8]) -> Result<Self, Problem> {
        let unreadable = || Problem::malformed("the form cannot be read");
        let boundary = boundary(media_type).ok_or_else(unreadable)?;
        let whole = Upload::MAX_DIRECT_BYTES + BESIDE_BYTES;
        if u64::try_from(body.len()).unwrap_or(u64::MAX) > whole {
            return Err(too_large());
        }
        let limits = SizeLimit::new().whole_stream(whole).per_field(Upload::MAX_DIRECT_BYTES);
        let body = Bytes::copy_from_slice(body);
        let body = stream::once(async move { Ok::<_, Infallible>(body) });
        let mut fields = Multipart::with_constraints(body, boundary, Constraints::new().size_limit(limits));
        let mut form = Self::default();
        let mut count = 0;
        while let Some(field) = fields.next_field().await.map_err(|error| refused(&error))? {
            count += 1;
            if count > MAX_FIELDS {
                return Err(Problem::invalid("", format!("at most {MAX_FIELDS} fields")));
            }
            let field_name = field.name().unwrap_or_default().to_owned();
            let content_type = field.content_type().map(ToString::to_string);
            let Some(name) = field.file_name().map(str::to_owned) else {
                let text = field.text().await.map_err(|error| refused(&error))?;
                if text.len() > MAX_TEXT_BYTES {
                    return Err(Problem::invalid(
                        format!("/{field_name}"),
                        format!("at most {MAX_TEXT_BYTES} bytes"),
                    ));
                }
                form.texts.push((field_name, text));
                continue;
            };
            let bytes = field.bytes().await.map_err(|error| refused(&error))?;
            // A browser sends a nameless, empty file where none was chosen.
            if name.is_empty() && bytes.is_empty() {
                continue;
            }
            let file = FormFile { name, content_type, bytes: bytes.to_vec() };
            if form.file.replace(file).is_some() {
                return Err(Problem::invalid(format!("/{field_name}"), "one file at a time"));
            }
        }
        Ok(form)
    }
}

/// The boundary of a form.
pub(super) fn boundary(media_type: &str) -> Option<String> {
    multer::parse_boundary(media_type).ok()
}

/// What stands between the boundaries.
pub(super) fn parts<'a>(body: &'a [u8], boundary: &str) -> impl Iterator<Item = &'a [u8]> {
    let boundary = boundary.as_bytes().to_vec();
    let mut rest = Some(body);
    std::iter::from_fn(move || {
        let body = rest?;
        let at = body.windows(boundary.len().max(1)).position(|window| window == boundary);
        let (part, after) = match at {
            Some(at) => (body.get(..at), body.get(at + boundary.len()..)),
            None => (Some(body), None),
        };
        rest = after;
        part
    })
}

fn refused(error: &multer::Error) -> Problem {
    match error {
        multer::Error::FieldSizeExceeded { .. } | multer::Error::StreamSizeExceeded { .. } => too_large(),
        _ => Problem::malformed("the form cannot be read"),
    }
}

fn too_large() -> Problem {
    let limit = Upload::MAX_DIRECT_BYTES;
    Problem::new(
        ErrorCode::TooLarge,
        format!("a file in a form has at most {limit} bytes; announce larger ones"),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=X";

    fn read(body: &[u8]) -> Result<FileForm, Problem> {
        futures::executor::block_on(FileForm::read(TYPE, body))
    }

    fn file(name: &str, bytes: &str) -> String {
        format!(
            "--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/plain\r\n\r\n{bytes}\r\n"
        )
    }

    fn text(name: &str, value: &str) -> String {
        format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..300), text in ".{0,40}") {
            let _ = read(&body);
            let _ = read(format!("--X\r\n{text}\r\n\r\n{text}\r\n--X--").as_bytes());
            let _ = boundary(&text);
        }

        #[test]
        fn the_parts_of_a_body_are_the_body(pieces in proptest::collection::vec("[a-z\r\n-]{0,9}", 1..6)) {
            let body = pieces.join("X");
            let parts: Vec<&[u8]> = parts(body.as_bytes(), "X").collect();
            prop_assert_eq!(parts, pieces.iter().map(String::as_bytes).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_form_has_its_texts_and_its_file() {
        let body = format!("{}{}--X--\r\n", text("sha256", "ab"), file("Ä.txt", "hello\r\n--Y"));
        let form = read(body.as_bytes()).unwrap();
        assert_eq!((form.text("sha256"), form.text("other")), (Some("ab"), None));
        let file = form.file.unwrap();
        assert_eq!((file.name.as_str(), file.content_type.as_deref()), ("Ä.txt", Some("text/plain")));
        assert_eq!(file.bytes, b"hello\r\n--Y");
    }

    #[test]
    fn what_is_no_form_with_one_file_is_refused() {
        let one = file("a", "x");
        let code = |body: &str| read(body.as_bytes()).unwrap_err().code;
        assert_eq!(code(&format!("{one}{one}--X--")), ErrorCode::ValidationFailed);
        assert_eq!(code(&format!("{}--X--", text("a", "b").repeat(21))), ErrorCode::ValidationFailed);
        assert_eq!(code(&format!("{}--X--", text("a", &"b".repeat(5_000)))), ErrorCode::ValidationFailed);
        assert_eq!(code(&one), ErrorCode::Malformed, "it ends in the middle");
        assert_eq!(code("nonsense"), ErrorCode::Malformed);
        assert_eq!(
            code(&format!("{}--X--", file("a", &"x".repeat(4 * 1024 * 1024 + 1)))),
            ErrorCode::TooLarge
        );
        assert!(read(format!("{}--X--", file("a", &"x".repeat(4 * 1024 * 1024))).as_bytes()).is_ok());
        assert_eq!(read(format!("{}--X--", file("", "")).as_bytes()).unwrap().file, None, "none was chosen");
        let other = futures::executor::block_on(FileForm::read("multipart/form-data", b"--X--"));
        assert_eq!(other.unwrap_err().code, ErrorCode::Malformed, "no boundary");
    }
}
