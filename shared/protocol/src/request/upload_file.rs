//! `POST /api/messaging/attachments/` as a form: what its texts say of the file that comes with them.

use parlance_domain::attachment::{ContentType, FileName, Sha256Digest};

use super::begin_upload::{CONTENT_TYPE, SHA256, content_type, content_type_shape, sha256, sha256_shape};
use crate::{
    fields::{self, Fields, Object},
    problem::Problem,
    spec::shape::Shape,
};

/// What a form says of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadFile {
    /// What it is called.
    pub name: FileName,
    /// What it holds.
    pub content_type: ContentType,
    /// The digest that its bytes have to have.
    pub sha256: Option<Sha256Digest>,
}

impl UploadFile {
    /// Reads the texts; where they do not say it, the file's own name and type count.
    pub fn parse(texts: &Object) -> Result<Self, Problem> {
        let mut fields = Fields::of(texts);
        let name = fields.required("filename", |value| {
            FileName::parse_last_part(fields::text(value)?).map_err(|invalid| invalid.to_string())
        });
        let content_type = fields.optional("content_type", content_type);
        let content_type = content_type.unwrap_or_else(ContentType::neutral);
        let sha256 = fields.optional("sha256", sha256);
        fields.finish(name.map(|name| Self { name, content_type, sha256 }))
    }

    /// The whole form.
    pub fn form_shape() -> Shape {
        Shape::object()
            .required("file", "The file, of at most 4 MiB. Its field may have any name.", Shape::file())
            .optional(
                "filename",
                "What it is called; without it, as the file says. Of a path the last part counts.",
                Shape::line(FileName::MAX_CHARS),
            )
            .optional("content_type", CONTENT_TYPE, content_type_shape())
            .optional("sha256", SHA256, sha256_shape())
    }
}
