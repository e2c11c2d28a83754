//! Use cases of attachments as their uploaders and readers have them.

use parlance_application::attachments::{
    begin::BeginUpload, complete::CompleteUpload, delete::DeleteAttachment, list_parts::ListParts,
    read::ReadAttachment, sign_parts::SignParts, upload::UploadFile,
};

use super::{Assembled, Assembly};

impl Assembly {
    /// Begins uploads.
    pub fn begin_upload(&self) -> Assembled<BeginUpload> {
        let adapters = &self.adapters;
        Ok(BeginUpload::new(
            adapters.attachments()?,
            adapters.multipart_uploads()?,
            adapters.upload_signer()?,
            adapters.attachment_timer()?,
            self.clock(),
            adapters.random(),
        ))
    }

    /// Takes small files.
    pub fn upload_file(&self) -> Assembled<UploadFile> {
        let adapters = &self.adapters;
        Ok(UploadFile::new(
            adapters.attachments()?,
            adapters.object_store()?,
            adapters.attachment_timer()?,
            self.clock(),
            adapters.random(),
        ))
    }

    /// Shows attachments.
    pub fn read_attachment(&self) -> Assembled<ReadAttachment> {
        let adapters = &self.adapters;
        Ok(ReadAttachment::new(
            adapters.attachments()?,
            self.find_message()?,
            adapters.upload_signer()?,
            adapters.media_urls()?,
            self.clock(),
        ))
    }

    /// Lists parts.
    pub fn list_parts(&self) -> Assembled<ListParts> {
        Ok(ListParts::new(self.adapters.attachments()?, self.adapters.multipart_uploads()?, self.clock()))
    }

    /// Signs addresses of parts.
    pub fn sign_parts(&self) -> Assembled<SignParts> {
        Ok(SignParts::new(self.adapters.attachments()?, self.adapters.upload_signer()?, self.clock()))
    }

    /// Ends uploads.
    pub fn complete_upload(&self) -> Assembled<CompleteUpload> {
        let adapters = &self.adapters;
        Ok(CompleteUpload::new(
            adapters.attachments()?,
            adapters.multipart_uploads()?,
            adapters.object_store()?,
            self.clock(),
        ))
    }

    /// Deletes attachments.
    pub fn delete_attachment(&self) -> Assembled<DeleteAttachment> {
        let adapters = &self.adapters;
        Ok(DeleteAttachment::new(
            adapters.attachments()?,
            adapters.multipart_uploads()?,
            adapters.object_store()?,
            self.clock(),
        ))
    }
}
