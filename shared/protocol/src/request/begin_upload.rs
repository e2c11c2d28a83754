//! `POST /api/messaging/attachments/`: a file that a client is about to upload.

use parlance_domain::attachment::{
    ContentType, FileDescription, FileName, FileSize, InvalidSize, Sha256Digest,
};
use serde_json::Value;

use crate::{
    error_code::ErrorCode,
    fields::{self, Fields, Object},
    problem::Problem,
    spec::shape::Shape,
};

/// What a client says of a file in one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeginUpload {
    /// The file.
    pub file: FileDescription,
}

impl BeginUpload {
    /// Reads the body.
    pub fn parse(body: &Object) -> Result<Self, Problem> {
        let mut fields = Fields::of(body);
        let name = fields.required("filename", |value| {
            FileName::parse(fields::text(value)?).map_err(|invalid| invalid.to_string())
        });
        let content_type = fields.required("content_type", content_type);
        let size = fields.required("size", fields::number).map(FileSize::new);
        if let Some(Err(empty @ InvalidSize::Empty)) = size {
            fields.refuse("size", empty.to_string());
        }
        let sha256 = fields.optional("sha256", sha256);
        let largest = content_type.as_ref().map_or(FileSize::MAX_BYTES, ContentType::max_bytes);
        let is_too_large = match size {
            Some(Ok(size)) => size.bytes() > largest,
            Some(Err(InvalidSize::TooLarge)) => true,
            _ => false,
        };
        let size = size.and_then(|size| size.or_else(|_| FileSize::new(FileSize::MAX_BYTES)).ok());
        let file = name.zip(content_type).zip(size);
        let file =
            file.map(|((name, content_type), size)| FileDescription { name, content_type, size, sha256 });
        let begin = fields.finish(file.map(|file| Self { file }))?;
        if is_too_large {
            let detail = format!("a file of this type has at most {largest} bytes");
            return Err(Problem::new(ErrorCode::TooLarge, detail));
        }
        Ok(begin)
    }

    /// What [`Self::parse`] takes.
    pub fn shape() -> Shape {
        Shape::object()
            .required(
                "filename",
                "What the file is called: without a path, and without control, line and direction characters.",
                Shape::line(FileName::MAX_CHARS),
            )
            .required("content_type", CONTENT_TYPE, content_type_shape())
            .required("size", "How many bytes it has; larger files are `too_large`, and so are pictures and PDFs of more than 100 MiB.", Shape::range(1, FileSize::MAX_BYTES))
            .optional("sha256", SHA256, sha256_shape())
    }
}

/// What a type is, in the specifications.
pub(super) const CONTENT_TYPE: &str =
    "What the file holds: a media type, whose parameters are dropped. Programs are not taken.";
/// What a digest is, in the specifications.
pub(super) const SHA256: &str = "The SHA-256 of its bytes in hexadecimal digits, to which the upload is held. Of a file in parts each part is held to its own instead.";

/// Reads a media type.
pub(super) fn content_type(value: &Value) -> Result<ContentType, String> {
    ContentType::parse(fields::text(value)?).map_err(|invalid| invalid.to_string())
}

/// Reads a digest.
pub(super) fn sha256(value: &Value) -> Result<Sha256Digest, String> {
    Sha256Digest::parse(fields::text(value)?).ok_or_else(|| "must be 64 hexadecimal digits".to_owned())
}

/// What [`content_type`] takes.
pub(super) fn content_type_shape() -> Shape {
    Shape::text(512).matching("^[ \\t]*[A-Za-z]+/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}[ \\t]*(;.*)?$")
}

/// What [`sha256`] takes.
pub(super) fn sha256_shape() -> Shape {
    Shape::any_text().matching("^[0-9A-Fa-f]{64}$")
}
