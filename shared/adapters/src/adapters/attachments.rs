//! The adapters of attachments.

use std::sync::Arc;

use parlance_application::ports::{
    attachments::{
        AttachmentRepository, AttachmentTimer, MediaUrls, MultipartUploads, ObjectStore, UploadSigner,
    },
    inspection::{Examiner, Inspector},
};

use super::Adapters;
use crate::{
    aws::credentials, cloudfront::CloudFrontUrls, configuration::ConfigurationError,
    dynamodb::DynamoAttachments, inspection::DecodingExaminer, lambda::inspection::LambdaInspector,
    s3::S3UploadSigner, sqs::SqsAttachmentTimer,
};

impl Adapters {
    /// Attachments.
    pub fn attachments(&self) -> Result<Arc<dyn AttachmentRepository>, ConfigurationError> {
        Ok(Arc::new(DynamoAttachments::new(self.clients.chat_table("attachments")?)))
    }

    /// The bytes of attachments.
    pub fn object_store(&self) -> Result<Arc<dyn ObjectStore>, ConfigurationError> {
        Ok(Arc::new(self.clients.objects()?))
    }

    /// Large files in parts.
    pub fn multipart_uploads(&self) -> Result<Arc<dyn MultipartUploads>, ConfigurationError> {
        Ok(Arc::new(self.clients.objects()?))
    }

    /// Signs the addresses at which clients bring bytes.
    pub fn upload_signer(&self) -> Result<Arc<dyn UploadSigner>, ConfigurationError> {
        let (address, credentials) = (self.clients.upload_address()?, credentials(self.configuration()));
        Ok(Arc::new(S3UploadSigner::new(address, credentials, self.clock())))
    }

    /// Signs the addresses at which clean files are handed out; `None` in a stack that has no key for it.
    pub fn media_urls(&self) -> Result<Option<Arc<dyn MediaUrls>>, ConfigurationError> {
        let attachments = &self.configuration().attachments;
        let (Some(id), Some(key)) = (&attachments.media_key_id, &attachments.media_private_key) else {
            return Ok(None);
        };
        let expected = "an RSA private key in PEM";
        let urls = CloudFrontUrls::new(id, key.reveal_text())
            .map_err(|_| ConfigurationError::Invalid { name: "MEDIA_PRIVATE_KEY", expected })?;
        Ok(Some(Arc::new(urls)))
    }

    /// The queue of attachments that somebody is to look after.
    pub fn attachment_timer(&self) -> Result<Arc<dyn AttachmentTimer>, ConfigurationError> {
        let url = self.configuration().attachments.queue_url.as_deref();
        let url = url.ok_or(ConfigurationError::Missing("ATTACHMENT_QUEUE_URL"))?;
        Ok(Arc::new(SqsAttachmentTimer::new(self.clients.sqs()?, url)))
    }

    /// The function that looks into files.
    pub fn inspector(&self) -> Result<Arc<dyn Inspector>, ConfigurationError> {
        let name = self.configuration().attachments.inspect_function.as_deref();
        let function = self.clients.function("INSPECT_FILE_FUNCTION", name, "inspection")?;
        Ok(Arc::new(LambdaInspector::new(function)))
    }

    /// The decoders in it.
    pub fn examiner(&self) -> Arc<dyn Examiner> {
        Arc::new(DecodingExaminer::new())
    }
}
