//! `POST /api/messaging/attachments` → 201: a file that is announced, with how to upload it; or a small one, which came in a form.

use async_trait::async_trait;
use parlance_application::{
    attachments::{
        begin::{BeginUpload, NewUpload},
        upload::{SmallFile, UploadFile},
    },
    limits::rates::RateClass,
};
use parlance_edge::{
    Refusal,
    http::{FileForm, HttpRoute, Reply, Request},
};
use parlance_protocol::{
    fields::Object,
    problem::Problem,
    request::{begin_upload, upload_file},
};

use super::shown;

/// Takes announcements and small files.
pub struct AttachmentBegin {
    begin: BeginUpload,
    upload: UploadFile,
}

impl AttachmentBegin {
    /// Takes them by these use cases.
    pub const fn new(begin: BeginUpload, upload: UploadFile) -> Self {
        Self { begin, upload }
    }

    async fn announced(&self, request: Request) -> Result<Reply, Refusal> {
        let asked = begin_upload::BeginUpload::parse(&request.parts.json()?)?;
        let new = NewUpload { file: asked.file, seed: request.seed() };
        let begun = self.begin.execute(&request.caller.user, new).await?;
        let location = format!("/api/messaging/attachments/{}/", begun.attachment.id);
        Ok(Reply::created(&shown(&begun.attachment, begun.plan))?.at(location))
    }

    async fn uploaded(&self, request: Request) -> Result<Reply, Refusal> {
        let form = request.parts.form().await?;
        let described = upload_file::UploadFile::parse(&texts(&form))?;
        let file = form.file.ok_or_else(|| Problem::invalid("/file", "is required"))?;
        let file = SmallFile {
            name: described.name,
            content_type: described.content_type,
            bytes: file.bytes,
            sha256: described.sha256,
            seed: request.seed(),
        };
        let attachment = self.upload.execute(&request.caller.user, file).await?;
        let location = format!("/api/messaging/attachments/{}/", attachment.id);
        Ok(Reply::created(&shown(&attachment, None))?.at(location))
    }
}

/// What the form says of its file, or else the file of itself.
fn texts(form: &FileForm) -> Object {
    let own = form.file.as_ref();
    let name = own.map(|file| file.name.as_str());
    let content_type = own.and_then(|file| file.content_type.as_deref());
    [("filename", name), ("content_type", content_type), ("sha256", None)]
        .into_iter()
        .filter_map(|(field, own)| {
            let given = form.text(field).filter(|text| !text.is_empty());
            Some((field.to_owned(), given.or(own)?.into()))
        })
        .collect()
}

#[async_trait]
impl HttpRoute for AttachmentBegin {
    fn key(&self) -> &'static str {
        "POST /api/messaging/attachments"
    }

    fn rate_class(&self) -> RateClass {
        RateClass::Uploads
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        if request.parts.is_form() { self.uploaded(request).await } else { self.announced(request).await }
    }
}
