//! S3: the bytes of attachments, and the addresses at which clients bring them.

mod multipart;
mod signature;
mod upload_signer;

use std::time::Duration;

use async_trait::async_trait;
use aws_config::{SdkConfig, timeout::TimeoutConfig};
use aws_sdk_s3::{
    Client,
    config::{Builder, RequestChecksumCalculation, ResponseChecksumValidation},
    error::{ProvideErrorMetadata, SdkError},
    primitives::ByteStream,
    types::MetadataDirective,
};
use parlance_application::ports::{
    PortError,
    attachments::{Copying, ObjectStore, Presentation, StoredObject},
};
use parlance_domain::attachment::{ObjectKey, ObjectTag};

pub use self::upload_signer::{S3UploadSigner, UploadAddress};
use crate::aws::failure::{failed, failed_because};

const PORT: &str = "object store";

/// Nothing that is only told of a browser's cache is told of longer: the addresses are good for a minute.
const CACHE_CONTROL: &str = "private, max-age=3600";

/// A try of anything but a copy takes no longer: bytes go over the wire, and a large upload is put together.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);
/// A copy of 5 GiB takes minutes.
const COPY_TIMEOUT: Duration = Duration::from_mins(10);

/// Objects in one bucket.
#[derive(Debug, Clone)]
pub struct S3Objects {
    client: Client,
    bucket: String,
}

impl S3Objects {
    /// Keeps them in this bucket. An endpoint other than AWS's own has the bucket in its paths.
    pub fn new(config: &SdkConfig, bucket: &str) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(1))
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(ATTEMPT_TIMEOUT + Duration::from_secs(5))
            .build();
        let config = Builder::from(config)
            .force_path_style(config.endpoint_url().is_some())
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .timeout_config(timeouts)
            .build();
        Self { client: Client::from_conf(config), bucket: bucket.to_owned() }
    }

    async fn delete_one(&self, key: &ObjectKey) -> Result<(), PortError> {
        let deleted = self.client.delete_object().bucket(&self.bucket).key(key.to_string()).send().await;
        match deleted {
            Err(error) if !is_missing(&error) => Err(failed(PORT, "DeleteObject", &error)),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl ObjectStore for S3Objects {
    async fn put(
        &self,
        key: &ObjectKey,
        bytes: Vec<u8>,
        presented: &Presentation,
    ) -> Result<ObjectTag, PortError> {
        let answer = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key.to_string())
            .content_type(presented.content_type.as_str())
            .set_content_disposition(presented.disposition.clone())
            .cache_control(CACHE_CONTROL)
            .body(ByteStream::from(bytes))
            .send()
            .await
            .map_err(|error| failed(PORT, "PutObject", &error))?;
        tag("PutObject", answer.e_tag())
    }

    async fn head(&self, key: &ObjectKey) -> Result<Option<StoredObject>, PortError> {
        match self.client.head_object().bucket(&self.bucket).key(key.to_string()).send().await {
            Ok(head) => Ok(Some(StoredObject {
                tag: tag("HeadObject", head.e_tag())?,
                bytes: head
                    .content_length()
                    .and_then(|length| u64::try_from(length).ok())
                    .unwrap_or_default(),
                content_type: head.content_type,
            })),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(failed(PORT, "HeadObject", &error)),
        }
    }

    async fn read(
        &self,
        key: &ObjectKey,
        tag: &ObjectTag,
        max_bytes: u64,
    ) -> Result<Option<Vec<u8>>, PortError> {
        let call = self.client.get_object().bucket(&self.bucket).key(key.to_string()).if_match(tag.quoted());
        let answer = match call.send().await {
            Ok(answer) => answer,
            Err(error) if is_missing(&error) || has_status(&error, 412) => return Ok(None),
            Err(error) => return Err(failed(PORT, "GetObject", &error)),
        };
        // Without a length nothing says that it fits.
        let length = answer.content_length().and_then(|length| u64::try_from(length).ok());
        if length.is_none_or(|length| length > max_bytes) {
            return Ok(None);
        }
        let bytes = answer
            .body
            .collect()
            .await
            .map_err(|error| failed_because(PORT, "GetObject", error.to_string()))?;
        Ok(Some(bytes.to_vec()))
    }

    async fn copy(
        &self,
        from: &ObjectKey,
        tag: &ObjectTag,
        to: &ObjectKey,
        presented: &Presentation,
    ) -> Result<Copying, PortError> {
        let patient = TimeoutConfig::builder()
            .operation_attempt_timeout(COPY_TIMEOUT)
            .operation_timeout(COPY_TIMEOUT)
            .build();
        let copied = self
            .client
            .copy_object()
            .bucket(&self.bucket)
            .key(to.to_string())
            .copy_source(format!("{}/{from}", self.bucket))
            .copy_source_if_match(tag.quoted())
            .metadata_directive(MetadataDirective::Replace)
            .content_type(presented.content_type.as_str())
            .set_content_disposition(presented.disposition.clone())
            .cache_control(CACHE_CONTROL)
            .customize()
            .config_override(aws_sdk_s3::config::Config::builder().timeout_config(patient))
            .send()
            .await;
        match copied {
            Ok(_) => Ok(Copying::Copied),
            Err(error) if is_missing(&error) || has_status(&error, 412) => Ok(Copying::Changed),
            Err(error) => Err(failed(PORT, "CopyObject", &error)),
        }
    }

    async fn delete(&self, keys: &[ObjectKey]) -> Result<(), PortError> {
        futures::future::try_join_all(keys.iter().map(|key| self.delete_one(key))).await.map(drop)
    }
}

fn tag(operation: &'static str, tag: Option<&str>) -> Result<ObjectTag, PortError> {
    let tag = tag.ok_or_else(|| failed_because(PORT, operation, "the answer has no ETag"))?;
    Ok(ObjectTag::parse(tag))
}

/// Whether the store said that there is no such thing; a `HEAD` says so by its status alone.
fn is_missing<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    has_status(error, 404)
}

fn has_status<E>(error: &SdkError<E>, status: u16) -> bool {
    error.raw_response().is_some_and(|response| response.status().as_u16() == status)
}
